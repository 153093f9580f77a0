import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { SignInError } from "../../src/oauth/ports.ts";
import { seconds } from "../../src/oauth/values.ts";
import { startForgedUpstream } from "../support/forged-upstream.ts";
import { anAttempt, callback, failureOf, providerOf } from "./attempts.ts";

const upstream = await startForgedUpstream();
after(() => upstream.close());
beforeEach(() => {
  upstream.answers.clear();
  upstream.forgery = {};
});

const revalidate = seconds(3600);
const provider = providerOf(upstream, { ofVariables: false, revalidate });
const confirm = (credential = "the-refresh-token", at = provider) =>
  at.confirm?.(credential, "alice") ?? assert.fail();

/** Answers a path with JSON. */
function answer(path: string, status: number, body: unknown): void {
  upstream.answers.set(path, (_, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
}

async function signIn(at: typeof provider) {
  const attempt = anAttempt();
  upstream.nonce = attempt.nonce;
  return at.completeSignIn(callback(attempt), attempt);
}

test("the provider's refresh token is handed on only where people are confirmed with it", async () => {
  assert.equal((await signIn(provider)).credential, upstream.tokens.refresh_token);
  const plain = providerOf(upstream, { ofVariables: false });
  assert.equal((await signIn(plain)).credential, undefined);
  assert.deepEqual([plain.confirm, plain.revalidation], [undefined, undefined]);
});

test("a confirmation re-reads address and groups, with the refresh token alone, and keeps the next one", async () => {
  upstream.forgery = { claims: { email: "new@example.com", groups: ["b"], nonce: undefined } };
  const grouped = providerOf(upstream, { ofVariables: false, revalidate, groupsClaim: "groups" });
  const identity = await confirm("the-refresh-token", grouped);
  assert.deepEqual([identity.subject, identity.email, identity.groups], ["alice", "new@example.com", ["b"]]);
  assert.equal(identity.credential, upstream.tokens.refresh_token);
  const { form } = upstream.tokenRequest;
  assert.deepEqual(Object.fromEntries(form), {
    grant_type: "refresh_token",
    refresh_token: "the-refresh-token",
    ...(form.has("client_id") && { client_id: form.get("client_id"), client_secret: upstream.clientSecret }),
  });
});

test("without an ID token userinfo says who it is, and it has to be the same person", async () => {
  upstream.metadata = { userinfo_endpoint: `${upstream.issuer}/userinfo` };
  const other = providerOf(upstream, { ofVariables: false, revalidate });
  answer("/token", 200, { access_token: "a", token_type: "Bearer" });
  const claims = { sub: "alice", email: "alice@example.com", email_verified: true };
  answer("/userinfo", 200, claims);
  const identity = await confirm("kept", other);
  assert.deepEqual([identity.email, identity.credential], ["alice@example.com", "kept"]);
  answer("/userinfo", 200, { ...claims, sub: "mallory" });
  assert.equal((await failureOf(confirm("kept", other))).code, "server_error");
  answer("/userinfo", 401, {});
  assert.equal((await failureOf(confirm("kept", other))).code, "access_denied");
  answer("/userinfo", 503, {});
  assert.equal((await failureOf(confirm("kept", other))).code, "temporarily_unavailable");
  upstream.metadata = {};
});

test("only a provider that knows the person no more ends anything: every other failure is an outage", async () => {
  const failures: readonly [number, unknown, SignInError["code"]][] = [
    [400, { error: "invalid_grant", error_description: "the-refresh-token" }, "access_denied"],
    [401, { error: "invalid_client" }, "server_error"],
    [400, { error: "unauthorized_client" }, "server_error"],
    [500, {}, "temporarily_unavailable"],
    [429, {}, "temporarily_unavailable"],
    [200, "nonsense", "server_error"],
  ];
  for (const [status, body, code] of failures) {
    answer("/token", status, body);
    const failure = await failureOf(confirm());
    assert.ok(failure instanceof SignInError);
    assert.equal(failure.code, code, `${status} ${JSON.stringify(body)}`);
    assert.doesNotMatch(failure.message, /the-refresh-token|upstream-secret/);
  }
});

test("an unverified address, and a token of somebody else's signature, confirm nobody", async () => {
  upstream.forgery = { claims: { email_verified: false } };
  assert.equal((await failureOf(confirm())).code, "access_denied");
  upstream.forgery = { signature: "foreign" };
  assert.equal((await failureOf(confirm())).code, "server_error");
  upstream.forgery = { claims: { sub: "mallory" } };
  const failure = await failureOf(confirm());
  assert.deepEqual([failure.code, /another person/.test(failure.message)], ["access_denied", true]);
});

test("a refresh token is asked for as each product wants it, and only where people are to be confirmed", async () => {
  upstream.metadata = { scopes_supported: ["openid", "email", "profile", "offline_access"] };
  const asked = async (options: Parameters<typeof providerOf>[1], prompt: "select_account" | "none") => {
    const at = providerOf(upstream, { ofVariables: false, ...options });
    const { searchParams } = await at.signInUrl(anAttempt(prompt));
    return [
      searchParams.get("scope")?.includes("offline_access"),
      searchParams.get("prompt"),
      searchParams.get("access_type"),
    ];
  };
  assert.deepEqual(await asked({}, "select_account"), [false, "select_account", "online"]);
  assert.deepEqual(await asked({ revalidate }, "select_account"), [
    true,
    "select_account consent",
    "offline",
  ]);
  assert.deepEqual(await asked({ revalidate }, "none"), [true, "none", "offline"]);
  assert.deepEqual(await asked({ revalidate, preset: "keycloak" }, "select_account"), [
    true,
    "select_account",
    "offline",
  ]);
  assert.deepEqual(await asked({ revalidate, preset: "google" }, "select_account"), [
    false,
    "select_account",
    "offline",
  ]);
  const scopes = ["openid", "email"];
  assert.deepEqual(await asked({ revalidate, scopes }, "select_account"), [
    false,
    "select_account",
    "offline",
  ]);
  upstream.metadata = { scopes_supported: ["openid"] };
  assert.deepEqual(await asked({ revalidate }, "select_account"), [false, "select_account", "offline"]);
  upstream.metadata = {};
});
