import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { eventsOf } from "../support/audit-events.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  introspect,
  isActive,
  post,
  read,
  resource,
  type TestClient,
  type Tokens,
  tokensFor,
} from "../support/oauth-client.ts";

let server: TestGatehouse;
let credential: string;
let otherCredential: string;
let client: TestClient;
let tokens: Tokens;

before(async () => {
  server = await startTestGatehouse();
  credential = await server.addResource(resource, { "notes:read": "Read your notes" });
  otherCredential = await server.addResource("https://other.example.com/mcp");
  client = await aPublicClient(server);
  tokens = await tokensFor(server, client);
});
after(() => server?.stop());

const asOperator = () => ({ authorization: `Bearer ${server.introspectionToken}` });
const asResource = () => ({ authorization: `Bearer ${credential}` });
const inactive = '{"active":false}';

test("J01 introspection is a POST of a form", async () => {
  const get = await fetch(`${server.url}/introspect?token=${tokens.access_token}`, { headers: asOperator() });
  assert.equal(get.status, 405);
  assert.equal(get.headers.get("allow"), "POST");
  const answer = await post(server, "/introspect", { token: tokens.access_token }, asOperator());
  assert.equal(answer.body.active, true);
});

test("J02 a caller without a valid credential learns nothing", async () => {
  for (const authorization of [
    undefined,
    "Bearer wrong",
    "Basic d2ViOng=",
    "Bearer",
    "Bearer gatehouse_rs_wrong",
  ]) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const answer = await post(server, "/introspect", { token: tokens.access_token }, headers);
    assert.equal(answer.status, 401, `authorization: ${authorization}`);
    const scheme = authorization?.startsWith("Basic") ? /^Basic/ : /^Bearer/;
    assert.match(answer.headers.get("www-authenticate") ?? "", scheme);
    assert.equal(answer.body.active, undefined);
  }
});

test("J03 a request without a token is malformed from a resource server, and inactive to the operator's callers", async () => {
  const fromResource = await post(server, "/introspect", { token: "" }, asResource());
  assert.equal(fromResource.status, 400);
  assert.equal(fromResource.body.error, "invalid_request");
  const fromOperator = await post(server, "/introspect", {}, asOperator());
  assert.equal(fromOperator.status, 200);
  assert.equal(fromOperator.text, inactive);
});

test("J-n1 a client's id, its tokens and a person's tokens are no introspection credentials", async () => {
  for (const authorization of [
    `Bearer ${tokens.access_token}`,
    `Bearer ${tokens.refresh_token}`,
    `Bearer ${client.id}`,
    `Basic ${Buffer.from(`${client.id}:`).toString("base64")}`,
  ]) {
    const answer = await post(server, "/introspect", { token: tokens.access_token }, { authorization });
    assert.equal(answer.status, 401, authorization);
    assert.equal(answer.body.active, undefined);
  }
});

test("J-n4 a token with anything added or changed is inactive", async () => {
  const { access_token: token } = tokens;
  const lookalikes = [`${token}\n`, ` ${token}`, token.toUpperCase(), `${token}.`, token.slice(0, -1)];
  for (const lookalike of lookalikes)
    assert.equal(await isActive(server, lookalike), false, JSON.stringify(lookalike));
  const withNul = await post(server, "/introspect", { token: `${token}\0` }, asOperator());
  assert.ok(withNul.status === 400 || withNul.text === inactive);
});

test("J-n6 a token in the query string is not looked at", async () => {
  const response = await fetch(`${server.url}/introspect?token=${tokens.access_token}`, {
    method: "POST",
    headers: { ...asOperator(), "content-type": "application/x-www-form-urlencoded" },
    body: "",
  });
  assert.equal((await read(response)).text, inactive);
});

test("J-n3 an empty or missing INTROSPECTION_TOKEN opens nothing: 401 for that kind of caller", async (t) => {
  const unconfigured = await startTestGatehouse({ INTROSPECTION_TOKEN: "" });
  t.after(() => unconfigured.stop());
  const withSomething = await post(
    unconfigured,
    "/introspect",
    { token: "x" },
    { authorization: "Bearer x" },
  );
  assert.equal(withSomething.status, 401);
  const withEmpty = await post(unconfigured, "/introspect", { token: "x" }, { authorization: "Bearer " });
  assert.equal(withEmpty.status, 401);
});

test("J04 J-n5 unknown, malformed, expired and revoked tokens all look the same", async () => {
  const [revoked, expired] = [await tokensFor(server, client), await tokensFor(server, client)];
  await post(server, "/revoke", { client_id: client.id, token: revoked.access_token });
  const unknown = `${expired.access_token.slice(0, 20)}x${expired.access_token.slice(21)}`;
  server.clock.advance(expired.expires_in);
  for (const token of [
    unknown,
    "garbage",
    "gatehouse_at_",
    revoked.access_token,
    expired.access_token,
    "a".repeat(5000),
  ]) {
    const answer = await post(server, "/introspect", { token }, asOperator());
    assert.equal(answer.status, 200);
    assert.equal(answer.text, inactive, token);
  }
  tokens = await tokensFor(server, client);
});

test("J05 an active token is described with integer seconds", async () => {
  const body = await introspect(server, tokens.access_token, credential);
  const now = server.clock.now();
  assert.deepEqual(body, {
    active: true,
    sub: body.sub,
    username: "alice@example.com",
    token_type: "Bearer",
    exp: now + 3600,
    client_id: client.id,
    scope: "notes:read",
    aud: resource,
    iss: server.issuer,
    iat: now,
  });
  assert.match(String(body.sub), /^user_[A-Za-z0-9_-]{43}$/);
});

