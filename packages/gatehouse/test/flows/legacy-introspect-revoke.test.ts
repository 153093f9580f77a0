import assert from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { seconds } from "../../src/oauth/values.ts";
import { aTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyClient, aLegacyToken, revokeByLink } from "../support/legacy-client.ts";
import {
  aPublicClient,
  introspect,
  isActive,
  post,
  postBody,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";

let database: TestDatabase;
let server: TestGatehouse;
let web: TestClient;
let credential: string;

before(async () => {
  database = await aTestDatabase();
  server = await startTestGatehouse({ SQL_URL: database.url });
  credential = await server.addResource(resource);
  web = await aLegacyClient(server);
});
after(async () => {
  await server?.stop();
  database?.remove();
});

const asOperator = () => ({ authorization: `Bearer ${server.introspectionToken}` });
const inactive = '{"active":false}';
const revokeJson = (body: string) => postBody(server, "/revoke", body, "application/json");

/** A token as the old service minted it, with the row it wrote: no checksum, no client, no grant. */
async function aTokenOfTheOldService(projectId: number | null = null): Promise<string> {
  const token = `gatehouse_at_${randomBytes(32).toString("base64url")}`;
  const createdAt = server.clock.now();
  await database.insertToken({
    token: hash("sha256", token, "base64url"),
    email: "old@example.com",
    expiresAt: createdAt + 604_800,
    createdAt,
    projectId,
  });
  return token;
}

test("LEGACY the web client's token is its person's e-mail address, twice, for seven days", async () => {
  const token = await aLegacyToken(server, web);
  const answer = await post(server, "/introspect", { token }, asOperator());
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const { aud, scope, ...rest } = answer.body;
  assert.deepEqual(rest, {
    active: true,
    sub: "alice@example.com",
    username: "alice@example.com",
    token_type: "Bearer",
    exp: server.clock.now() + 604_800,
    client_id: web.id,
    iss: server.issuer,
    iat: server.clock.now(),
  });
});

test("LEGACY unknown, expired, revoked, empty and missing tokens are inactive, byte for byte", async () => {
  const [revoked, expired] = [await aLegacyToken(server, web), await aLegacyToken(server, web)];
  await revokeJson(JSON.stringify({ token: revoked }));
  assert.ok(await isActive(server, expired));
  server.clock.advance(604_800);
  for (const token of [`gatehouse_at_${"x".repeat(43)}`, expired, revoked, "", undefined]) {
    const answer = await post(server, "/introspect", { token }, asOperator());
    assert.equal(answer.status, 200);
    assert.equal(answer.text, inactive, `token ${token}`);
    assert.equal(answer.headers.get("cache-control"), "no-store");
  }
});

test("LEGACY a wrong operator's token is 401, also at a server that has none, which still knows its resources", async (t) => {
  const wrong = await post(server, "/introspect", { token: "x" }, { authorization: "Bearer wrong" });
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers.get("www-authenticate") ?? "", /^Bearer\b/);
  assert.equal(wrong.headers.get("cache-control"), "no-store");

  const without = await startTestGatehouse({ INTROSPECTION_TOKEN: "" });
  t.after(() => without.stop());
  const its = await without.addResource(resource);
  const answer = await post(without, "/introspect", { token: "x" }, { authorization: "Bearer any" });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer\b/);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.ok(!without.log.some((line) => line.includes('"level":"error"')), without.log.join(""));
  const reason = /"detail":"INTROSPECTION_TOKEN is not configured"/;
  assert.ok(
    without.log.some((line) => reason.test(line)),
    "whoever runs it can see why",
  );
  assert.deepEqual(await introspect(without, "gatehouse_at_unknown", its), { active: false });
});

test("LEGACY a resource server knows a person by a subject that survives a change of address", async () => {
  const client = await aPublicClient(server);
  const before = await introspect(server, (await tokensFor(server, client)).access_token, credential);
  const alice = server.upstream.account;
  server.upstream.account = { ...alice, email: "alice@married.example.com" };
  const { access_token } = await tokensFor(server, client);
  server.upstream.account = alice;
  const after = await introspect(server, access_token, credential);
  assert.equal(before.username, "alice@example.com");
  assert.equal(after.username, "alice@married.example.com");
  assert.equal(after.sub, before.sub);
  assert.notEqual(after.sub, after.username);
  assert.equal((await introspect(server, access_token)).sub, "alice@married.example.com");
});

