import assert from "node:assert/strict";
import { test } from "node:test";
import { aSession, messagesOf, modernPost, toolCall } from "./support/calls.ts";
import { aChild, aStdioDoor } from "./support/stdio-door.ts";

test("a client of an earlier revision opens a session, calls, and ends it", async (t) => {
  const door = await aStdioDoor(t);
  const session = await aSession(door);
  assert.deepEqual(session.welcome.result, {
    protocolVersion: "2025-11-25",
    capabilities: { tools: {} },
    serverInfo: { name: "child", version: "1" },
  });
  const answer = await session.post(toolCall("hello"));
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.deepEqual(await answer.json(), {
    jsonrpc: "2.0",
    id: 7,
    error: { code: -32602, message: "Unknown tool" },
  });
  const end = await fetch(door.url, {
    method: "DELETE",
    headers: { authorization: "Bearer alice/editor", "mcp-session-id": session.id },
  });
  assert.equal(end.status, 200);
  assert.equal((await session.post(toolCall("pid"))).status, 404);
});

test("a client of the newest revision calls without a session", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("modern") });
  const answer = await modernPost(door, "tools/call", { name: "pid" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("mcp-session-id"), null);
  const [message] = await messagesOf(answer);
  assert.equal(message?.id, 7);
});
