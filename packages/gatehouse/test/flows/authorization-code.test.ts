import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyCode } from "../support/legacy-client.ts";
import {
  aCode,
  aPublicClient,
  authorizationUrl,
  introspect,
  isActive,
  pkce,
  post,
  redeem,
  refresh,
  resource,
  type TestClient,
  type Tokens,
} from "../support/oauth-client.ts";
import { isRefused } from "../support/refusals.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;
let web: TestClient;
const other = "https://calendar.example.com/mcp";

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
  await server.addResource(other);
  client = await aPublicClient(server, { redirect_uris: ["http://127.0.0.1/callback?app=1"] });
  client = { ...client, redirectUri: "http://127.0.0.1:33418/callback?app=1" };
  web = { id: "web", redirectUri: "https://app.example.com/cb", secret: "web-secret", ...pkce() };
  await server.addClient({ id: "web", secret: "web-secret", redirectUris: ["https://app.example.com/*"] });
});
after(() => server?.stop());

const redeemLegacy = (code: string, form: Record<string, string> = {}) =>
  post(server, "/token", { client_id: "web", client_secret: "web-secret", code, ...form });

test("F01 a code must be there, known, fresh and unused", async () => {
  await isRefused(redeem(server, client, ""), "invalid_request");
  for (const code of ["unknown", "gatehouse_ac_", "a".repeat(3000)]) {
    await isRefused(redeem(server, client, code));
    // What is missing is told first, as the service before us does.
    await isRefused(redeem(server, client, code, { code_verifier: undefined }), "invalid_request");
  }
  const code = await aCode(server, client);
  assert.equal((await redeem(server, client, code)).status, 200);
  await isRefused(redeem(server, client, code));
});

test("F02 a code is worth nothing to another client, and survives the attempt", async () => {
  const stranger = await aPublicClient(server);
  const code = await aCode(server, client);
  await isRefused(redeem(server, { ...client, id: stranger.id }, code));
  await isRefused(redeemLegacy(code, { code_verifier: client.verifier }));
  assert.equal((await redeem(server, client, code)).status, 200);
});

test("F03 F-n3 of a hundred who redeem one code at once exactly one gets tokens", async () => {
  const code = await aCode(server, client);
  const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(server, client, code)));
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  assert.ok(answers.every(({ status, body }) => status === 200 || body.error === "invalid_grant"));
});

test("F04 F-n6 a replayed code ends everything that came of it, refreshed or not", async () => {
  const code = await aCode(server, client);
  const first = (await redeem(server, client, code)).body as unknown as Tokens;
  const second = (await refresh(server, client, first.refresh_token)).body as unknown as Tokens;
  server.clock.advance(300); // long after the code has expired
  await isRefused(redeem(server, client, code));
  for (const token of [first.access_token, second.access_token]) assert.ok(!(await isActive(server, token)));
  await isRefused(refresh(server, client, second.refresh_token));
});

test("F05 who cannot prove the code is theirs ends nothing with it", async () => {
  const code = await aCode(server, client);
  const tokens = (await redeem(server, client, code)).body as unknown as Tokens;
  const stranger = await aPublicClient(server);
  await isRefused(redeem(server, { ...client, id: stranger.id }, code));
  await isRefused(redeem(server, client, code, { code_verifier: pkce().verifier }));
  await isRefused(redeem(server, client, code, { code_verifier: undefined }), "invalid_request");
  await redeem(server, client, code, { client_secret: "made-up" });
  assert.ok(await isActive(server, tokens.access_token));
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
});

test("F06 a code lives sixty seconds", async () => {
  const [early, late] = [await aCode(server, client), await aCode(server, client)];
  server.clock.advance(59);
  assert.equal((await redeem(server, client, early)).status, 200);
  server.clock.advance(1);
  await isRefused(redeem(server, client, late));
});

test("F07 F-n1 F-n4 only the verifier of the challenge redeems the code", async () => {
  const code = await aCode(server, client);
  await isRefused(redeem(server, client, code, { code_verifier: undefined }), "invalid_request");
  for (const verifier of [pkce().verifier, client.challenge]) {
    await isRefused(redeem(server, client, await aCode(server, client), { code_verifier: verifier }));
  }
  await isRefused(
    redeem(server, client, code, { code_verifier: [client.verifier, client.verifier] }),
    "invalid_request",
  );
  const attacker = await aPublicClient(server);
  await isRefused(redeem(server, client, await aCode(server, attacker)));
  assert.equal((await redeem(server, client, code)).status, 200, "what was merely missing did no harm");
});

