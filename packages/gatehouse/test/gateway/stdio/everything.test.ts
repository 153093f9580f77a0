import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CreateMessageRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { aFolder } from "../../config/config-file.ts";
import { startTestGatehouse } from "../../support/gatehouse.ts";
import { aPublicClient, tokensFor } from "../../support/oauth-client.ts";
import { until } from "./support/calls.ts";

/*
 * The official example server as it comes, a command, behind a whole Gatehouse with a real token, and the
 * official clients of both generations in front.
 */

const everything = fileURLToPath(
  import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"),
);

/** @param more lines of YAML, indented by four spaces */
async function behindGatehouse(t: TestContext, command: readonly string[], more = "") {
  const list = JSON.stringify([process.execPath, ...command]);
  const yaml = `servers:\n  - name: everything\n    command: ${list}\n${more}`;
  const path = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const gatehouse = await startTestGatehouse({ GATEHOUSE_CONFIG: path });
  t.after(() => gatehouse.stop());
  const client = await aPublicClient(gatehouse);
  const address = `${gatehouse.issuer}/mcp`;
  const { access_token: token } = await tokensFor(gatehouse, client, { resource: address });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  return { gatehouse, url: new URL(`${gatehouse.url}/mcp`), requestInit };
}

const textOf = (result: unknown) =>
  (result as { content: readonly { readonly text: string }[] }).content.map(({ text }) => text).join("\n");

test("an SDK v1 client uses the official example server with all it has", { timeout: 60_000 }, async (t) => {
  const { url, requestInit } = await behindGatehouse(t, [everything, "stdio"]);
  const client = new ClientV1({ name: "t", version: "1" }, { capabilities: { sampling: {}, roots: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: "none",
    role: "assistant" as const,
    content: { type: "text" as const, text: "sampled by the client" },
  }));
  const transport = new TransportV1(url, { requestInit });
  await client.connect(transport as never);
  t.after(() => client.close());

  assert.equal(client.getServerVersion()?.name, "mcp-servers/everything");
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name);
  assert.ok(names.includes("echo"), names.join(" "));
  const echo = await client.callTool({ name: "echo", arguments: { message: "héllo \u2028 there" } });
  assert.match(textOf(echo), /héllo \u2028 there/);

  const progress: number[] = [];
  const slow = { name: "trigger-long-running-operation", arguments: { duration: 0.3, steps: 3 } };
  await client.callTool(slow, undefined, { onprogress: ({ progress: now }) => void progress.push(now) });
  assert.deepEqual(progress, [1, 2, 3]);

  // A request of the server's own, in the middle of a call.
  const sampling = { name: "trigger-sampling-request", arguments: { prompt: "hello", maxTokens: 10 } };
  assert.match(textOf(await client.callTool(sampling)), /sampled by the client/);

  const { resources } = await client.listResources();
  const [first] = resources;
  assert.ok(first);
  assert.ok((await client.readResource({ uri: first.uri })).contents.length > 0);
  await transport.terminateSession();
});

test("an SDK v2 client goes on with initialize at a server of an earlier revision", {
  timeout: 60_000,
}, async (t) => {
  const { url, requestInit } = await behindGatehouse(t, [everything, "stdio"], "    per: person\n");
  const client = new ClientV2({ name: "t", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new TransportV2(url, { requestInit }));
  t.after(() => client.close());
  assert.equal(client.getNegotiatedProtocolVersion(), "2025-11-25");
  const echo = await client.callTool({ name: "echo", arguments: { message: "hello" } });
  assert.match(textOf(echo), /hello/);
});

for (const per of ["session", "person", "process"]) {
  const title = `an SDK v2 client calls, counts and listens at an SDK v2 server in the newest revision, per ${per}`;
  test(title, { timeout: 60_000 }, async (t) => {
    const command = ["--no-warnings", join(import.meta.dirname, "support/modern-server.ts")];
    const { url, requestInit } = await behindGatehouse(t, command, `    per: ${per}\n`);
    const changes: number[] = [];
    const client = new ClientV2(
      { name: "t", version: "1" },
      {
        versionNegotiation: { mode: "auto" },
        listChanged: { tools: { onChanged: () => void changes.push(changes.length) } },
      },
    );
    await client.connect(new TransportV2(url, { requestInit }));
    assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
    assert.deepEqual(
      (await client.listTools()).tools.map(({ name }) => name),
      ["add", "count", "change"],
    );
    assert.equal(textOf(await client.callTool({ name: "add", arguments: { a: 1, b: 41 } })), "42");
    const progress: number[] = [];
    await client.callTool(
      { name: "count", arguments: {} },
      { onprogress: ({ progress: now }) => void progress.push(now) },
    );
    assert.deepEqual(progress, [1, 2, 3]);
    await client.callTool({ name: "change", arguments: {} });
    await until(() => changes.length > 0);

    // A client of the years before, at the same door.
    const older = new ClientV1({ name: "t", version: "1" });
    await older.connect(new TransportV1(url, { requestInit }) as never);
    assert.equal(textOf(await older.callTool({ name: "add", arguments: { a: 2, b: 3 } })), "5");
    await Promise.all([client.close(), older.close()]);
  });
}
