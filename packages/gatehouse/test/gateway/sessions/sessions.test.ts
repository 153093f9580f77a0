import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { aFolder } from "../../config/config-file.ts";
import { aPublicClient, refresh, tokensFor } from "../../support/oauth-client.ts";
import {
  aDoor,
  aProcessBefore,
  aServerBehind,
  besides,
  type Received,
  type TestDoor,
} from "../support/door.ts";

const initialize =
  '{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}';
const ping = '{"jsonrpc":"2.0","id":7,"method":"ping"}';

/** A server of the older revisions: each `initialize` opens a session, which everything else needs. */
async function aSessionServer(t: TestContext) {
  const open = new Set<string>();
  const answer = ({ method, headers, body }: Received, response: ServerResponse) => {
    response.setHeader("content-type", "application/json");
    const id = headers["mcp-session-id"] as string | undefined;
    if (body.includes('"initialize"')) {
      const made = `plain-${open.size + 1}`;
      open.add(made);
      return void response
        .setHeader("Mcp-Session-Id", made)
        .end('{"jsonrpc":"2.0","id":"first","result":{}}');
    }
    if (id === undefined || !open.has(id)) return void response.writeHead(404).end('{"unknown":true}');
    if (method === "DELETE") open.delete(id);
    response.setHeader("Mcp-Session-Id", id).end(`{"jsonrpc":"2.0","id":7,"result":"${id}"}`);
  };
  return { ...(await aServerBehind(t, answer)), open };
}

/** Opens a session and gives the id that the client sees. */
async function aSession(door: TestDoor, token?: string): Promise<string> {
  const answer = await door.call({ body: initialize, token });
  assert.equal(answer.status, 200);
  return answer.headers.get("mcp-session-id") ?? assert.fail("no session");
}

function use(
  door: TestDoor,
  session: string,
  { token, method = "POST" }: { token?: string; method?: string } = {},
) {
  const body = method === "POST" ? ping : null;
  return door.call({ token, method, body, headers: { "mcp-session-id": session } });
}

/** The same at another process. */
function useAt({ url }: { url: string }, session: string, token: string, method = "POST") {
  return fetch(`${url}/mcp`, {
    method,
    body: method === "POST" ? ping : null,
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      "mcp-session-id": session,
    },
  });
}

/** Everything of an answer that somebody could tell it from another by. */
async function wholeOf(answer: Response): Promise<unknown> {
  const { date: _, "x-request-id": __, ...headers } = Object.fromEntries(answer.headers);
  return { status: answer.status, headers, body: await answer.text() };
}

const notFound = '{"jsonrpc":"2.0","id":7,"error":{"code":-32001,"message":"Session not found"}}';

async function anotherPerson(door: TestDoor) {
  const alice = door.server.upstream.account;
  door.server.upstream.account = { sub: "bob", email: "bob@example.com", email_verified: true };
  const { access_token: token } = await door.token();
  door.server.upstream.account = alice;
  return token;
}