test("a wrong verifier uses the code up", async () => {
  const code = await aCode(server, client);
  await isRefused(redeem(server, client, code, { code_verifier: pkce().verifier }));
  await isRefused(redeem(server, client, code));
});

test("F08 F-n2 a verifier without a challenge is refused", async () => {
  const code = await aLegacyCode(server, web);
  await isRefused(redeemLegacy(code, { code_verifier: web.verifier }), "invalid_request");
  assert.equal((await redeemLegacy(code)).status, 200);
});

test("F09 a code without challenge is for LEGACY clients alone, and one with a challenge binds them too", async () => {
  const url = authorizationUrl(server, client, {
    code_challenge: undefined,
    code_challenge_method: undefined,
  });
  const refused = await new UserAgent().request(url);
  assert.match(
    refused.headers.get("location") ?? "",
    /^http:\/\/127\.0\.0\.1:33418\/callback\?app=1&error=invalid_request&/,
  );
  const bound = await aLegacyCode(server, web, { code_challenge: web.challenge });
  await isRefused(redeemLegacy(bound), "invalid_request");
  assert.equal((await redeemLegacy(bound, { code_verifier: web.verifier })).status, 200);
});

test("F10 a verifier that cannot be one is refused, and the code stays", async () => {
  const code = await aCode(server, client);
  for (const verifier of [
    "short",
    "a".repeat(129),
    "a".repeat(42),
    `${"a".repeat(43)}!`,
    `${"a".repeat(43)} `,
  ]) {
    assert.equal((await redeem(server, client, code, { code_verifier: verifier })).status, 400, verifier);
  }
  assert.equal((await redeem(server, client, code)).status, 200);
});

test("F11 F-n5 a redirect_uri sent along is the one of the request, down to the port", async () => {
  for (const redirect_uri of [
    "http://127.0.0.1:33419/callback?app=1",
    "http://127.0.0.1:33418/Callback?app=1",
    "http://127.0.0.1:33418/callback",
    "http://127.0.0.1/callback?app=1",
  ]) {
    await isRefused(redeem(server, client, await aCode(server, client), { redirect_uri }));
  }
  const left = await redeem(server, client, await aCode(server, client), { redirect_uri: undefined });
  assert.equal(left.status, 200);
});

test("F12 the token request can only repeat the resource of the authorization", async () => {
  const code = await aCode(server, client);
  for (const wanted of [other, "https://unknown.example.com", "not a uri", [resource, other]]) {
    await isRefused(redeem(server, client, code, { resource: wanted }), "invalid_target");
  }
  const answer = await redeem(server, client, code, {
    resource: ["HTTPS://NOTES.example.com/mcp", resource],
  });
  assert.equal((await introspect(server, String(answer.body.access_token))).aud, resource);
});

test("F13 nothing in the token request widens what was approved", async () => {
  const code = await aCode(server, client);
  const answer = await redeem(server, client, code, {
    scope: "admin",
    sub: "root",
    username: "root",
    audience: other,
  });
  const body = await introspect(server, String(answer.body.access_token));
  assert.equal(body.scope, "notes:read");
  assert.equal(body.username, "alice@example.com");
  assert.equal(body.aud, resource);
});

test("F14 a refresh token is for clients that registered for one", async () => {
  const once = await aPublicClient(server, { grant_types: ["authorization_code"] });
  const answer = await redeem(
    server,
    once,
    await aCode(server, once, { scope: "notes:read offline_access" }),
  );
  assert.equal(answer.status, 200);
  assert.equal(answer.body.refresh_token, undefined);
  assert.equal(answer.body.scope, "notes:read");
  const granted = await redeem(
    server,
    client,
    await aCode(server, client, { scope: "notes:read offline_access" }),
  );
  assert.match(String(granted.body.refresh_token), /^gatehouse_rt_/);
  assert.equal(granted.body.scope, "notes:read offline_access");
});

test("F15 the challenge shows in no answer", async () => {
  const agent = new UserAgent();
  const page = await agent.follow(authorizationUrl(server, client));
  const end = await agent.submit(page, { decision: "approve" }, (url) => url.port === "33418");
  const answer = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  for (const text of [page.html, end.url.href, answer.text]) assert.ok(!text.includes(client.challenge));
});

test("F-n7 a code of another issuer is unknown here", async (t) => {
  const elsewhere = await startTestGatehouse();
  t.after(() => elsewhere.stop());
  await elsewhere.addResource(resource);
  const there = await aPublicClient(elsewhere);
  const answer = await redeem(server, client, await aCode(elsewhere, there));
  assert.equal(answer.body.error, "invalid_grant");
});
