import assert from "node:assert/strict";
import { test } from "node:test";
import { aSession, eventsIn, modernCall, modernPost, toolCall, until } from "./support/calls.ts";
import { aChild, aStdioDoor } from "./support/stdio-door.ts";

const megabyte = 1_000_000;
/** What is held, and what was and has not been collected yet; what the sockets hold is the kernel's. */
const heldBytes = () => process.memoryUsage().arrayBuffers;

test("a client that does not read makes its own child wait, loses nothing, and slows nobody else", async (t) => {
  const door = await aStdioDoor(t);
  const [slow, other] = [await aSession(door), await aSession(door)];
  const stream = await door.get(slow.id);
  const before = heldBytes();
  const times = 60_000;
  let isFlooded = false;
  const flooding = slow.post(toolCall("flood", { times })).then((answer) => {
    isFlooded = true;
    return answer;
  });
  // Until nothing moves any more: the other one is answered all the while.
  let held = 0;
  for (let call = 0; call < 30; call++) {
    assert.ok(await other.call("pid"));
    held = Math.max(held, heldBytes() - before);
  }
  assert.equal(isFlooded, false, "60 MB fit into no pipe");
  assert.ok(held < 30 * megabyte, `${held} bytes are held`);

  const events: number[] = [];
  let left = "";
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const whole = (left + chunk).lastIndexOf("\n\n") + 2;
    for (const { params } of eventsIn((left + chunk).slice(0, whole))) {
      events.push(Number((params as { uri: string }).uri.slice("notes://".length)));
    }
    left = (left + chunk).slice(whole);
    if (events.length === times) break;
  }
  assert.deepEqual(
    events,
    Array.from({ length: times }, (_, index) => index + 1),
  );
  assert.ok((await flooding).ok);
});

test("a client that does not read is let go where its child has others to serve", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("modern"), per: "process" });
  const params = {
    name: "flood",
    arguments: { times: 60_000, progress: true },
    _meta: { progressToken: "p" },
  };
  const slow = await modernPost(door, "tools/call", params);
  assert.equal(slow.status, 200);
  assert.ok(await modernCall(door, "pid", {}, { token: "bob/editor" }), "who waits for as long as the flood");
  await assert.rejects(slow.text(), "its stream is broken off: something is missing");
  await until(() => door.underWay() === 0);
});

test("one large message is no slow reader", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("modern"), per: "process" });
  const meta = { progressToken: 1 };
  const big = await modernCall(door, "big", { bytes: 9_000_000 }, { meta });
  assert.equal(big.length, 9_000_000);
});
