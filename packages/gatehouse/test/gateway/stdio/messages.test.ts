import assert from "node:assert/strict";
import { test } from "node:test";
import { aSession, messagesOf, modernPost, toolCall, until } from "./support/calls.ts";
import { aChild, aStdioDoor, fasterTime } from "./support/stdio-door.ts";

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

test("a batch of the revisions that had them is answered message by message, or as an array to whoever takes no streams", async (t) => {
  const door = await aStdioDoor(t);
  const session = await aSession(door, "alice/editor", "2025-03-26");
  const batch = `[${toolCall("progress", { times: 1 }, { id: "1", meta: { progressToken: 9 } })},
    {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}},
    ${toolCall("pid", {}, { id: '"two"' })}]`;
  const streamed = await session.post(batch);
  assert.equal(streamed.headers.get("content-type"), "text/event-stream");
  assert.deepEqual(
    (await messagesOf(streamed)).map(({ id, method }) => id ?? method),
    ["notifications/progress", 1, "two"],
  );
  const headers = { "mcp-session-id": session.id, accept: "application/json" };
  const whole = await door.post(batch, headers);
  assert.equal(whole.headers.get("content-type"), "application/json");
  assert.deepEqual(
    (await messagesOf(whole)).map(({ id }) => id),
    [1, "two"],
  );
  const neither = await door.post(toolCall("pid"), { ...headers, accept: "text/html" });
  assert.equal(neither.status, 406);
});

test("the head of an answer that takes long is sent before it, so that it can be kept alive", async (t) => {
  const door = await aStdioDoor(t, { firstAnswerMs: 1e6 }, fasterTime(50));
  const session = await aSession(door);
  const answer = await session.post(toolCall("hold", { as: "long" }));
  assert.equal(answer.headers.get("content-type"), "text/event-stream");
  assert.equal(await session.call("release", { as: "long" }, { id: "8" }), "done");
  assert.deepEqual(
    (await messagesOf(answer)).map(({ id }) => id),
    [7],
  );
});

test("what belongs to no session of one's own is refused as a server over HTTP refuses it", async (t) => {
  const door = await aStdioDoor(t);
  const session = await aSession(door);
  const without = await door.post(toolCall("pid"));
  assert.deepEqual([without.status, (await messagesOf(without))[0]?.error?.code], [400, -32600]);
  const twice = await session.post(`{"jsonrpc":"2.0","id":1,"method":"ping"}`);
  assert.deepEqual((await messagesOf(twice))[0]?.result, {});
  const held = session.post(toolCall("hold", { as: "x" }, { id: "5" }));
  await until(async () => (await session.call("waiting")).includes("x"));
  const again = await session.post(toolCall("pid", {}, { id: "5.0" }));
  assert.deepEqual([again.status, (await messagesOf(again))[0]?.error?.code], [400, -32600]);
  await session.call("release", { as: "x" });
  assert.ok((await held).ok);
  assert.equal((await door.get(session.id, "alice/another")).status, 404);
});
