import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  type Answer,
  aPublicClient,
  introspect,
  post,
  resource,
  type Tokens,
  tokensFor,
  withoutReference,
} from "../support/oauth-client.ts";

/*
 * The callers of RFC 7662 in other languages authenticate by id and secret, in a Basic header or in the body;
 * some of them form-encode both before they join them (RFC 6749 §2.3.1), most do not.
 */

const odd = "http://localhost:8081/mcp%20notes?team=a:b";
let server: TestGatehouse;
let credential: string;
let oddCredential: string;
let token: string;
let oddToken: string;

before(async () => {
  server = await startTestGatehouse();
  credential = await server.addResource(resource, { "notes:read": "Read your notes" });
  oddCredential = await server.addResource(odd);
  const client = await aPublicClient(server);
  token = ((await tokensFor(server, client)) satisfies Tokens).access_token;
  oddToken = (await tokensFor(server, client, { resource: odd })).access_token;
});
after(() => server?.stop());

const idOf = (identifier: string) => shortIdOf(canonicalResource(identifier));
const basic = (joined: string) => ({ authorization: `Basic ${Buffer.from(joined).toString("base64")}` });
const encoded = (id: string, secret: string) => `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
const ask = (form: Record<string, string>, headers: Record<string, string> = {}, about = token) =>
  post(server, "/introspect", { token: about, ...form }, headers);

function assertRefused(
  { status, headers, body, text }: Answer,
  scheme: "Basic" | "Bearer",
  what: string,
): void {
  assert.equal(status, 401, `${what}: ${text}`);
  assert.match(headers.get("www-authenticate") ?? "", new RegExp(`^${scheme} realm=`), what);
  assert.deepEqual(Object.keys(body).sort(), ["error", "error_description"], what);
}

test("Y21 a resource server asks by client_secret_basic and client_secret_post, by its short id or its identifier", async () => {
  const bearer = await introspect(server, token, credential);
  assert.equal(bearer.active, true);
  for (const id of [resource, idOf(resource)]) {
    assert.deepEqual((await ask({}, basic(`${id}:${credential}`))).body, bearer, `raw ${id}`);
    assert.deepEqual((await ask({}, basic(encoded(id, credential)))).body, bearer, `form-encoded ${id}`);
    assert.deepEqual(
      (await ask({ client_id: id, client_secret: credential })).body,
      bearer,
      `in the body ${id}`,
    );
    assert.deepEqual(
      (await ask({ client_id: id }, basic(`${id}:${credential}`))).body,
      bearer,
      `named twice ${id}`,
    );
  }
});

test("an identifier with a port, a query, a colon and a percent sign works raw and form-encoded", async () => {
  for (const joined of [`${odd}:${oddCredential}`, encoded(odd, oddCredential)]) {
    assert.equal((await ask({}, basic(joined), oddToken)).body.active, true, joined);
    assert.equal((await ask({}, basic(joined))).body.active, false, "J06 holds whatever the way");
  }
});

test("Y22 INTROSPECTION_TOKEN is the secret of the id introspection, raw and form-encoded", async (t) => {
  const secret = "f3Qx9kZr0aWm+/uLc:p2SbNd5GhJ8vEi1oXqRtAeUwM=";
  const operated = await startTestGatehouse({ INTROSPECTION_TOKEN: secret });
  t.after(() => operated.stop());
  const client = await aPublicClient(operated);
  const { access_token: about } = await tokensFor(operated, client);
  const asked = async (form: Record<string, string>, headers: Record<string, string> = {}) =>
    (await post(operated, "/introspect", { token: about, ...form }, headers)).body;
  const bearer = await asked({}, { authorization: `Bearer ${secret}` });
  assert.equal(bearer.sub, "alice@example.com");
  assert.deepEqual(await asked({}, basic(`introspection:${secret}`)), bearer);
  assert.deepEqual(await asked({}, basic(encoded("introspection", secret))), bearer);
  assert.deepEqual(await asked({ client_id: "introspection", client_secret: secret }), bearer);
  assert.deepEqual(await asked({ token: "" }, basic(`introspection:${secret}`)), { active: false });
});

test("two ways in one request are one too many", async () => {
  const both: [Record<string, string>, Record<string, string>][] = [
    [{ client_id: resource, client_secret: credential }, basic(`${resource}:${credential}`)],
    [{ client_id: resource, client_secret: credential }, { authorization: `Bearer ${credential}` }],
    [{ client_assertion: "e.y.j" }, { authorization: `Bearer ${credential}` }],
    [{ client_id: "somebody-else" }, basic(`${resource}:${credential}`)],
  ];
  for (const [form, headers] of both) {
    const answer = await ask(form, headers);
    assert.equal(answer.status, 400, JSON.stringify([form, headers]));
    assert.equal(answer.body.error, "invalid_request");
  }
  // As ever: a bearer credential speaks for itself, whatever client_id stands beside it.
  const beside = await ask({ client_id: "anybody" }, { authorization: `Bearer ${credential}` });
  assert.equal(beside.body.active, true);
});

test("Y23 the metadata name all three ways, and a refusal names the one that was tried", async () => {
  const metadata = await fetch(`${server.url}/.well-known/oauth-authorization-server`);
  const { introspection_endpoint_auth_methods_supported: methods } = (await metadata.json()) as {
    introspection_endpoint_auth_methods_supported: unknown;
  };
  assert.deepEqual(methods, ["client_secret_basic", "client_secret_post", "Bearer"]);
  const wrong = await ask({}, basic(`${resource}:gatehouse_rs_wrong`));
  assertRefused(wrong, "Basic", "Basic");
  assert.equal(wrong.body.error, "invalid_client");
  assertRefused(await ask({ client_id: resource, client_secret: "x" }), "Bearer", "in the body");
  assertRefused(await ask({}), "Bearer", "without any");
});

test("the log names the way and the claimed id of a refused caller, as a warning, once a minute for each", async () => {
  const id = "https://misconfigured.example.com/mcp";
  const told = () =>
    server.log
      .filter((line) => line.includes("introspection_refused") && line.includes(id))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  for (let again = 0; again < 3; again++) await ask({}, basic(`${id}:gatehouse_rs_wrong`));
  assert.equal(told().length, 1);
  server.clock.advance(60);
  await ask({}, basic(`${id}:gatehouse_rs_wrong`));
  assert.equal(told().length, 2);
  const [line] = told();
  assert.equal(line?.level, "warn");
  assert.equal(line?.client, id);
  assert.equal(line?.reason, "client_secret_basic");
  assert.doesNotMatch(server.log.join(""), /rs_wrong/);
});

test("Y-n11 no id and no secret opens more than its own resource", async (t) => {
  const other = "https://other.example.com/mcp";
  const otherCredential = await server.addResource(other);
  await server.addClient({
    id: "web-client",
    secret: "the-secret-of-a-web-client",
    authMethod: "client_secret_basic",
  });
  const attacks: [string, string][] = [
    [resource, ""],
    [idOf(resource), ""],
    [resource, otherCredential],
    [idOf(other), credential],
    ["introspection", credential],
    [resource, server.introspectionToken],
    ["web-client", "the-secret-of-a-web-client"],
    ["", credential],
  ];
  for (const [id, secret] of attacks) {
    assertRefused(await ask({}, basic(`${id}:${secret}`)), "Basic", `${id}:${secret}`);
    assertRefused(await ask({}, basic(encoded(id, secret))), "Basic", `${id}:${secret}, encoded`);
    assertRefused(
      await ask({ client_id: id, client_secret: secret }),
      "Bearer",
      `${id} ${secret} in the body`,
    );
  }
  const inQuery = `/introspect?client_id=${encodeURIComponent(resource)}&client_secret=${credential}`;
  assertRefused(await post(server, inQuery, { token }), "Bearer", "in the query");

  const unset = await startTestGatehouse({ INTROSPECTION_TOKEN: "" });
  t.after(() => unset.stop());
  for (const secret of ["", "undefined", "anything"]) {
    assertRefused(
      await post(unset, "/introspect", { token }, basic(`introspection:${secret}`)),
      "Basic",
      "INTROSPECTION_TOKEN is unset",
    );
  }
});

test("Y-n12 a strange name in Basic is a 401, and matches no other resource than the literal one", async () => {
  const userInfo = "https://a:b@notes.example.com/mcp";
  for (const joined of [
    `${userInfo}:${credential}`,
    encoded(userInfo, credential),
    encoded(encodeURIComponent(resource), credential),
    `${resource}/:${credential}`,
    `${resource.toUpperCase()}:${credential}`,
    `${resource}:${credential}:`,
    `${resource}::${credential}`,
    `https:${credential}`,
    `https://notes.example.com:${credential}`,
    `https://nötes.example.com/mcp:${credential}`,
    `${resource}\0:${credential}`,
    `%00:${credential}`,
    `%E0%A4:${credential}`,
    `${"https://x/".padEnd(9_000, "y")}:${credential}`,
    ":",
    "https://",
  ]) {
    assertRefused(await ask({}, basic(joined)), "Basic", joined.slice(0, 80));
  }
  assertRefused(await ask({}, { authorization: "Basic %%%" }), "Basic", "not base64");
  const huge = await ask({}, basic(`${"x".repeat(64_000)}:${credential}`));
  assert.ok(huge.status >= 400 && huge.status < 500, `64 kB: ${huge.status}`);
});

