import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Access } from "../../src/oauth/ports.ts";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { aFolder } from "../config/config-file.ts";
import { post, refresh } from "../support/oauth-client.ts";
import { aDoor, aProcessBefore, aServerBehind, besides, type TestDoor } from "./support/door.ts";

const message = 'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n';
const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"long"}}';
const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
const subscription = {
  body: `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{${meta}}}`,
  headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen" },
};

/** A server whose answers are event streams that begin with one event and go on as the test says. */
async function aStreamingServer(t: TestContext) {
  const streams: ServerResponse[] = [];
  const behind = await aServerBehind(t, (_, response) => {
    streams.push(response);
    response.setHeader("content-type", "text/event-stream");
    response.write(message);
  });
  return { ...behind, streams };
}

/** An event stream at the door: what came of it, and how it ended. */
function follow(answer: Response) {
  assert.equal(answer.status, 200);
  let text = "";
  let hasEnded = false;
  const ended = (async () => {
    for await (const piece of answer.body ?? []) text += Buffer.from(piece).toString();
    hasEnded = true;
  })();
  return {
    ended,
    get isOpen() {
      return !hasEnded;
    },
    get events() {
      return text.split("\n\n").filter((event) => event !== "" && event !== ":");
    },
  };
}

const listen = (door: TestDoor, token: string) =>
  door.call({ token, method: "GET", body: null }).then(follow);

/** Waits until something is so that no clock can hurry. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(20);
}

/** Moves the clock to the next look, and lets that look have been. */
async function lookAgain(door: TestDoor, looks: { count: number }): Promise<void> {
  const before = looks.count;
  door.server.clock.advance(31);
  await until(() => looks.count > before);
  for (let turn = 0; turn < 3; turn++) await setImmediate(); // what it found has been done
}

/** Counts the looks at a grant, which at a request come one by one. */
function countLooks({ server: { store } }: TestDoor): { count: number } {
  const looks = { count: 0 };
  const find = store.findGrantAndAccount.bind(store);
  Object.assign(store, {
    findGrantAndAccount: (...about: Parameters<typeof find>) => find(...about).finally(() => looks.count++),
  });
  return looks;
}

test("W33 listening streams end after a whole event once token, access, grant or server are gone, and what follows is refused", async (t) => {
  const behind = await aStreamingServer(t);
  let rules: Access | undefined;
  const door = await aDoor(t, behind.url, "", {}, () => rules);
  const looks = countLooks(door);
  const revoke = (token: string) => post(door.server, "/revoke", { token, client_id: door.client.id });

  const [ending, staying] = [await door.token(), await door.token()];
  const streams = {
    get: await listen(door, ending.access_token),
    subscription: follow(await door.call({ token: ending.access_token, ...subscription })),
    other: await listen(door, staying.access_token),
  };
  await lookAgain(door, looks);
  assert.ok(streams.get.isOpen && streams.subscription.isOpen && streams.other.isOpen);
  behind.streams[1]?.write('data: {"half":');
  await revoke(ending.refresh_token ?? "");
  await lookAgain(door, looks);
  await streams.get.ended;
  assert.ok(streams.subscription.isOpen, "an event is under way");
  behind.streams[1]?.write('"whole"}\n\ndata: too late\n\n');
  await streams.subscription.ended;
  assert.equal(streams.subscription.events.at(-1), 'data: {"half":"whole"}');
  assert.ok(streams.other.isOpen);
  assert.equal((await door.call({ token: ending.access_token, method: "GET", body: null })).status, 401);

  // Its token expires; that of the same person's other client is refreshed meanwhile.
  door.server.clock.advance(3600);
  await lookAgain(door, looks);
  await streams.other.ended;
  const again = await door.token();
  const lost = await listen(door, again.access_token);
  rules = {
    signIn: () => ({ allowed: true }),
    use: () => ({ allowed: false, reason: "denied", scope: "" }),
    providersFor: () => undefined,
  };
  await lookAgain(door, looks);
  await lost.ended;
  rules = undefined;
  const removed = await listen(door, again.access_token);
  await door.server.reload("servers: []\n");
  await removed.ended;
  const reasons = door.server.log.filter((line) => line.includes("an event stream was ended"));
  assert.deepEqual(
    reasons.map((line) => (JSON.parse(line) as { reason: string }).reason),
    ["grant_over", "grant_over", "token_over", "access_lost"],
  );
});

