import assert from "node:assert/strict";
import { test } from "node:test";
import { aSession, messagesOf, modernCall, modernPost, reading, toolCall, until } from "./support/calls.ts";
import { aChild, aStdioDoor, type StdioDoor } from "./support/stdio-door.ts";

const progressOf = (token: unknown, progress = 1) =>
  JSON.stringify({
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken: token, progress },
  });

test("W61 a modern request to a child of an earlier revision sends clients on to initialize, and a modern child is answered for as a server over HTTP is", async (t) => {
  const legacy = await aStdioDoor(t);
  const refused = await modernPost(legacy, "tools/call", { name: "pid" });
  assert.equal(refused.status, 400);
  const [error] = await messagesOf(refused);
  assert.equal(error?.id, 7);
  assert.ok(![-32020, -32021, -32022].includes(error?.error?.code ?? 0), JSON.stringify(error));
  assert.match((await aSession(legacy)).id, /./, "which the same door then takes");

  // Some end themselves when something else comes first, which is no failure that anybody has to wait for.
  const strict = await aStdioDoor(t, { command: aChild("strict") });
  assert.equal((await modernPost(strict, "tools/call", { name: "pid" })).status, 400);
  assert.ok(await (await aSession(strict)).call("pid"));
  assert.doesNotMatch(JSON.stringify(strict.log), /nextInMs/);

  const modern = await aStdioDoor(t, { command: aChild("modern") });
  const statusOf = async (method: string, params: Record<string, unknown> = {}) => {
    const answer = await modernPost(modern, method, params);
    return [answer.status, (await messagesOf(answer))[0]?.error?.code];
  };
  assert.deepEqual(await statusOf("no/such"), [404, -32601]);
  assert.deepEqual(await statusOf("tools/call", { name: "no such tool" }), [200, -32602]);
  for (const code of [-32021, -32022]) {
    const written = `{"jsonrpc":"2.0","id":$asked,"error":{"code":${code},"message":"no"}}`;
    assert.deepEqual(await statusOf("tools/call", { name: "print", arguments: { lines: [written] } }), [
      400,
      code,
    ]);
  }
  const get = await fetch(modern.url, {
    headers: { authorization: "Bearer alice/editor", "mcp-protocol-version": "2026-07-28" },
  });
  assert.equal(get.status, 405);
  assert.equal(get.headers.get("allow"), "POST");
});

