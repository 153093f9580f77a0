import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Agent, get } from "node:http";
import { after, before, test } from "node:test";
import { makeChallenge } from "../../src/oauth/tokens/doctor-challenge.ts";
import { configuredKey, type SecretKey } from "../../src/oauth/tokens/secret-keys.ts";
import { seconds } from "../../src/oauth/values.ts";
import { aTestDatabase, embedded, type TestDatabase } from "../support/database.ts";
import { lockDatabase } from "../support/failures.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";

const random = { bytes: (count: number) => randomBytes(count) };

let database: TestDatabase;
let server: TestGatehouse;
let key: SecretKey;
before(async () => {
  database = await aTestDatabase();
  server = await startTestGatehouse({ SQL_URL: database.url });
  key = (await configuredKey(server.environment.SECRET_KEY ?? "")).readings[0];
});
after(async () => {
  await server?.stop();
  database?.remove();
});

/** All of an answer but what differs between any two. */
async function ask(path: string, init: RequestInit = {}) {
  const answer = await fetch(`${server.issuer}${path}`, init);
  const headers = Object.fromEntries(answer.headers);
  for (const name of ["date", "x-request-id"]) delete headers[name];
  return { status: answer.status, headers, body: await answer.text() };
}

const statusOf = (url: string, agent: Agent) =>
  new Promise<number | undefined>((resolve, reject) => {
    const request = get(url, { agent }, (answer) => {
      answer.resume().once("end", () => resolve(answer.statusCode));
    });
    request.once("error", reject);
  });

const challenge = (over: { key?: SecretKey; issuer?: string; late?: number } = {}) =>
  makeChallenge(
    over.key ?? key,
    over.issuer ?? server.issuer,
    seconds(server.clock.now() - (over.late ?? 0)),
    random,
  );

test("Z-n19 a challenge that is replayed, of another server, too old, forged or asked otherwise finds nothing there, as at any unknown path, and ten thousand of them leave one line in the log", async (t) => {
  const nothing = await ask("/no-such-path");
  assert.equal(nothing.status, 404);

  await t.test("the right one is answered once", async () => {
    const text = challenge();
    const first = await ask(`/doctor?challenge=${text}`);
    assert.equal(first.status, 200);
    assert.equal(JSON.parse(JSON.parse(first.body).seen).path, "/doctor");
    assert.deepEqual(await ask(`/doctor?challenge=${text}`), nothing);
  });

  await t.test("another instance on the same database does not answer it again", async () => {
    const { issuer, upstream } = server;
    const second = await startTestGatehouse({
      BASE_URL: issuer,
      UPSTREAM_ISSUER: upstream.issuer,
      SQL_URL: database.url,
    });
    try {
      const path = `/doctor?challenge=${challenge()}`;
      assert.equal((await ask(path)).status, 200);
      assert.equal((await fetch(second.url + path)).status, 404);
      assert.equal((await fetch(`${second.url}/doctor?challenge=${challenge()}`)).status, 200);
    } finally {
      await second.stop();
    }
  });

  const stranger = (await configuredKey("another-secret-key-of-at-least-32-characters")).readings[0];
  const forged = { ...stranger, fingerprint: key.fingerprint };
  for (const [what, path] of [
    ["none", "/doctor"],
    [
      "that of another server with the same key",
      `/doctor?challenge=${challenge({ issuer: "https://other.example" })}`,
    ],
    ["one of another key", `/doctor?challenge=${challenge({ key: stranger })}`],
    ["one of another key under the name of ours", `/doctor?challenge=${challenge({ key: forged })}`],
    ["one of 61 seconds ago", `/doctor?challenge=${challenge({ late: 61 })}`],
    ["one of the future", `/doctor?challenge=${challenge({ late: -61 })}`],
    ["a cut one", `/doctor?challenge=${challenge().slice(0, -1)}`],
    ["one with something behind it", `/doctor?challenge=${challenge()}&more=1`],
    ["at another path", `/doctors?challenge=${challenge()}`],
  ] as const) {
    await t.test(`nothing for ${what}`, async () => assert.deepEqual(await ask(path), nothing));
  }

  for (const method of ["HEAD", "POST", "PUT", "OPTIONS", "DELETE"]) {
    await t.test(`nothing for ${method}`, async () => {
      const asked = await ask(`/doctor?challenge=${challenge()}`, { method });
      assert.deepEqual(asked, await ask("/no-such-path", { method }));
    });
  }

  await t.test("nor do ten thousand false ones fill the log", async () => {
    const before = server.log.length;
    const told = () => server.log.slice(before).filter((line) => line.includes('"request_refused"')).length;
    const one = challenge({ key: forged });
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const path = `${server.issuer}/doctor?challenge=${one}`;
    const statuses = await Promise.all(Array.from({ length: 10_000 }, () => statusOf(path, agent)));
    agent.destroy();
    assert.ok(statuses.every((status) => status === 404));
    assert.ok(told() <= 1, `${told()} lines`);
  });
});

test("a challenge is answered once also while the database is away", async () => {
  const alone = await startTestGatehouse();
  try {
    await alone.store.close();
    const text = makeChallenge(key, alone.issuer, alone.clock.now(), random);
    const statuses = [];
    for (let at = 0; at < 2; at++) {
      statuses.push((await fetch(`${alone.issuer}/doctor?challenge=${text}`)).status);
    }
    assert.deepEqual(statuses, [200, 404]);
  } finally {
    await alone.stop();
  }
});

test("a challenge is answered while another process has locked the database, sooner than doctor gives up", async (t) => {
  const file = embedded();
  const locked = await startTestGatehouse({ SQL_URL: file.url });
  t.after(async () => {
    await locked.stop();
    file.remove();
  });
  const other = lockDatabase(file.url.slice("sqlite:".length));
  const own = (await configuredKey(locked.environment.SECRET_KEY ?? "")).readings[0];
  const text = makeChallenge(own, locked.issuer, locked.clock.now(), random);
  const ask = () => fetch(`${locked.issuer}/doctor?challenge=${text}`, { signal: AbortSignal.timeout(4500) });
  assert.equal((await ask()).status, 200);
  assert.equal((await ask()).status, 404, "once");
  other.release();
});