test("W34 the answer of a call outlives its token, up to the longest call, and not its grant", async (t) => {
  const behind = await aStreamingServer(t);
  const door = await aDoor(t, behind.url, "    max_call: 2h\n");
  const looks = countLooks(door);
  const tokens = await door.token();
  const ends = follow(await door.call({ token: tokens.access_token, body: call }));
  const other = await door.token();
  const goesOn = follow(await door.call({ token: other.access_token, body: call }));
  await lookAgain(door, looks);
  door.server.clock.advance(3600); // both tokens are over
  await lookAgain(door, looks);
  assert.ok(ends.isOpen && goesOn.isOpen);
  assert.equal((await door.call({ token: other.access_token, body: call })).status, 401);
  const refreshed = await refresh(door.server, door.client, tokens.refresh_token ?? "");
  await post(door.server, "/revoke", {
    token: String(refreshed.body.refresh_token),
    client_id: door.client.id,
  });
  await lookAgain(door, looks);
  await ends.ended;
  assert.ok(goesOn.isOpen);
  door.server.clock.advance(3600);
  await lookAgain(door, looks);
  await goesOn.ended;
});

test("all open streams of a process are looked at together, each half minute, and stay while the store cannot be asked", async (t) => {
  const behind = await aStreamingServer(t);
  const door = await aDoor(t, behind.url);
  const { access_token: token } = await door.token();
  const streams = await Promise.all(Array.from({ length: 20 }, () => listen(door, token)));
  const looks = countLooks(door);
  await lookAgain(door, looks);
  assert.equal(looks.count, 20);
  const { store } = door.server;
  const find = store.findGrantAndAccount;
  let refused = 0;
  Object.assign(store, {
    findGrantAndAccount: () => {
      refused++;
      return Promise.reject(new StoreUnavailableError("gone"));
    },
  });
  door.server.clock.advance(31);
  await until(() => refused > 0);
  await until(() => door.server.log.some((line) => line.includes("could not be looked at")));
  assert.ok(streams.every(({ isOpen }) => isOpen));
  Object.assign(store, { findGrantAndAccount: find });
  await post(door.server, "/revoke", { token, client_id: door.client.id });
  await lookAgain(door, looks);
  await Promise.all(streams.map(({ ended }) => ended));
});

/** Two processes on one database, each with its own door to the same server. */
async function twoProcesses(t: TestContext) {
  const behind = await aStreamingServer(t);
  const database = `sqlite://${join(aFolder(t, {}), "gatehouse.db")}`;
  const door = await aDoor(t, behind.url, "", { SQL_URL: database });
  const other = await aProcessBefore(t, behind.url, "", besides(door.server, database));
  return { behind, door, other };
}

test("W32 what ends in one process is refused at the next request in every other, with no request to anybody", async (t) => {
  const { behind, door, other } = await twoProcesses(t);
  const at = ({ url }: { url: string }, token: string) =>
    fetch(`${url}/mcp`, {
      method: "POST",
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    });
  const { access_token: token } = await door.token();
  for (const server of [door.server, other, other]) {
    const answer = await at(server, token);
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
  }
  const asked = door.server.upstream.requests("/token");
  assert.equal((await post(door.server, "/revoke", { token, client_id: door.client.id })).status, 200);
  for (const server of [other, door.server]) assert.equal((await at(server, token)).status, 401);
  assert.equal(behind.received.length, 3);
  assert.equal(door.server.upstream.requests("/token"), asked);
});

test("W-n21 a stream ends although its grant was revoked in another process, and cannot be taken up again", async (t) => {
  const { door, other } = await twoProcesses(t);
  const { access_token: token } = await door.token();
  const stream = await listen(door, token);
  const looks = countLooks(door);
  assert.equal((await post(other, "/revoke", { token, client_id: door.client.id })).status, 200);
  await lookAgain(door, looks);
  await stream.ended;
  const headers = { "last-event-id": "7" };
  assert.equal((await door.call({ token, method: "GET", body: null, headers })).status, 401);
});