test("LEGACY other services find our token by the unpadded base64url of its SHA-256, and lose it when it is revoked", async () => {
  const token = await aLegacyToken(server, web);
  const key = hash("sha256", token, "base64url");
  assert.deepEqual(await database.findToken(key), {
    token: key,
    email: "alice@example.com",
    expiresAt: server.clock.now() + 604_800,
    projectId: null,
  });
  await revokeJson(JSON.stringify({ token }));
  assert.equal(await database.findToken(key), undefined);
});

test("LEGACY a token of the old service is known by its row", async () => {
  const { active, sub, username } = await introspect(server, await aTokenOfTheOldService());
  assert.deepEqual({ active, sub, username }, { active: true, sub: "old@example.com", username: sub });
});

test("LEGACY a token of the old service ends by JSON and by link", async () => {
  const [first, second] = [await aTokenOfTheOldService(), await aTokenOfTheOldService()];
  assert.equal((await revokeJson(JSON.stringify({ token: first }))).text, '{"ok":true,"result":{}}');
  assert.ok(!(await isActive(server, first)));
  assert.ok(await isActive(server, second));
  assert.equal((await revokeByLink(server, { token: second })).status, 302);
  assert.ok(!(await isActive(server, second)));
});

test("LEGACY a token narrowed to a project is nothing here, but its holder can end it", async () => {
  const token = await aTokenOfTheOldService(7);
  const isThere = async () => (await database.findToken(hash("sha256", token, "base64url"))) !== undefined;
  assert.ok(!(await isActive(server, token)));
  assert.ok(await isThere());
  await revokeJson(JSON.stringify({ token }));
  assert.ok(!(await isThere()));
});

test("LEGACY tokens minted elsewhere are not cleaned away, expired or not, beside ours that are", async () => {
  const [plain, narrowed] = [await aTokenOfTheOldService(), await aTokenOfTheOldService(7)];
  const ours = await aLegacyToken(server, web);
  const rowOf = (token: string) => database.findToken(hash("sha256", token, "base64url"));
  assert.ok(await rowOf(ours));
  const afterAll = seconds(server.clock.now() + 700_000);
  while ((await server.store.sweep(afterAll, 1000, afterAll)).accessTokens > 0);
  assert.equal(await rowOf(ours), undefined);
  assert.ok(await rowOf(plain));
  assert.ok(await rowOf(narrowed));
});

test("LEGACY a body that is not JSON is 400 with a message, and ends nothing", async () => {
  const token = await aTokenOfTheOldService();
  for (const body of ["", `token=${token}`, `{"token":"${token}"`, `["${token}"]`]) {
    const answer = await revokeJson(body);
    assert.equal(answer.status, 400, body);
    const { ok, error } = answer.body as { ok: unknown; error: { message: unknown } };
    assert.equal(ok, false);
    assert.match(String(error.message), /JSON/);
    assert.deepEqual(Object.keys(answer.body), ["ok", "error"]);
  }
  assert.ok(await isActive(server, token));
});

test("LEGACY a sign-out link ends the token even when it may not lead where it says", async (t) => {
  const token = await aLegacyToken(server, web);
  const answer = await revokeByLink(server, { token, callback: "https://evil.example/" });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("location"), `${server.issuer}/`);
  assert.ok(!(await isActive(server, token)));
  // Origins of public clients are their own invention, and no place to send anyone.
  const mcp = await aPublicClient(server, { redirect_uris: ["https://agent.example.com/cb"] });
  const toPublic = await revokeByLink(server, { token, callback: mcp.redirectUri });
  assert.equal(toPublic.headers.get("location"), `${server.issuer}/`);

  const withHome = await startTestGatehouse({ HOME_URL: "https://home.example.com/welcome" });
  t.after(() => withHome.stop());
  const nowhere = await fetch(`${withHome.url}/revoke?token=x`, { redirect: "manual" });
  assert.equal(nowhere.headers.get("location"), "https://home.example.com/welcome");
});

test("LEGACY the same path serves RFC 7009 forms of the web client", async () => {
  const token = await aLegacyToken(server, web);
  const answer = await post(server, "/revoke", { client_id: web.id, client_secret: web.secret, token });
  assert.equal(answer.status, 200);
  assert.equal(answer.text, "");
  assert.ok(!(await isActive(server, token)));
});
