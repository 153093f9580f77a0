import assert from "node:assert/strict";
import { test } from "node:test";
import { aDoor, aServerBehind } from "./support/door.ts";

test("a call with a token of this door reaches the server behind it, without the token", async (t) => {
  const behind = await aServerBehind(t, (_request, response) =>
    response.setHeader("content-type", "application/json").end('{"jsonrpc":"2.0","id":1,"result":{}}'),
  );
  const door = await aDoor(t, behind.url);
  const answer = await door.call();
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), '{"jsonrpc":"2.0","id":1,"result":{}}');
  assert.equal(behind.received.length, 1);
  assert.equal(behind.received[0]?.body, '{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  assert.equal(behind.received[0]?.headers.authorization, undefined);
});

test("without a good token nothing reaches the server", async (t) => {
  const behind = await aServerBehind(t);
  const door = await aDoor(t, behind.url);
  assert.equal((await door.call({ token: "nonsense" })).status, 401);
  assert.equal((await fetch(door.address)).status, 401);
  assert.equal(behind.received.length, 0);
});