test("J06 J-n2 a resource server sees only tokens meant for it", async () => {
  assert.equal((await introspect(server, tokens.access_token, credential)).active, true);
  assert.deepEqual(await introspect(server, tokens.access_token, otherCredential), { active: false });
});

test("J07 a token_type_hint changes nothing", async () => {
  for (const hint of ["access_token", "refresh_token", "nonsense"]) {
    const form = { token: tokens.access_token, token_type_hint: hint };
    assert.equal((await post(server, "/introspect", form, asResource())).body.active, true, hint);
  }
});

test("J08 nothing but an access token is ever active", async () => {
  const code = await aCode(server, client);
  for (const token of [
    code,
    tokens.refresh_token,
    credential,
    server.introspectionToken,
    client.id,
    client.verifier,
  ]) {
    for (const headers of [asOperator(), asResource()]) {
      const form = { token, token_type_hint: "refresh_token" };
      assert.equal((await post(server, "/introspect", form, headers)).text, inactive);
    }
  }
});

test("J09 answers are not to be cached, and guessing a credential is throttled", async (t) => {
  const answer = await post(server, "/introspect", { token: tokens.access_token }, asResource());
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const limited = await startTestGatehouse({ RATE_LIMITS: "on" });
  t.after(() => limited.stop());
  const its = await limited.addResource(resource);
  const statuses: number[] = [];
  for (let guess = 0; guess < 30; guess++) {
    const wrong = await post(
      limited,
      "/introspect",
      { token: "x" },
      { authorization: `Bearer guess-${guess}` },
    );
    statuses.push(wrong.status);
    if (wrong.status === 429) assert.match(wrong.headers.get("retry-after") ?? "", /^\d+$/);
  }
  assert.deepEqual(new Set(statuses), new Set([401, 429]));
  // The real callers behind the same address go on.
  assert.equal((await introspect(limited, "x", its)).active, false);
});

test("Y20 a credential that was rotated is good beside the new one until its end, never three of them, and the log tells who still uses it and how much", async () => {
  const identifier = "https://rotated.example.com/mcp";
  const first = await server.addResource(identifier);
  const [second, third] = [`${first}2`, `${first}3`];
  const rotate = (to: string, keep?: number) => {
    const until = keep === undefined ? undefined : seconds(server.clock.now() + keep);
    return server.store.replaceResourceCredential(canonicalResource(identifier), hashSecret(to), until);
  };
  const status = async (secret: string) =>
    (await post(server, "/introspect", { token: "x" }, { authorization: `Bearer ${secret}` })).status;
  const used = () => eventsOf(server, "previous_credential_used").length;
  await rotate(second, 100);
  assert.deepEqual([await status(second), used()], [200, 0]);
  assert.deepEqual([await status(first), await status(first), used()], [200, 200, 1]);
  server.clock.advance(60);
  for (const secret of [second, second, first]) assert.equal(await status(secret), 200);
  assert.match(
    eventsOf(server, "previous_credential_used")[1]?.detail ?? "",
    /: 2 with the old credential, 2 with the new one/,
  );
  assert.equal(eventsOf(server, "previous_credential_used")[0]?.resource, identifier);
  const log = server.log.join("\n");
  for (const secret of [first, second]) assert.ok(!log.includes(secret) && !log.includes(hashSecret(secret)));
  server.clock.advance(39);
  assert.equal(await status(first), 200);
  server.clock.advance(1);
  assert.deepEqual([await status(first), await status(second)], [401, 200]);
  await rotate(third, 100);
  await rotate(first, 100);
  assert.deepEqual([await status(second), await status(third), await status(first)], [401, 200, 200]);
  await rotate(second);
  assert.deepEqual([await status(first), await status(third), await status(second)], [401, 401, 200]);
});

test("while somebody guesses INTROSPECTION_TOKEN the right one is refused too, unless it is beyond guessing", async (t) => {
  const asked = async (server: TestGatehouse, credential: string) =>
    post(server, "/introspect", { token: "x" }, { authorization: `Bearer ${credential}` });
  const random = "f3Qx9kZr0aWmT7uLcYp2SbNd5GhJ8vEi1oXqRtAeUwM=";
  for (const [token, status] of [
    ["thought-up-by-somebody", 429],
    [random, 200],
  ] as const) {
    const server = await startTestGatehouse({ RATE_LIMITS: "on", INTROSPECTION_TOKEN: token });
    t.after(() => server.stop());
    assert.equal((await asked(server, token)).status, 200);
    for (let guess = 0; guess < 20; guess++)
      assert.equal((await asked(server, `guess-${guess}`)).status, 401);
    assert.equal((await asked(server, "guess")).status, 429);
    const right = await asked(server, token);
    assert.equal(right.status, status, token);
    if (status === 429) assert.match(right.headers.get("retry-after") ?? "", /^[1-9]\d?$/);
  }
});

test("J11 LEGACY the static token is the operator's credential, and knows people by e-mail address", async () => {
  const body = await introspect(server, tokens.access_token);
  assert.equal(body.sub, "alice@example.com");
  assert.equal(body.username, "alice@example.com");
  assert.equal(body.token_type, "Bearer");
  const wrong = await post(
    server,
    "/introspect",
    { token: "x" },
    { authorization: `Bearer ${server.introspectionToken}x` },
  );
  assert.equal(wrong.status, 401);
});
