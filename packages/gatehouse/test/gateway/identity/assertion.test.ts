import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { protect } from "@mcp-gatehouse/resource-server";
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from "jose";
import { describeAs } from "../../support/described.ts";
import { introspect, post } from "../../support/oauth-client.ts";
import { aDoor, aProcessBefore, aServerBehind, type Received, type TestDoor } from "../support/door.ts";

const assertionType = "gatehouse-caller+jwt";

async function anAssertingDoor(t: TestContext, more = "") {
  const behind = await aServerBehind(t);
  return { behind, door: await aDoor(t, behind.url, `    assertion: true\n${more}`) };
}

/** What the server was told, verified by the published keys as a server does it. */
async function verified(door: TestDoor, received: Received | undefined, audience = door.address) {
  const keys = createRemoteJWKSet(new URL(`${door.server.issuer}/jwks.json`));
  const { payload, protectedHeader } = await jwtVerify(assertionOf(received), keys, {
    issuer: door.server.issuer,
    audience,
    typ: assertionType,
    algorithms: ["ES256"],
    currentDate: new Date(door.server.clock.now() * 1000),
  });
  return { payload, protectedHeader };
}

function assertionOf(received: Received | undefined): string {
  return String(received?.headers["x-gatehouse-assertion"]);
}

test("W40 a server that wants it gets a signed statement of who calls with each request, for a minute and for it alone", async (t) => {
  const { behind, door } = await anAssertingDoor(t);
  await describeAs(door.server, { name: "Alice", groups: ["admins"] });
  await door.call();
  await door.call();
  const [first, second] = await Promise.all(behind.received.map((received) => verified(door, received)));
  const [account] = await door.server.store.findAccounts("alice@example.com");
  const { jti, iat, exp, ...claims }: JWTPayload = first?.payload ?? {};
  assert.deepEqual(claims, {
    iss: door.server.issuer,
    aud: door.address,
    sub: account?.subject,
    client_id: door.client.id,
    scope: "",
    email: "alice@example.com",
    name: "Alice",
    groups: ["admins"],
  });
  assert.equal(iat, door.server.clock.now());
  assert.ok(exp !== undefined && exp - (iat ?? 0) <= 60);
  assert.ok(jti !== undefined && jti !== second?.payload.jti);
});

test("nothing here takes an assertion for a token: no door, no introspection, no guard, no token endpoint", async (t) => {
  const { behind, door } = await anAssertingDoor(t);
  await door.call();
  const assertion = assertionOf(behind.received[0]);
  assert.equal((await door.call({ token: assertion })).status, 401);
  assert.deepEqual(await introspect(door.server, assertion), { active: false });
  const gate = protect({
    issuer: door.server.issuer,
    resource: door.address,
    credential: door.server.introspectionToken,
  });
  const answered = await new Promise<number>((resolve) => {
    const request = {
      method: "POST",
      url: "/mcp",
      headers: {},
      rawHeaders: ["Authorization", `Bearer ${assertion}`],
    };
    const response = { writeHead: (status: number) => ({ end: () => resolve(status) }) };
    void gate(request as never, response as never, () => resolve(200));
  });
  assert.equal(answered, 401);
  const exchanged = await post(door.server, "/token", {
    grant_type: "refresh_token",
    refresh_token: assertion,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  });
  assert.ok(exchanged.status === 400 || exchanged.status === 401, exchanged.text);
});

test("the keys of assertions are the same in every process and after a restart, and an older one stays published", async (t) => {
  const { behind, door } = await anAssertingDoor(t);
  const keysOf = async ({ url }: { url: string }) => {
    const answer = await fetch(`${url}/jwks.json`);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    const { keys } = (await answer.json()) as { keys: Record<string, string>[] };
    for (const key of keys)
      assert.deepEqual([key.kty, key.crv, key.use, key.d], ["EC", "P-256", "sig", undefined]);
    return keys;
  };
  const before = await keysOf(door.server);
  await door.call();
  assert.equal(decodeProtectedHeader(assertionOf(behind.received[0])).kid, before[0]?.kid);
  const key = "a secret key of the tests of at least 32 characters";
  const other = "another-key-of-the-tests-of-at-least-32-chars";
  const more = "    assertion: true\n";
  const restarted = await aProcessBefore(t, behind.url, more, { SECRET_KEY: key });
  assert.deepEqual(await keysOf(restarted), before);
  const rotated = await aProcessBefore(t, behind.url, more, { SECRET_KEY: `${other},${key}` });
  const [newest, ...older] = await keysOf(rotated);
  for (const known of before) assert.ok(older.some(({ kid, x }) => kid === known.kid && x === known.x));
  assert.ok(!before.some(({ kid }) => kid === newest?.kid));
  const without = await aProcessBefore(t, behind.url);
  assert.equal((await fetch(`${without.url}/jwks.json`)).status, 404);
});

test("W-n22 a token of one server, an assertion and a token in the query are refused at another, which can tell assertions by their audience", async (t) => {
  const { behind, door } = await anAssertingDoor(t);
  const other = `  - name: other\n    path: /other\n    upstream: ${behind.url}\n    assertion: true\n`;
  const both = await aDoor(t, behind.url, `    assertion: true\n${other}`);
  const { access_token: token } = await both.token();
  const at = (url: string, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: "POST",
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      headers: { "content-type": "application/json", ...headers },
    });
  const elsewhere = `${both.server.url}/other`;
  assert.equal((await at(elsewhere, { authorization: `Bearer ${token}` })).status, 401);
  assert.equal((await at(`${elsewhere}?access_token=${token}`)).status, 401);
  await both.call({ token });
  const received = behind.received.at(-1);
  assert.equal((await at(elsewhere, { authorization: `Bearer ${assertionOf(received)}` })).status, 401);
  assert.equal((await verified(both, received)).payload.aud, both.address);
  await assert.rejects(verified(both, received, `${both.server.issuer}/other`), /aud/);
  assert.equal((await door.call({ token })).status, 401);
});

test("groups that are too many are left out of an assertion too, which says so", async (t) => {
  const { behind, door } = await anAssertingDoor(t);
  await describeAs(door.server, { groups: Array.from({ length: 400 }, (_, at) => `group-number-${at}`) });
  await door.call();
  const { payload } = await verified(door, behind.received[0]);
  assert.deepEqual([payload.groups, payload.groups_omitted], [undefined, true]);
  const { headers, rawHeaders } = behind.received[0] ?? assert.fail();
  assert.equal(headers["x-gatehouse-groups-omitted"], "true");
  const own = rawHeaders.filter((_, at) =>
    rawHeaders[at - (at % 2)]?.toLowerCase().startsWith("x-gatehouse-"),
  );
  assert.ok(own.join("").length <= 8192);
});
