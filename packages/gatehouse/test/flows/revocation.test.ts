import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyClient, aLegacyToken, revokeByLink } from "../support/legacy-client.ts";
import {
  aCode,
  aPublicClient,
  isActive,
  post,
  postBody,
  redeem,
  refresh,
  resource,
  type TestClient,
  type Tokens,
  tokensFor,
} from "../support/oauth-client.ts";

let server: TestGatehouse;
let client: TestClient;
let web: TestClient;

before(async () => {
  server = await startTestGatehouse({ HOME_URL: "https://home.example.com/welcome" });
  await server.addResource(resource);
  client = await aPublicClient(server);
  web = await aLegacyClient(server);
});
after(() => server?.stop());

const revoke = (form: Record<string, string | undefined>) =>
  post(server, "/revoke", { client_id: client.id, ...form });
const revokeJson = (body: string, type: string | null = "application/json") =>
  postBody(server, "/revoke", body, type);

test("K01 revocation is a POST of a form with a token", async () => {
  const missing = await revoke({});
  assert.equal(missing.status, 400);
  assert.equal(missing.body.error, "invalid_request");
  const get = await fetch(`${server.url}/revoke`, { redirect: "manual" });
  assert.equal(get.status, 405);
  assert.match(get.headers.get("allow") ?? "", /POST/);
});

test("K02 a client that cannot prove itself revokes nothing", async () => {
  const token = await aLegacyToken(server, web);
  for (const form of [{ client_id: web.id, client_secret: "wrong" }, { client_id: "nobody" }]) {
    const answer = await post(server, "/revoke", { ...form, token });
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error, "invalid_client");
  }
  assert.ok(await isActive(server, token));
  assert.equal(
    (await post(server, "/revoke", { client_id: web.id, client_secret: web.secret, token })).status,
    200,
  );
  assert.ok(!(await isActive(server, token)));
});

test("K03 a token that is unknown, malformed or revoked before is as good as revoked", async () => {
  const { access_token } = await tokensFor(server, client);
  for (const token of [access_token, access_token, "garbage", "gatehouse_rt_garbage"]) {
    assert.equal((await revoke({ token })).status, 200, token);
  }
});

test("K04 K-n2 another client's tokens stay valid", async () => {
  const tokens = await tokensFor(server, client);
  const stranger = await aPublicClient(server);
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    assert.equal((await revoke({ client_id: stranger.id, token })).status, 200);
  }
  assert.ok(await isActive(server, tokens.access_token));
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
});

test("K05 revoking any generation of a refresh token ends the family", async () => {
  const first = await tokensFor(server, client);
  const second = (await refresh(server, client, first.refresh_token)).body as unknown as Tokens;
  assert.equal((await revoke({ token: first.refresh_token })).status, 200);
  assert.equal((await refresh(server, client, second.refresh_token)).body.error, "invalid_grant");
  assert.ok(!(await isActive(server, second.access_token)));
});

test("K06 a refresh token takes its grant's access tokens along, and so does a sealed access token; a stored one goes alone", async (t) => {
  const ended = await tokensFor(server, client);
  const next = (await refresh(server, client, ended.refresh_token)).body as unknown as Tokens;
  await revoke({ token: next.refresh_token });
  for (const { access_token } of [ended, next]) assert.ok(!(await isActive(server, access_token)));

  const sealed = await tokensFor(server, client);
  const later = (await refresh(server, client, sealed.refresh_token)).body as unknown as Tokens;
  await revoke({ token: sealed.access_token });
  for (const { access_token } of [sealed, later]) assert.ok(!(await isActive(server, access_token)));
  assert.equal((await refresh(server, client, later.refresh_token)).body.error, "invalid_grant");

  const sharing = await startTestGatehouse({ SHARED_TOKENS: "on" });
  t.after(() => sharing.stop());
  await sharing.addResource(resource);
  const other = await aPublicClient(sharing);
  const stored = await tokensFor(sharing, other);
  const form = { client_id: other.id, token: stored.access_token };
  assert.equal((await post(sharing, "/revoke", form)).status, 200);
  assert.ok(!(await isActive(sharing, stored.access_token)));
  const refreshed = (await refresh(sharing, other, stored.refresh_token)).body as unknown as Tokens;
  assert.ok(await isActive(sharing, refreshed.access_token));
});

