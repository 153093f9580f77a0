import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, test } from "node:test";
import type { SignInAttempt } from "../../../src/oauth/ports.ts";
import { seconds } from "../../../src/oauth/values.ts";
import { type ForgedUpstream, startForgedUpstream } from "../../support/forged-upstream.ts";
import { startUpstream, type Upstream } from "../../support/upstream.ts";
import { anAttempt, callback, callbackUrl, failureOf, providerOf } from "../attempts.ts";

let honest: Upstream;
before(async () => {
  honest = await startUpstream({ redirectUris: [callbackUrl] });
});
after(() => honest?.close());

/** A forged upstream of its own, and our provider towards it. */
async function forged(t: { after(done: () => unknown): void }, metadata: ForgedUpstream["metadata"] = {}) {
  const upstream = await startForgedUpstream();
  t.after(() => upstream.close());
  upstream.metadata = metadata;
  let time = Math.floor(Date.now() / 1000);
  const warnings: string[] = [];
  const clock = { now: () => seconds(time) };
  const provider = providerOf(upstream, { clock, warn: (message) => warnings.push(message) });
  return {
    upstream,
    provider,
    warnings,
    advance: (by: number) => {
      time += by;
    },
    signIn(attempt: SignInAttempt = anAttempt(), answer?: Record<string, string>) {
      upstream.nonce = attempt.nonce;
      return provider.completeSignIn(callback(attempt, answer), attempt);
    },
  };
}

/** What the identity provider answers when a browser follows the sign-in URL. */
async function follow(url: URL): Promise<URL> {
  const response = await fetch(url, { redirect: "manual" });
  await response.body?.cancel();
  return new URL(response.headers.get("location") ?? "about:blank");
}

const alice = (issuer: string) => ({
  provider: "default",
  issuer,
  subject: "alice",
  email: "alice@example.com",
  name: undefined,
  groups: [],
});

test("somebody signs in at a real OpenID provider", async () => {
  const provider = providerOf(honest);
  assert.equal(
    honest.requests("/.well-known/openid-configuration"),
    0,
    "nothing is asked before it is needed",
  );
  const attempt = anAttempt("login");
  const url = await provider.signInUrl(attempt);
  assert.equal(url.origin + url.pathname, `${honest.issuer}/auth`);
  const sent = Object.fromEntries(url.searchParams);
  assert.deepEqual(sent, {
    response_type: "code",
    client_id: honest.clientId,
    redirect_uri: callbackUrl,
    scope: "openid email",
    state: attempt.state,
    nonce: attempt.nonce,
    access_type: "online",
    prompt: "login",
    code_challenge: hash("sha256", attempt.codeVerifier, "base64url"),
    code_challenge_method: "S256",
  });
  const { authenticatedAt, claims, ...identity } = await provider.completeSignIn(await follow(url), attempt);
  assert.deepEqual(identity, alice(honest.issuer));
  assert.ok(authenticatedAt !== undefined && claims !== undefined);
});

test("C07 every attempt sends a fresh nonce, and only a token with that nonce ends it", async (t) => {
  const provider = providerOf(honest);
  const [first, second] = [anAttempt(), anAttempt()];
  const firstUrl = await provider.signInUrl(first);
  const secondUrl = await provider.signInUrl(second);
  assert.equal(firstUrl.searchParams.get("nonce"), first.nonce);
  assert.notEqual(firstUrl.searchParams.get("nonce"), secondUrl.searchParams.get("nonce"));
  assert.ok(await provider.completeSignIn(await follow(firstUrl), first));
  const swapped = await follow(secondUrl);
  const failure = await failureOf(provider.completeSignIn(swapped, { ...second, nonce: first.nonce }));
  assert.match(failure.message, /nonce/);

  const { upstream, signIn } = await forged(t);
  for (const nonce of [undefined, null, "", "another"]) {
    upstream.forgery = { claims: { nonce } };
    assert.match((await failureOf(signIn())).message, /nonce/);
  }
});

