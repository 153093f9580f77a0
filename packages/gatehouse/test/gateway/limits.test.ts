import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { eventsOf } from "../support/audit-events.ts";
import { aTestDatabase } from "../support/database.ts";
import { aDoor, aProcessBefore, aServerBehind } from "./support/door.ts";

/* How often one person may call, and a single tool, for all processes together. */

const callOf = (tool: string) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: {} } });

const limits = "    limits: { calls_per_minute: 6, tools: { costly: 2 } }\n";

test("W69 a person's calls, of a server and of one tool, are limited for all processes together, and others' are not", async (t) => {
  const database = await aTestDatabase();
  t.after(database.remove);
  const behind = await aServerBehind(t);
  const door = await aDoor(t, behind.url, limits, { SQL_URL: database.url });
  const second = await aProcessBefore(t, behind.url, limits, {
    SQL_URL: database.url,
    UPSTREAM_ISSUER: door.server.upstream.issuer,
    BASE_URL: door.server.issuer,
  });
  const { access_token: mine } = await door.token();
  // A client knows one address, whichever process a balancer takes.
  const elsewhere = (body: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        host: new URL(door.server.issuer).host,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${mine}`,
      };
      const sent = request(`${second.url}/mcp`, { method: "POST", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on("error", reject).end(body);
    });
  const used = [(await door.call({ body: callOf("costly") })).status, await elsewhere(callOf("costly"))];
  assert.deepEqual(used, [200, 200]);
  assert.equal(await elsewhere(callOf("costly")), 429);
  const refused = await door.call({ body: callOf("costly") });
  assert.equal(refused.status, 429);
  assert.equal(((await refused.json()) as { error: { code: number } }).error.code, -32016);
  const wait = Number(refused.headers.get("retry-after"));
  assert.ok(wait >= 1 && wait <= 60, `${wait}`);
  assert.equal((await door.call({ body: callOf("cheap") })).status, 200, "the others of the server go on");

  const before = behind.received.length;
  const flood = await Promise.all(Array.from({ length: 20 }, () => door.call({ body: callOf("cheap") })));
  assert.ok(flood.some(({ status }) => status === 429));
  assert.ok(behind.received.length - before <= 6, "no more than the limit came through");

  const told = eventsOf(door.server, "limit_reached");
  assert.deepEqual(
    told.map(({ reason, resource, address }) => [reason, resource, address]),
    [["calls", door.address, "127.0.0.1"]],
    "told once",
  );
  assert.ok(told[0]?.subject && told[0].client && told[0].grant && told[0].attempt);

  door.server.upstream.account = { sub: "bob", email: "bob@example.com", email_verified: true };
  const { access_token: theirs } = await door.token({ prompt: "login" });
  assert.equal((await door.call({ token: theirs, body: callOf("costly") })).status, 200, "another person");

  door.server.clock.advance(60);
  assert.equal((await door.call({ body: callOf("costly") })).status, 200, "the next minute");
});

test("a tool in another spelling counts as the tool", async (t) => {
  const behind = await aServerBehind(t);
  const door = await aDoor(t, behind.url, "    limits: { tools: { Costly: 2 } }\n");
  assert.equal((await door.call({ body: callOf("Costly") })).status, 200);
  const unanswered = callOf("costly ").replace('"id":1,', "");
  assert.equal((await door.call({ body: unanswered })).status, 200);
  for (const name of ["costly", "COSTLY", "co\u200bstly", "Costly"]) {
    assert.equal((await door.call({ body: callOf(name) })).status, 429, name);
  }
  assert.equal((await door.call({ body: callOf("cheap") })).status, 200);
});

test("one person keeps so many streams open and no more; one that ends makes room, and others have theirs", async (t) => {
  const behind = await aServerBehind(t, ({ method }, response) => {
    if (method === "GET") response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    else response.setHeader("content-type", "application/json").end("{}");
  });
  const door = await aDoor(t, behind.url);
  const listen = async (token?: string) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const answer = await door.call({ method: "GET", body: null, signal, ...(token && { token }) });
    return { status: answer.status, leave: () => leaving.abort(), answer };
  };
  const open = await Promise.all(Array.from({ length: 50 }, () => listen()));
  assert.ok(open.every(({ status }) => status === 200));
  const { status, answer } = await listen();
  assert.equal(status, 429);
  assert.equal(((await answer.json()) as { error: { code: number } }).error.code, -32016);
  assert.equal((await door.call()).status, 200, "calls go on");

  door.server.upstream.account = { sub: "carol", email: "carol@example.com", email_verified: true };
  const { access_token: theirs } = await door.token({ prompt: "login" });
  const other = await listen(theirs);
  assert.equal(other.status, 200);
  other.leave();

  open[0]?.leave();
  let again = await listen();
  while (again.status === 429) again = await listen();
  assert.equal(again.status, 200);
  for (const stream of [...open, again]) stream.leave();
});