test("W62 several clients of one child keep their ids and progress tokens apart, and only changed lists are everybody's", async (t) => {
  const door = await aStdioDoor(t, { per: "process" });
  const alice = await aSession(door, "alice/editor");
  const bob = await aSession(door, "bob/editor");
  assert.equal(await alice.call("pid"), await bob.call("pid"));

  // The same id and the same token at the same time.
  const meta = { progressToken: "p" };
  const held = alice.post(toolCall("hold", { as: "alice" }, { id: '"x"', meta }));
  await until(async () => (await bob.call("waiting")).includes("alice"));
  const [mine] = JSON.parse(await bob.call("waiting")) as [string, number][];
  assert.equal(typeof mine?.[1], "number", "the child knows the request by a number of the door's");
  const both = await bob.post(toolCall("progress", { times: 1 }, { id: '"x"', meta }));
  const seen = await messagesOf(both);
  assert.deepEqual(
    seen.map(({ method }) => method),
    ["notifications/progress", undefined],
  );
  assert.deepEqual(seen[0]?.params, { progressToken: "p", progress: 1 });
  assert.equal(seen[1]?.id, "x");
  await bob.call("release", { as: "alice", progress: mine?.[1] });
  const toAlice = await messagesOf(await held);
  assert.deepEqual(toAlice[0]?.params, { progressToken: "p", progress: 1 });
  assert.deepEqual([toAlice[1]?.id, toAlice[1]?.result?.content?.[0]?.text], ["x", "released alice"]);

  // What names nobody.
  const streams = [await door.get(alice.id), await door.get(bob.id, "bob/editor")].map(reading);
  await bob.call("print", {
    lines: [
      `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"of bob's"}}`,
      `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"notes://bob"}}`,
      `{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}`,
      `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`,
    ],
  });
  for (const stream of streams) {
    assert.equal((await stream.next())?.method, "notifications/tools/list_changed");
    await stream.cancel();
  }
  const lines = JSON.parse(await alice.call("lines")) as string[];
  assert.match(lines[0] ?? "", /"capabilities":\{\}/, "it is told of nothing that a client could do");
  assert.equal(
    lines.filter((line) => line.includes("initialize")).length,
    2,
    "initialize and initialized, once",
  );
  assert.ok(
    lines.some((line) => /"id":1,"error":\{"code":-32601/.test(line)),
    "its request is refused at once",
  );
});

test("two clients at a shared child each get the revision they asked for, at most the child's", async (t) => {
  const door = await aStdioDoor(t, { per: "person" });
  const versionOf = async (asked: string) => {
    const { result } = (await aSession(door, "alice/editor", asked)).welcome;
    return (result as { protocolVersion: string }).protocolVersion;
  };
  assert.equal(await versionOf("2025-06-18"), "2025-06-18");
  assert.equal(await versionOf("2025-03-26"), "2025-03-26");
  assert.equal(await versionOf("2025-11-25"), "2025-06-18");
});

test("W64 a client that goes away cancels its modern request at the child, and its legacy one goes on", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("both"), per: "person" });
  const gone = new AbortController();
  const call = { name: "hold", arguments: { as: "modern" } };
  const modern = modernPost(door, "tools/call", call, { signal: gone.signal });
  await until(async () => (await modernCall(door, "waiting")).includes("modern"));
  const [[, id] = []] = JSON.parse(await modernCall(door, "waiting")) as [string, number][];
  gone.abort();
  await assert.rejects(modern);
  const cancelled = `"method":"notifications/cancelled","params":{"requestId":${id},`;
  await until(async () => (await modernCall(door, "lines")).includes(JSON.stringify(cancelled).slice(1, -1)));

  const session = await aSession(door);
  const leaving = new AbortController();
  const legacy = fetch(door.url, {
    method: "POST",
    body: toolCall("hold", { as: "legacy" }),
    signal: leaving.signal,
    headers: {
      authorization: "Bearer alice/editor",
      "content-type": "application/json",
      "mcp-session-id": session.id,
    },
  });
  await until(async () => (await session.call("waiting")).includes("legacy"));
  leaving.abort();
  await assert.rejects(legacy);
  await session.call("pid");
  assert.ok(!(await session.call("lines")).includes("notifications/cancelled"));
  await until(() => door.underWay() === 0); // the door does not wait for whom nobody waits
  assert.equal(await session.call("release", { as: "legacy" }), "done", "its late answer is nobody's");
});

/** A subscription whose acknowledgement has been read. */
async function aSubscription(door: StdioDoor, id: string) {
  const stream = reading(await modernPost(door, "subscriptions/listen", { notifications: {} }, { id }));
  const first = await stream.next();
  assert.equal(first?.method, "notifications/subscriptions/acknowledged");
  assert.deepEqual(first?.params, { _meta: { [subscriptionId]: id }, notifications: {} });
  return stream;
}
const subscriptionId = "io.modelcontextprotocol/subscriptionId";

test("a subscription's stream carries what names it, and ends when the child takes it down", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("modern"), per: "person" });
  const stream = await aSubscription(door, "listen:1");
  const changed = `{"jsonrpc":"2.0","method":"notifications/tools/list_changed"`;
  const lines = [`${changed}}`, `${changed},"params":{"_meta":{"${subscriptionId}":$listen}}}`];
  await modernCall(door, "print", { lines });
  assert.deepEqual((await stream.next())?.params, { _meta: { [subscriptionId]: "listen:1" } });
  const down = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":$listen}}`;
  await modernCall(door, "print", { lines: [down] });
  assert.deepEqual((await stream.next())?.params, { requestId: "listen:1" });
  assert.equal(await stream.next(), undefined);
});