test("W42 a session is its person's and client's at one server, through refresh and new tokens of that client", async (t) => {
  const behind = await aSessionServer(t);
  const door = await aDoor(t, behind.url, `  - name: other\n    path: /other\n    upstream: ${behind.url}\n`);
  const first = await door.token();
  const session = await aSession(door, first.access_token);
  const refreshed = await refresh(door.server, door.client, first.refresh_token ?? "");
  assert.equal(refreshed.status, 200);
  const later = String(refreshed.body.access_token);
  const another = (await door.token()).access_token;
  for (const token of [first.access_token, later, another]) {
    const answer = await use(door, session, { token });
    assert.deepEqual(
      [answer.status, await answer.text()],
      [200, '{"jsonrpc":"2.0","id":7,"result":"plain-1"}'],
    );
  }
  const contacted = behind.received.length;
  const otherClient = await aPublicClient(door.server);
  const foreign = {
    person: await anotherPerson(door),
    client: (await tokensFor(door.server, otherClient, { resource: door.address })).access_token,
  };
  for (const [who, token] of Object.entries(foreign)) {
    assert.equal((await use(door, session, { token })).status, 404, who);
  }
  const elsewhere = (await door.token({ resource: `${door.server.issuer}/other` })).access_token;
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${elsewhere}`,
    "mcp-session-id": session,
  };
  const other = await fetch(`${door.server.url}/other`, { method: "POST", body: ping, headers });
  assert.equal(other.status, 404);
  assert.equal(behind.received.length, contacted);
});

test("W43 the client sees a sealed id of visible ASCII, the same each time, and the server's own is worth nothing", async (t) => {
  const behind = await aSessionServer(t);
  const door = await aDoor(t, behind.url);
  const session = await aSession(door);
  assert.match(session, /^[\x21-\x7E]{1,1024}$/);
  assert.ok(!Buffer.from(session, "base64url").includes("plain"));
  assert.notEqual(await aSession(door), session);
  const used = await use(door, session);
  assert.equal(used.headers.get("mcp-session-id"), session);
  assert.equal(behind.received.at(-1)?.headers["mcp-session-id"], "plain-1");
  const contacted = behind.received.length;
  assert.equal((await use(door, "plain-1")).status, 404);
  assert.equal(behind.received.length, contacted);
});

test("a server whose session id is too long to be sealed is said to be unreadable", async (t) => {
  const ids = ["x".repeat(700), "x".repeat(900)];
  const behind = await aServerBehind(t, (_, response) =>
    response.setHeader("mcp-session-id", ids.shift() ?? "").end("{}"),
  );
  const door = await aDoor(t, behind.url);
  assert.ok((await aSession(door)).length <= 1024);
  const answer = await door.call({ body: initialize });
  assert.equal(answer.status, 502);
  assert.match(await answer.text(), /"id":"first","error":\{"code":-32012/);
});

test("W44 foreign, forged, unknown and plain ids get one and the same 404, the server hears nothing, and foreign ones are audited", async (t) => {
  const behind = await aSessionServer(t);
  const door = await aDoor(t, behind.url);
  const bob = await anotherPerson(door);
  const session = await aSession(door);
  const contacted = behind.received.length;
  const changed = session.slice(0, 20) + (session[20] === "A" ? "B" : "A") + session.slice(21);
  const answers = [
    await use(door, session, { token: bob }),
    await use(door, changed),
    await use(door, "1868a90c-7f0e-4dd8-9c1f-0d0f6a1f1e11"),
    await use(door, "plain-1"),
    await use(door, "x".repeat(4000)),
    await use(door, `${session}=`),
    await use(door, " "),
  ];
  const [first, ...others] = await Promise.all(answers.map(wholeOf));
  assert.equal(answers[0]?.status, 404);
  assert.equal((first as { body: string }).body, notFound);
  for (const other of others) assert.deepEqual(other, first);
  assert.equal(behind.received.length, contacted);
  const audited = door.server.log.filter((line) => line.includes("session_foreign"));
  assert.equal(audited.length, 1);
  const [event] = audited.map((line) => JSON.parse(line) as Record<string, unknown>);
  const [account] = await door.server.store.findAccounts("bob@example.com");
  assert.deepEqual(
    [event?.subject, event?.client, event?.resource],
    [account?.subject, door.client.id, door.address],
  );
  assert.ok(!door.server.log.some((line) => line.includes(session)));
});

test("W45 a session goes on in every process, after a restart, and when the key it was sealed with is the older one", async (t) => {
  const behind = await aSessionServer(t);
  const database = `sqlite://${join(aFolder(t, {}), "gatehouse.db")}`;
  const keys = [
    "the-first-key-of-the-tests-of-at-least-32-characters",
    "another-key-of-the-tests-of-at-least-32-chars",
  ];
  const door = await aDoor(t, behind.url, "", { SQL_URL: database, SECRET_KEY: keys[0] ?? "" });
  const { access_token: token } = await door.token();
  const session = await aSession(door, token);
  const shared = besides(door.server, database);
  const [first, second] = keys;
  const beside = await aProcessBefore(t, behind.url, "", { ...shared, SECRET_KEY: `${first}` });
  assert.equal((await useAt(beside, session, token)).status, 200);
  const rotated = await aProcessBefore(t, behind.url, "", { ...shared, SECRET_KEY: `${second},${first}` });
  const answer = await useAt(rotated, session, token);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("mcp-session-id"), session, "the client keeps the id it has");
  const ended = await useAt(rotated, session, token, "DELETE");
  assert.equal(ended.status, 200);
  const gone = await use(door, session, { token });
  assert.deepEqual([gone.status, await gone.text()], [404, '{"unknown":true}'], "the server's own word");
});

const modern = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "ping",
};
const modernPing = `{"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`;

test("W46 in the newest revision there are no sessions: ids are neither judged nor passed on, either way", async (t) => {
  const behind = await aServerBehind(t, (_, response) =>
    response.setHeader("mcp-session-id", "plain-1").setHeader("content-type", "application/json").end("{}"),
  );
  const door = await aDoor(t, behind.url);
  const headers = { ...modern, "mcp-session-id": "anything", "last-event-id": "7" };
  const answer = await door.call({ body: modernPing, headers });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal(answer.headers.get("mcp-session-id"), null);
  const { headers: received } = behind.received[0] ?? assert.fail();
  assert.equal(received["mcp-session-id"], undefined);
  assert.equal(received["last-event-id"], undefined);
});