test("K07 a wrong token_type_hint still finds the token", async () => {
  const tokens = await tokensFor(server, client);
  await revoke({ token: tokens.access_token, token_type_hint: "refresh_token" });
  assert.ok(!(await isActive(server, tokens.access_token)));
  await revoke({ token: tokens.refresh_token, token_type_hint: "nonsense" });
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 400);
});

test("K08 revocation holds at once, and a store that fails is told, not glossed over", async (t) => {
  const tokens = await tokensFor(server, client);
  const broken = t.mock.method(server.store, "revokeGrant", () =>
    Promise.reject(new StoreUnavailableError("disk full")),
  );
  const answer = await revoke({ token: tokens.refresh_token });
  assert.equal(answer.status, 503);
  assert.equal(answer.body.error, "temporarily_unavailable");
  assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
  broken.mock.restore();
  assert.ok(await isActive(server, tokens.access_token));
  assert.equal((await revoke({ token: tokens.refresh_token })).status, 200);
  assert.ok(!(await isActive(server, tokens.access_token)));
});

test("K09 LEGACY JSON revocation ends the token of whoever holds it, whatever its client and the body's type", async () => {
  const types = ["application/json", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", null];
  for (const type of types) {
    const [token, tokens] = [await aLegacyToken(server, web), await tokensFor(server, client)];
    for (const ended of [
      token,
      tokens.access_token,
      tokens.refresh_token,
      tokens.access_token,
      "unknown",
      "",
    ]) {
      const answer = await revokeJson(JSON.stringify({ token: ended }), type);
      assert.equal(answer.status, 200, `${type}: ${answer.text}`);
      assert.equal(answer.text, '{"ok":true,"result":{}}');
    }
    for (const ended of [token, tokens.access_token])
      assert.ok(!(await isActive(server, ended)), String(type));
    assert.equal(
      (await refresh(server, client, tokens.refresh_token)).body.error,
      "invalid_grant",
      String(type),
    );
  }
  assert.equal((await revokeJson("{}")).text, '{"ok":true,"result":{}}');
  for (const [body, type] of [
    ["not json", "application/json"],
    ["[]", "text/plain"],
    ["null", "application/json"],
    ['{"token":1}', null],
    ["token=x", "text/plain"],
    ["", null],
  ] as const) {
    const answer = await revokeJson(body, type);
    assert.equal(answer.status, 400);
    assert.equal(answer.body.ok, false);
    assert.equal(typeof (answer.body.error as { message: unknown }).message, "string");
  }
});

test("LEGACY a store that cannot end a token is told, not answered with ok", async (t) => {
  const tokens = await tokensFor(server, client);
  t.mock.method(server.store, "revokeGrant", () => Promise.reject(new StoreUnavailableError("disk full")));
  const answer = await revokeJson(JSON.stringify({ token: tokens.refresh_token }));
  assert.equal(answer.status, 503);
  assert.notEqual(answer.body.ok, true);
});

test("K10 LEGACY a sign-out link ends the token and leads back to the web client", async () => {
  const token = await aLegacyToken(server, web);
  const answer = await revokeByLink(server, { token, callback: "https://app.example.com/signed-out?x=1" });
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.get("location"), "https://app.example.com/signed-out?x=1");
  assert.ok(!(await isActive(server, token)));
  const home = await revokeByLink(server, { token, callback: "https://home.example.com/elsewhere" });
  assert.equal(home.headers.get("location"), "https://home.example.com/elsewhere");
});

test("what came of a code ends with its grant, whoever asks first", async () => {
  const code = await aCode(server, client);
  const tokens = (await redeem(server, client, code)).body as unknown as Tokens;
  await revoke({ token: tokens.refresh_token });
  assert.equal((await redeem(server, client, code)).body.error, "invalid_grant");
});