test("C08 PKCE S256 with a fresh verifier is used unless the provider lists only other methods", async (t) => {
  for (const listed of [["S256"], ["plain", "S256"], undefined]) {
    const { upstream, provider, signIn } = await forged(t, { code_challenge_methods_supported: listed });
    const challenges = new Set<string | null>();
    for (const attempt of [anAttempt(), anAttempt()]) {
      const { searchParams } = await provider.signInUrl(attempt);
      assert.equal(searchParams.get("code_challenge_method"), "S256");
      assert.equal(searchParams.get("code_challenge"), hash("sha256", attempt.codeVerifier, "base64url"));
      challenges.add(searchParams.get("code_challenge"));
      await signIn(attempt);
      assert.equal(upstream.tokenRequest.form.get("code_verifier"), attempt.codeVerifier);
    }
    assert.equal(challenges.size, 2);
  }
  const { upstream, provider, signIn } = await forged(t, { code_challenge_methods_supported: ["plain"] });
  const attempt = anAttempt();
  assert.equal((await provider.signInUrl(attempt)).searchParams.get("code_challenge"), null);
  await signIn(attempt);
  assert.equal(upstream.tokenRequest.form.get("code_verifier"), null);
});

test("the client secret goes the way the provider lists first, and only that way", async (t) => {
  const basic = `Basic ${Buffer.from("gatehouse:upstream-secret").toString("base64")}`;
  for (const [listed, expected] of [
    [undefined, "header"],
    [["private_key_jwt", "client_secret_basic", "client_secret_post"], "header"],
    [["client_secret_post", "client_secret_basic"], "form"],
  ] as const) {
    const { upstream, signIn } = await forged(t, { token_endpoint_auth_methods_supported: listed });
    await signIn();
    const { form, headers } = upstream.tokenRequest;
    assert.equal(headers.authorization, expected === "header" ? basic : undefined);
    assert.equal(form.get("client_secret"), expected === "form" ? "upstream-secret" : null);
    assert.equal(form.get("redirect_uri"), callbackUrl);
  }
  const { signIn } = await forged(t, { token_endpoint_auth_methods_supported: ["private_key_jwt"] });
  assert.match((await failureOf(signIn())).message, /takes no client secret, only private_key_jwt/);
});

test("a prompt the provider does not list is not sent", async (t) => {
  const { provider } = await forged(t, { prompt_values_supported: ["none", "login"] });
  assert.equal((await provider.signInUrl(anAttempt("select_account"))).searchParams.get("prompt"), null);
  assert.equal((await provider.signInUrl(anAttempt("login"))).searchParams.get("prompt"), "login");
});

test("C16 metadata of another issuer is refused; keys are kept, and fetched again for an unknown key once per cool-down", async (t) => {
  for (const issuer of ["https://evil.example", undefined, "", 7]) {
    const { provider, signIn, upstream } = await forged(t, { issuer });
    assert.equal((await failureOf(provider.signInUrl(anAttempt()))).code, "server_error");
    await failureOf(signIn());
    assert.equal(upstream.count("POST /token"), 0);
  }
  const slashed = await forged(t);
  slashed.upstream.metadata = { issuer: `${slashed.upstream.issuer}/` };
  assert.match((await failureOf(slashed.signIn())).message, /its issuer is "http:.*\/"/);

  const { upstream, signIn, advance } = await forged(t);
  for (let i = 0; i < 3; i++) await signIn();
  assert.equal(upstream.count("GET /jwks"), 1);
  assert.equal(upstream.count("GET /.well-known/openid-configuration"), 1);

  await upstream.changeKey();
  await signIn();
  assert.equal(upstream.count("GET /jwks"), 2, "a changed key is found at once");

  upstream.forgery = { signature: "foreign" };
  for (let i = 0; i < 5; i++) await failureOf(signIn());
  assert.equal(upstream.count("GET /jwks"), 2, "five forged tokens within the cool-down");
  advance(31);
  for (let i = 0; i < 5; i++) await failureOf(signIn());
  assert.equal(upstream.count("GET /jwks"), 3, "five more after it");
});

test("keys replaced under the same name are fetched again, once per cool-down", async (t) => {
  const { upstream, signIn, advance } = await forged(t);
  await signIn();
  await upstream.changeKey("sameName");
  assert.equal((await signIn()).subject, "alice");
  assert.equal(upstream.count("GET /jwks"), 2);

  // A signature that is simply wrong has nothing fetched more often than that.
  upstream.forgery = { signature: "foreign", header: { kid: "key-1" } };
  for (let i = 0; i < 5; i++)
    assert.match((await failureOf(signIn())).message, /signature verification failed/);
  assert.equal(upstream.count("GET /jwks"), 2);
  advance(31);
  for (let i = 0; i < 5; i++) await failureOf(signIn());
  assert.equal(upstream.count("GET /jwks"), 3);
});

