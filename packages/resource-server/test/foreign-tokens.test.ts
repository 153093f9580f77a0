import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { type TestContext, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../../gatehouse/test/support/gatehouse.ts";
import { aPublicClient, resource, tokensFor } from "../../gatehouse/test/support/oauth-client.ts";
import { createGuard, protect } from "../src/index.ts";
import { challengeOf } from "./support/challenge.ts";
import { listen } from "./support/listening.ts";

test("U-n2 only our access token passes: no refresh token, no ID token, nothing of the identity provider's or of another issuer with the same kid", async (t) => {
  const gatehouse = await startTestGatehouse();
  t.after(gatehouse.stop);
  const credential = await gatehouse.addResource(resource, { "notes:read": "Read your notes" });
  const call = await startNotes(t, gatehouse, credential);
  const ours = await tokensFor(gatehouse, await aPublicClient(gatehouse), { scope: "notes:read" });
  const upstream = await upstreamTokens(gatehouse);

  assert.equal((await call(ours.access_token)).status, 200);
  const others = {
    "our refresh token": ours.refresh_token,
    "the identity provider's ID token": upstream.id_token,
    "the identity provider's access token": upstream.access_token,
    "a token of another issuer with the same kid": await forgedToken(gatehouse),
  };
  for (const [what, token] of Object.entries(others)) {
    const response = await call(token);
    assert.equal(response.status, 401, what);
    assert.equal(challengeOf(response).error, "invalid_token", what);
  }
});

test("a server that calls itself otherwise than its credential does refuses every token, and tells its operator both names", async (t) => {
  const allTokens = "one-credential-for-all-tokens";
  const gatehouse = await startTestGatehouse({ INTROSPECTION_TOKEN: allTokens });
  t.after(gatehouse.stop);
  const own = await gatehouse.addResource(resource, { "notes:read": "Read your notes" });
  const { access_token } = await tokensFor(gatehouse, await aPublicClient(gatehouse), {
    scope: "notes:read",
  });
  const told = async (credential: string) => {
    const failures: string[] = [];
    const guard = createGuard({
      issuer: gatehouse.issuer,
      resource: `${resource}/`,
      credential,
      clock: () => gatehouse.clock.now(),
      onFailure: ({ message }) => failures.push(message),
    });
    const request = { method: "POST", url: "/mcp", authorization: [`Bearer ${access_token}`] };
    const verdict = await guard.check(request);
    assert.equal(verdict.ok ? 200 : verdict.answer.status, 401);
    return failures;
  };
  assert.deepEqual(await told(own), [
    `every token is refused: this server's resource is ${resource}/, and the authorization server knows it as ${resource}. Make both the same, to the letter`,
  ]);
  assert.deepEqual(await told(allTokens), []);
});

/** The protected server, asking the real authorization server. */
async function startNotes(t: TestContext, { issuer, clock }: TestGatehouse, credential: string) {
  const gate = protect({ issuer, resource, credential, clock: () => clock.now() });
  const server = await listen(
    (request, response) => void gate(request, response, () => response.end("your notes")),
  );
  t.after(server.close);
  return (token: string) => fetch(`${server.origin}/mcp`, { headers: { Authorization: `Bearer ${token}` } });
}

/** What the identity provider gives the authorization server when a person signs in. */
async function upstreamTokens({ upstream, issuer }: TestGatehouse) {
  const redirect_uri = `${issuer}/callback`;
  const request = { client_id: upstream.clientId, response_type: "code", redirect_uri, scope: "openid" };
  const sent = await fetch(`${upstream.issuer}/auth?${new URLSearchParams(request)}`, { redirect: "manual" });
  const code = new URL(sent.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const secret = [upstream.clientId, upstream.clientSecret].map(encodeURIComponent).join(":");
  const answer = await fetch(`${upstream.issuer}/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${Buffer.from(secret).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri }),
  });
  const tokens = (await answer.json()) as { id_token: string; access_token: string };
  assert.equal(answer.status, 200, JSON.stringify(tokens));
  return tokens;
}

/**
 * Says what an access token for this resource would, and names the identity provider's key, but is signed
 * with the attacker's.
 */
async function forgedToken({ upstream, issuer, clock }: TestGatehouse): Promise<string> {
  const keys = await fetch(`${upstream.issuer}/jwks`);
  const [key] = ((await keys.json()) as { keys: { kid: string }[] }).keys;
  assert.ok(key);
  const header = { typ: "at+jwt", alg: "RS256", kid: key.kid };
  const claims = { iss: issuer, aud: resource, sub: "alice", scope: "notes:read", exp: clock.now() + 3600 };
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
}
