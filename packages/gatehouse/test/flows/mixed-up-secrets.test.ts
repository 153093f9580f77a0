import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyCode } from "../support/legacy-client.ts";
import {
  aCode,
  aPublicClient,
  introspect,
  isActive,
  pkce,
  post,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { aConfidentialClient } from "../support/provisioned-clients.ts";

let server: TestGatehouse;
let client: TestClient;
let credential: string;
before(async () => {
  server = await startTestGatehouse();
  credential = await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

test("T03 LEGACY a secret in clear text still works, and gets a hash beside it on first use", async () => {
  const clearSecret = "the-old-services-clear-secret";
  const old = { id: "old", redirectUri: "https://old.example.com/cb" };
  await server.addClient({ id: "old", clearSecret, redirectUris: ["https://old.example.com/*"] });
  const attempt = async (client_secret: string) =>
    post(server, "/token", { client_id: "old", client_secret, code: await aLegacyCode(server, old) });
  assert.equal((await attempt("wrong")).status, 401);
  assert.equal((await server.store.findClient("old"))?.secretHash, undefined);
  assert.equal((await attempt(clearSecret)).status, 200);
  const upgraded = await server.store.findClient("old");
  assert.equal(upgraded?.secretHash, hashSecret(clearSecret));
  assert.equal(upgraded?.clearSecret, clearSecret, "kept for a roll-back");
  assert.equal((await attempt(clearSecret)).status, 200);
  assert.equal((await attempt(hashSecret(clearSecret))).status, 401);
});

test("T08 no kind of secret is good as another kind", async () => {
  const tokens = await tokensFor(server, client);
  const secret = `gatehouse_cs_${pkce().verifier}`;
  const own = await aConfidentialClient(server, { secret });
  const kinds = {
    "access token": tokens.access_token,
    "refresh token": tokens.refresh_token,
    code: await aCode(server, client),
    "client secret": secret,
    "introspection credential": credential,
    "operator's introspection token": server.introspectionToken,
    "client id": client.id,
  };
  const { sub } = await introspect(server, tokens.access_token, credential);
  assert.notEqual(sub, client.id);
  assert.match(String(sub), /^user_/);
  for (const [kind, value] of Object.entries(kinds)) {
    if (kind !== "access token") assert.ok(!(await isActive(server, value)), `${kind} as access token`);
    if (kind !== "refresh token")
      assert.equal((await refresh(server, client, value)).status, 400, `${kind} as refresh token`);
    if (kind !== "code") assert.equal((await redeem(server, client, value)).status, 400, `${kind} as code`);
    if (kind !== "client secret")
      assert.equal((await redeem(server, { ...own, secret: value }, "x")).status, 401, `${kind} as secret`);
    if (!/introspection/.test(kind)) {
      const answer = await post(
        server,
        "/introspect",
        { token: tokens.access_token },
        { authorization: `Bearer ${value}` },
      );
      assert.equal(answer.status, 401, `${kind} as introspection credential`);
    }
  }
});

test("T04 a prefix, a longer string or another case of a secret is wrong, and of any length", async () => {
  const own: TestClient = {
    id: "own4",
    redirectUri: "https://own.example.net/cb",
    secret: "Secret-of-own",
    ...pkce(),
  };
  await server.addClient({
    id: own.id,
    secret: "Secret-of-own",
    authMethod: "client_secret_basic",
    redirectUris: [own.redirectUri],
  });
  for (const secret of [
    "Secret-of-ow",
    "Secret-of-own ",
    "secret-of-own",
    "S",
    "x".repeat(60_000),
    "Secret-of-own\u00e9",
  ]) {
    assert.equal((await redeem(server, { ...own, secret }, "x")).status, 401, secret.slice(0, 20));
  }
  assert.equal((await redeem(server, own, "x")).body.error, "invalid_grant");
  for (const token of [
    server.introspectionToken.slice(0, -1),
    `${server.introspectionToken}x`,
    server.introspectionToken.toUpperCase(),
  ]) {
    assert.equal(
      (await post(server, "/introspect", { token: "x" }, { authorization: `Bearer ${token}` })).status,
      401,
    );
  }
});

test("T-n5 a clock that is off by five minutes revives nothing, and no lifetime is negative", async (t) => {
  const shifted = await startTestGatehouse();
  t.after(() => shifted.stop());
  await shifted.addResource(resource);
  const its = await aPublicClient(shifted);
  const [early, late] = [await aCode(shifted, its), await aCode(shifted, its)];
  shifted.clock.advance(300);
  assert.equal((await redeem(shifted, its, early)).body.error, "invalid_grant");
  shifted.clock.advance(-600);
  const answer = await redeem(shifted, its, late);
  assert.ok(answer.status === 400 || Number(answer.body.expires_in) > 0);
  const tokens = await tokensFor(shifted, its);
  assert.ok(tokens.expires_in > 0);
  shifted.clock.advance(tokens.expires_in);
  assert.ok(!(await isActive(shifted, tokens.access_token)));
});