test("W-n17 a stolen session id does not reach a server of both eras under the newest revision's name", async (t) => {
  const behind = await aSessionServer(t);
  const door = await aDoor(t, behind.url);
  const session = await aSession(door);
  const bob = await anotherPerson(door);
  for (const stolen of [session, "plain-1"]) {
    await door.call({ token: bob, body: modernPing, headers: { ...modern, "mcp-session-id": stolen } });
    assert.equal(behind.received.at(-1)?.headers["mcp-session-id"], undefined);
    for (const method of ["GET", "DELETE"]) {
      const headers = { "mcp-protocol-version": "2026-07-28", "mcp-session-id": stolen };
      await door.call({ token: bob, method, body: null, headers });
      assert.equal(behind.received.at(-1)?.headers["mcp-session-id"], undefined);
    }
  }
  assert.ok(behind.open.has("plain-1"));
});

test("W47 where a stream is taken up again is passed on with a session of the caller's, or where the server has none", async (t) => {
  const stateful = await aSessionServer(t);
  const door = await aDoor(t, stateful.url);
  const session = await aSession(door);
  const resume = (headers: Record<string, string>) =>
    door.call({ method: "GET", body: null, headers: { "last-event-id": "event-7", ...headers } });
  await resume({ "mcp-session-id": session });
  assert.equal(stateful.received.at(-1)?.headers["last-event-id"], "event-7");
  await resume({});
  assert.equal(stateful.received.at(-1)?.headers["last-event-id"], undefined);
  const stateless = await aServerBehind(t);
  const other = await aDoor(t, stateless.url);
  const resumed = async () => {
    await other.call({ method: "GET", body: null, headers: { "last-event-id": "event-7" } });
    return stateless.received.at(-1)?.headers["last-event-id"];
  };
  assert.equal(await resumed(), undefined, "nobody knows yet whether it has sessions");
  await other.call({ body: initialize });
  assert.equal(await resumed(), "event-7");
});

test("W-n16 another person's id, a changed one, the server's own, and one of another server are refused alike", async (t) => {
  const behind = await aSessionServer(t);
  const door = await aDoor(t, behind.url, `  - name: other\n    path: /other\n    upstream: ${behind.url}\n`);
  const session = await aSession(door);
  const elsewhere = (await door.token({ resource: `${door.server.issuer}/other` })).access_token;
  const opened = await fetch(`${door.server.url}/other`, {
    method: "POST",
    body: initialize,
    headers: { "content-type": "application/json", authorization: `Bearer ${elsewhere}` },
  });
  const others = opened.headers.get("mcp-session-id") ?? assert.fail();
  const contacted = behind.received.length;
  const bob = await anotherPerson(door);
  const answers = [
    await use(door, session, { token: bob }),
    await use(door, `${session.slice(0, -1)}${session.endsWith("A") ? "B" : "A"}`),
    await use(door, "plain-1"),
    await use(door, others),
  ];
  const [first, ...rest] = await Promise.all(answers.map(wholeOf));
  assert.equal(answers[0]?.status, 404);
  for (const one of rest) assert.deepEqual(one, first);
  assert.equal(behind.received.length, contacted);
});

test("W-n18 nobody takes up another person's stream, with a session of their own or without", async (t) => {
  const behind = await aSessionServer(t);
  const door = await aDoor(t, behind.url);
  await aSession(door);
  const bob = await anotherPerson(door);
  const bobs = await aSession(door, bob);
  const headers = { "last-event-id": "event-of-alice" };
  await door.call({ token: bob, method: "GET", body: null, headers: { ...headers, "mcp-session-id": bobs } });
  // The server knows whose session it is, and binds its events to it.
  assert.equal(behind.received.at(-1)?.headers["mcp-session-id"], "plain-2");
  await door.call({ token: bob, method: "GET", body: null, headers });
  assert.equal(behind.received.at(-1)?.headers["last-event-id"], undefined);
});

test("W-n19 nobody ends another person's session", async (t) => {
  const behind = await aSessionServer(t);
  const door = await aDoor(t, behind.url);
  const session = await aSession(door);
  const bob = await anotherPerson(door);
  assert.equal((await use(door, session, { token: bob, method: "DELETE" })).status, 404);
  assert.ok(behind.open.has("plain-1"));
  assert.equal((await use(door, session)).status, 200);
});
