import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { McpServer } from "@modelcontextprotocol/server";
import { connectedClient, modes } from "./support/connected-client.ts";
import { aDoor } from "./support/door.ts";
import { anSdkServer } from "./support/sdk-server.ts";

const rules = `    scopes:
      - { name: "notes:read", default: true }
      - { name: "notes:write" }
    tools: { read_note: "notes:read", delete_note: "notes:write" }
    resources: { "notes://open": "notes:read", "notes://secret": "notes:write" }
    prompts: { daily: "notes:read" }
    list: granted
`;

/** An MCP server of both eras, on the official SDK; what it ran stands in `ran`. */
async function aNotesServer(t: TestContext) {
  const ran: string[] = [];
  const url = await anSdkServer(t, () => {
    const server = new McpServer({ name: "notes", version: "1" });
    for (const name of ["read_note", "delete_note", "unheard_of"]) {
      server.registerTool(name, {}, () => {
        ran.push(name);
        return { content: [{ type: "text", text: name }] };
      });
    }
    for (const uri of ["notes://open", "notes://secret"]) {
      server.registerResource(uri, uri, {}, () => {
        ran.push(uri);
        return { contents: [{ uri, text: uri }] };
      });
    }
    for (const name of ["daily", "unheard_of"]) {
      server.registerPrompt(name, {}, () => ({ messages: [] }));
    }
    return server;
  });
  return { url, ran };
}

for (const mode of modes) {
  test(`a client on the official SDK (${mode}) sees and calls what its token allows, and nothing else`, async (t) => {
    const notes = await aNotesServer(t);
    const door = await aDoor(t, notes.url, rules);
    const connected = async (scope: string) => {
      const { access_token: token } = await door.token({ scope });
      return connectedClient(t, `${door.server.url}/mcp`, mode, token);
    };
    const reader = await connected("notes:read");
    assert.equal(reader.getNegotiatedProtocolVersion(), mode === "legacy" ? "2025-11-25" : "2026-07-28");
    assert.deepEqual(
      (await reader.listTools()).tools.map(({ name }) => name),
      ["read_note"],
    );
    assert.deepEqual(
      (await reader.listResources()).resources.map(({ uri }) => uri),
      ["notes://open"],
    );
    assert.deepEqual(
      (await reader.listPrompts()).prompts.map(({ name }) => name),
      ["daily"],
    );
    const answer = await reader.callTool({ name: "read_note" });
    assert.deepEqual(answer.content, [{ type: "text", text: "read_note" }]);
    assert.equal((await reader.readResource({ uri: "notes://open" })).contents.length, 1);
    assert.deepEqual((await reader.getPrompt({ name: "daily" })).messages, []);
    for (const forbidden of [
      () => reader.callTool({ name: "delete_note" }),
      () => reader.callTool({ name: "unheard_of" }),
      () => reader.readResource({ uri: "notes://secret" }),
      () => reader.getPrompt({ name: "unheard_of" }),
    ]) {
      await assert.rejects(forbidden(), /403|scope|permission/i);
    }
    assert.deepEqual(notes.ran, ["read_note", "notes://open"]);
    const writer = await connected("notes:read notes:write");
    assert.deepEqual(
      (await writer.listTools()).tools.map(({ name }) => name),
      ["read_note", "delete_note"],
    );
    await writer.callTool({ name: "delete_note" });
    assert.deepEqual(notes.ran, ["read_note", "notes://open", "delete_note"]);
  });
}
