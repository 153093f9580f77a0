import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { aDoor, type TestDoor } from "./support/door.ts";
import { anSdkServer } from "./support/sdk-server.ts";

const program = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));

/** Everything is ruled, so that every call is judged and every list read. */
const rules = `    scopes: [{ name: all, default: true }]
    tools: { "*": all }
    resources: { "*": all }
    prompts: { "*": all }
`;

/** What the door does itself, whether the server does or not. */
const mendedByTheDoor = ["dns-rebinding-protection"];

test("the official conformance suite finds in a server of both eras what it finds through the door", {
  timeout: 170_000,
}, async (t) => {
  const upstream = await anSdkServer(t, createTestServer);
  const door = await aDoor(t, upstream, rules);
  const [plain, through] = await Promise.all(
    [upstream, await withToken(t, door)].map((url) => findings(t, url)),
  );
  const succeeded = [...(plain ?? [])].filter(([, status]) => status === "SUCCESS");
  assert.ok(succeeded.length > 100, `${succeeded.length} checks succeed without the door`);
  assert.deepEqual(through, plain);
});

/** By scenario and check, how each came out. */
async function findings(t: TestContext, url: string): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const args = [program, "server", "--url", url, "--suite", "all", "--output-dir", folder];
  const suite = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  t.after(() => void suite.kill());
  await new Promise((resolve) => suite.once("close", resolve));
  const found = new Map<string, string>();
  for (const name of (await readdir(folder)).sort()) {
    const scenario = name.replace(/-\d{4}-\d\d-\d\dT.*$/, "");
    if (mendedByTheDoor.some((mended) => scenario.includes(mended))) continue;
    const text = await readFile(join(folder, name, "checks.json"), "utf8");
    const checks = JSON.parse(text) as { readonly id: string; readonly status: string }[];
    for (const [index, { id, status }] of checks.entries()) found.set(`${scenario} ${index} ${id}`, status);
  }
  return found;
}

/** The suite knows no tokens: what stands before the door adds one. */
async function withToken(t: TestContext, { server, token }: TestDoor): Promise<string> {
  const { access_token: bearer } = await token();
  const { host, hostname, port } = new URL(server.url);
  const front = createServer((request, response) => {
    const headers = { ...request.headers, host, authorization: `Bearer ${bearer}` };
    const { method, url: path } = request;
    const sent = send({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      answer.pipe(response);
    });
    sent.on("error", () => response.destroy());
    response.on("close", () => sent.destroy());
    request.pipe(sent);
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    front.closeAllConnections();
    front.close();
  });
  return `http://127.0.0.1:${(front.address() as AddressInfo).port}/mcp`;
}

/** Some of what the suite looks for in a server; what it has not fails with and without the door. */
function createTestServer(): McpServer {
  const server = new McpServer({ name: "tested", version: "1" });
  server.registerTool("test_simple_text", {}, () => ({
    content: [{ type: "text", text: "This is a simple text response for testing." }],
  }));
  server.registerTool("test_error_handling", {}, () => ({
    isError: true,
    content: [{ type: "text", text: "This tool intentionally returns an error for testing" }],
  }));
  const uri = "test://static-text";
  server.registerResource("static-text", uri, {}, () => ({
    contents: [{ uri, mimeType: "text/plain", text: "This is the content of the static text resource." }],
  }));
  server.registerPrompt("test_simple_prompt", {}, () => ({
    messages: [{ role: "user", content: { type: "text", text: "This is a simple prompt for testing." } }],
  }));
  const argsSchema = z.object({ arg1: z.string(), arg2: z.string() });
  server.registerPrompt("test_prompt_with_arguments", { argsSchema }, ({ arg1, arg2 }) => {
    const text = `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`;
    return { messages: [{ role: "user", content: { type: "text", text } }] };
  });
  return server;
}