test("W-n34 a forged answer, an id never asked and a request in the newest revision go to nobody", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("both"), per: "process" });
  const mine = modernPost(door, "tools/call", { name: "hold", arguments: { as: "alice" } });
  await until(async () => (await modernCall(door, "waiting", {}, { token: "bob/editor" })).includes("alice"));
  const forged = [
    `{"jsonrpc":"2.0","id":999,"result":{"content":[{"type":"text","text":"forged"}]}}`,
    `{"jsonrpc":"2.0","id":"2","result":{"content":[{"type":"text","text":"forged"}]}}`,
    `{"jsonrpc":"2.0","id":2,"id":3,"result":{"content":[{"type":"text","text":"forged"}]}}`,
    `{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"forged"}}`,
    `{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"forged"}}`,
    progressOf(999),
  ];
  const bob = await modernPost(
    door,
    "tools/call",
    { name: "print", arguments: { lines: forged } },
    { token: "bob/editor" },
  );
  assert.equal(bob.headers.get("content-type"), "application/json", "nothing came before his own answer");
  assert.equal((await messagesOf(bob))[0]?.result?.content?.[0]?.text, "done");
  await modernCall(door, "release", { as: "alice" }, { token: "bob/editor" });
  const alice = await messagesOf(await mine);
  assert.deepEqual(
    alice.map(({ result }) => result?.content?.[0]?.text),
    ["released alice"],
  );
  // A child of an earlier revision that asks its own client something is heard by that one only.
  const own = await aStdioDoor(t);
  const [first, second] = [await aSession(own), await aSession(own)];
  const [one, other] = [await own.get(first.id), await own.get(second.id)].map(reading);
  const ask = `{"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{}}`;
  const during = await messagesOf(await first.post(toolCall("print", { lines: [ask] })));
  assert.deepEqual(
    during.map(({ method }) => method),
    ["sampling/createMessage", undefined],
  );
  await second.call("print", { lines: [`{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}`] });
  assert.equal((await other?.next())?.method, "notifications/tools/list_changed");
  await Promise.all([one?.cancel(), other?.cancel()]);
});

test("W-n35 two people who share a child and use the same id and token get nothing of each other's", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("both"), per: "process" });
  const alice = await aSession(door, "alice/editor");
  const bob = await aSession(door, "bob/editor");
  const meta = { progressToken: 1 };
  const ofAlice = alice.post(toolCall("hold", { as: "alice" }, { id: "1", meta }));
  const ofBob = bob.post(toolCall("hold", { as: "bob" }, { id: "1", meta }));
  await until(async () => {
    const waiting = await bob.call("waiting");
    return waiting.includes("alice") && waiting.includes("bob");
  });
  const waiting = new Map(JSON.parse(await bob.call("waiting")) as [string, number][]);
  await bob.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`);
  const lines = JSON.parse(await bob.call("lines")) as string[];
  const cancelled = lines.filter((line) => line.includes("notifications/cancelled"));
  assert.deepEqual(
    cancelled.map((line) => (JSON.parse(line) as { params: { requestId: number } }).params.requestId),
    [waiting.get("bob")],
    "only his own is cancelled",
  );
  // Nobody's: he has nothing under way by that id.
  await bob.post(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}`);
  await bob.call("release", { as: "alice", progress: waiting.get("alice") });
  const toAlice = await messagesOf(await ofAlice);
  assert.deepEqual(
    toAlice.map(({ id }) => id),
    [undefined, 1],
  );
  assert.equal(toAlice[1]?.result?.content?.[0]?.text, "released alice");
  await bob.call("release", { as: "bob" });
  const toBob = await messagesOf(await ofBob);
  assert.deepEqual(
    toBob.map(({ result }) => result?.content?.[0]?.text),
    ["released bob"],
  );
  assert.equal(
    JSON.parse(await bob.call("lines")).filter((line: string) => line.includes("cancelled")).length,
    1,
  );
  const stranger = await door.post(toolCall("pid"), { "mcp-session-id": alice.id }, "bob/editor");
  assert.equal(stranger.status, 404, "nor is her session his");
});