test("metadata that names an endpoint by plain http elsewhere, or none at all, is refused", async (t) => {
  for (const name of ["authorization_endpoint", "token_endpoint", "jwks_uri"]) {
    for (const value of ["http://idp.example/x", "javascript:alert(1)", "not a URL", undefined, 1]) {
      const { provider } = await forged(t, { [name]: value });
      const failure = await failureOf(provider.signInUrl(anAttempt()));
      assert.equal(failure.code, "server_error");
      assert.match(failure.message, new RegExp(name));
    }
  }
});

test("when the provider's metadata cannot be refreshed, sign-in goes on with the old, and the operator is told", async (t) => {
  const { upstream, provider, advance, warnings } = await forged(t);
  await provider.signInUrl(anAttempt());
  upstream.answers.set("/.well-known/openid-configuration", (_, response) => response.writeHead(500).end());
  advance(3601);
  assert.ok(await provider.signInUrl(anAttempt()));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /using an older copy of what http:\/\/127/);
});

test("C17 an answer that names another issuer, or none though it promised to, goes nowhere", async (t) => {
  const promising = await forged(t, { authorization_response_iss_parameter_supported: true });
  const { issuer } = promising.upstream;
  const code = "the-code";
  for (const iss of ["https://evil.example", `${issuer}/`, "", undefined]) {
    const failure = await failureOf(
      promising.signIn(anAttempt(), iss === undefined ? { code } : { code, iss }),
    );
    assert.equal(failure.code, "server_error");
    assert.match(failure.message, /as its issuer but names/);
  }
  assert.equal(promising.upstream.count("POST /token"), 0);
  assert.ok(await promising.signIn(anAttempt(), { code, iss: issuer }));

  const silent = await forged(t);
  assert.equal((await failureOf(silent.signIn(anAttempt(), { code, iss: issuer }))).code, "server_error");
  assert.equal(silent.upstream.count("POST /token"), 0);
  assert.ok(await silent.signIn(anAttempt(), { code }));
});

test("an answer with another attempt's state, or with nothing in it, goes nowhere", async (t) => {
  const { upstream, provider, signIn } = await forged(t);
  const failure = await failureOf(provider.completeSignIn(callback(anAttempt()), anAttempt()));
  assert.match(failure.message, /another attempt's state/);
  assert.match((await failureOf(signIn(anAttempt(), {}))).message, /neither code nor error/);
  assert.equal(upstream.count("POST /token"), 0);
});

test("the provider's errors are told apart, and its words stay in the log", async (t) => {
  const { signIn } = await forged(t);
  for (const [error, code] of [
    ["access_denied", "access_denied"],
    ["temporarily_unavailable", "temporarily_unavailable"],
    ["server_error", "server_error"],
    ["interaction_required", "server_error"],
    ["<script>", "server_error"],
  ] as const) {
    const failure = await failureOf(
      signIn(anAttempt(), { error, error_description: "<b>words</b>\r\nX: y" }),
    );
    assert.equal(failure.code, code);
    assert.match(failure.message, /words/);
    assert.doesNotMatch(failure.message, /[\r\n]/);
    assert.doesNotMatch(failure.hint ?? "", /words|script/);
  }
});

test("a person who cancels at a real provider is denied", async (t) => {
  t.after(() => {
    honest.decision = "continue";
  });
  honest.decision = "cancel";
  const provider = providerOf(honest);
  const attempt = anAttempt();
  const answer = await follow(await provider.signInUrl(attempt));
  assert.equal((await failureOf(provider.completeSignIn(answer, attempt))).code, "access_denied");
});

test("C20 of the provider's tokens nothing leaves the sign-in: not in what it proves, nor in a message", async (t) => {
  const { upstream, signIn, warnings } = await forged(t);
  const { claims: places, ...identity } = await signIn();
  assert.deepEqual(identity, alice(upstream.issuer));
  assert.ok(!JSON.stringify(places).includes("eyJ"));
  upstream.forgery = { claims: { email_verified: false } };
  const failure = await failureOf(signIn());
  const told = JSON.stringify([failure.message, failure.hint, failure.cause ?? "", warnings]);
  for (const token of [upstream.tokens.access_token, upstream.tokens.refresh_token, "eyJ"]) {
    assert.ok(!told.includes(token));
  }
  // Nor is any of them used: these are all the requests there were.
  const expected = ["GET /.well-known/openid-configuration", "POST /token", "GET /jwks", "POST /token"];
  assert.deepEqual(upstream.requests, expected);
});