test("Y-n13 an unknown id and a wrong secret look alike", async () => {
  const wrong = `gatehouse_rs_${"x".repeat(43)}`;
  const answers = await Promise.all(
    [`${resource}:${wrong}`, `rs_000000000000:${wrong}`, `https://unknown.example.com/mcp:${wrong}`].map(
      (joined) => ask({}, basic(joined)),
    ),
  );
  assert.equal(new Set(answers.map((answer) => `${answer.status} ${withoutReference(answer)}`)).size, 1);
});

test("guessing INTROSPECTION_TOKEN by id and secret is slowed like guessing it by Bearer; real callers go on", async (t) => {
  const limited = await startTestGatehouse({ RATE_LIMITS: "on" });
  t.after(() => limited.stop());
  const its = await limited.addResource(resource);
  const guess = (headers: Record<string, string>) => post(limited, "/introspect", { token: "x" }, headers);
  for (let at = 0; at < 20; at++) assert.equal((await guess(basic(`introspection:guess-${at}`))).status, 401);
  assert.equal((await guess(basic("introspection:guess"))).status, 429);
  // Thought up by somebody: it is not told whether the next guess is right, whatever the way.
  assert.equal((await guess(basic(`introspection:${limited.introspectionToken}`))).status, 429);
  assert.equal((await guess({ authorization: `Bearer ${limited.introspectionToken}` })).status, 429);
  assert.equal((await guess(basic(`${resource}:${its}`))).status, 200);
});
