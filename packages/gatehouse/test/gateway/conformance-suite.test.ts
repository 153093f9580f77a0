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
import { freePort } from "../support/free-port.ts";
import { aDoor, type TestDoor } from "./support/door.ts";
import { anSdkServer } from "./support/sdk-server.ts";

const program = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));

/** Everything is ruled, so that every call is judged and every list read. */
const rules = `    scopes: [{ name: all, default: true }]
    tools: { "*": all }
    resources: { "*": all }
    prompts: { "*": all }
`;

test("what the official conformance suite finds good in a server of both eras it finds good through the door", {
  timeout: 170_000,
}, async (t) => {
  await compare(t, await anSdkServer(t, createTestServer), 100);
});

test("so it does in a server of earlier revisions, with sessions", { timeout: 170_000 }, async (t) => {
  await compare(t, await everything(t), 20);
});

/**
 * Fails unless each check comes out alike with and without the door, or better with it: it sees to headers
 * that contradict a body, and to foreign hosts, also for servers that do not.
 */
async function compare(t: TestContext, upstream: string, atLeast: number): Promise<void> {
  const door = await aDoor(t, upstream, rules);
  const [plain, through] = await Promise.all([findings(t, upstream), findings(t, await withToken(t, door))]);
  const good = [...plain.values()].filter((status) => status === "SUCCESS");
  assert.ok(good.length >= atLeast, `${good.length} checks succeed without the door`);
  for (const [check, status] of through) if (status === "SUCCESS") plain.set(check, status);
  assert.deepEqual(through, plain);
}

/** The server that the protocol's makers test their clients with. */
async function everything(t: TestContext): Promise<string> {
  const port = await freePort();
  const path = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));
  const child = spawn(process.execPath, [path, "streamableHttp"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PORT: String(port) },
  });
  t.after(() => void child.kill());
  await new Promise<void>((resolve, reject) => {
    child.once("close", () => reject(new Error("the server ended")));
    child.stderr.on("data", (chunk: Buffer) => chunk.includes("listening") && resolve());
  });
  return `http://127.0.0.1:${port}/mcp`;
}

/** By scenario and check, how each came out. */
async function findings(t: TestContext, url: string): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "conformance-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const args = [program, "server", "--url", url, "--suite", "all", "--output-dir", folder];
  const suite = spawn(process.execPath, args, { stdio: "ignore" });
  t.after(() => void suite.kill());
  await new Promise((resolve) => suite.once("close", resolve));
  const found = new Map<string, string>();
  for (const name of (await readdir(folder)).sort()) {
    const scenario = name.replace(/-\d{4}-\d\d-\d\dT.*$/, "");
    // Of a scenario that could not be begun there is none.
    const text = await readFile(join(folder, name, "checks.json"), "utf8").catch(() => "[]");
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
