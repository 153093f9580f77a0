import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../../support/free-port.ts";
import { aDoor } from "../support/door.ts";
import { aRawServer } from "../support/raw-server.ts";

async function refusal(answer: Response): Promise<[number, number, unknown]> {
  const { error, id } = (await answer.json()) as { error: { code: number }; id: unknown };
  assert.equal(answer.headers.get("content-type"), "application/json");
  return [answer.status, error.code, id];
}

function logged(log: readonly string[], stage: string) {
  const entries = log.map((line) => JSON.parse(line) as Record<string, unknown>);
  const found = entries.find((entry) => entry.stage === stage);
  assert.ok(found, `no line about ${stage}: ${log.slice(-3).join("")}`);
  assert.equal(found.server, "notes");
  assert.equal(typeof found.request, "string");
  assert.match(String(found.cause), /\S/);
}

test("W20 a server that cannot be reached, is too slow, or answers what nobody can read is told apart in answer and log", async (t) => {
  const port = await freePort();
  const nobody = await aDoor(t, `http://127.0.0.1:${port}/mcp`);
  assert.deepEqual(await refusal(await nobody.call()), [502, -32010, 1]);
  logged(nobody.server.log, "connect");

  const nowhere = await aDoor(t, "http://no-such-name.invalid/mcp", "    plain: true\n");
  assert.deepEqual(await refusal(await nowhere.call()), [502, -32010, 1]);
  logged(nowhere.server.log, "resolve");

  const silent = await aRawServer(t, () => undefined);
  const slow = await aDoor(t, silent.url, "    timeouts: { first_byte: 1s }\n");
  assert.deepEqual(await refusal(await slow.call()), [504, -32011, 1]);
  logged(slow.server.log, "first byte");

  const closing = await aRawServer(t, (socket) => socket.destroy());
  const closed = await aDoor(t, closing.url);
  assert.deepEqual(await refusal(await closed.call()), [502, -32010, 1]);
  logged(closed.server.log, "first byte");
  assert.equal(closing.requests.length, 1, "a call is not sent twice");

  const babbling = await aRawServer(
    t,
    (socket) => void socket.write("HTTP/1.1 200 OK\r\nContent Type: x\r\n\r\n"),
  );
  const unreadable = await aDoor(t, babbling.url);
  assert.deepEqual(await refusal(await unreadable.call()), [502, -32012, 1]);
  logged(unreadable.server.log, "read head");

  const halting = await aRawServer(t, (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-"));
  const half = await aDoor(t, halting.url);
  assert.deepEqual(await refusal(await half.call()), [502, -32012, 1]);
});
