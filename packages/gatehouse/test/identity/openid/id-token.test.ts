import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { verifyIdToken } from "../../../src/identity/openid/id-token.ts";
import { exactIssuer } from "../../../src/identity/openid/issuer.ts";
import { checkOrganisation } from "../../../src/identity/openid/organisation.ts";
import { signingKeys } from "../../../src/identity/openid/signing-keys.ts";
import type { Identity, IdentityProvider } from "../../../src/oauth/ports.ts";
import { seconds } from "../../../src/oauth/values.ts";
import { type ForgedUpstream, startForgedUpstream } from "../../support/forged-upstream.ts";
import { anAttempt, callback, failureOf, providerOf } from "../attempts.ts";

let upstream: ForgedUpstream;
let provider: IdentityProvider;

before(async () => {
  upstream = await startForgedUpstream();
  provider = providerOf(upstream);
});
after(() => upstream?.close());
beforeEach(() => {
  upstream.forgery = {};
  upstream.answers.clear();
});

/** One sign-in whose ID token is forged like this. */
function signIn(forgery: ForgedUpstream["forgery"]): Promise<Identity> {
  const attempt = anAttempt();
  upstream.nonce = attempt.nonce;
  upstream.forgery = forgery;
  return provider.completeSignIn(callback(attempt), attempt);
}

const withClaims = (claims: Record<string, unknown>) => signIn({ claims });

async function isRefused(forgery: ForgedUpstream["forgery"], why: RegExp): Promise<void> {
  const failure = await failureOf(signIn(forgery));
  assert.equal(failure.code, "server_error", failure.message);
  assert.match(failure.message, why);
}

const now = () => Math.floor(Date.now() / 1000);

test("C09 an ID token is demanded, and its key comes from the provider's key set and nowhere else", async () => {
  assert.equal((await signIn({})).subject, "alice");

  upstream.answers.set("/token", (_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ access_token: "a", token_type: "Bearer" }));
  });
  await isRefused({}, /without an id_token/);
  upstream.answers.clear();

  const elsewhere = `${upstream.issuer}/keys-of-the-attacker`;
  await isRefused({ signature: "foreign", header: { jku: elsewhere, x5u: elsewhere } }, /no applicable key/);
  assert.equal(upstream.count("GET /keys-of-the-attacker"), 0);
  for (const alg of ["none", "HS256", "HS384", "HS512"]) {
    const failure = await failureOf(signIn({ signature: alg === "none" ? "none" : "public-key-as-secret" }));
    assert.match(failure.message, /"alg"/);
  }
});

test("C-n2 forged tokens do not sign anybody in: unsigned, the public key as secret, a foreign key, a key brought along", async () => {
  await isRefused({ signature: "none" }, /"alg".*not allowed/);
  await isRefused({ signature: "public-key-as-secret" }, /"alg".*not allowed/);
  await isRefused({ signature: "foreign" }, /no applicable key/);
  // The attacker's own key in the header, under the provider's key id and without any.
  await isRefused({ signature: "foreign", header: { kid: "key-1" } }, /signature verification failed/);
  await isRefused({ signature: "foreign", header: { kid: undefined } }, /signature verification failed/);
});

test("C10 iss is the configured issuer, to the letter", async () => {
  const { issuer } = upstream;
  for (const iss of [
    `${issuer}/`,
    issuer.replace("http://", ""),
    "https://evil.example",
    undefined,
    1,
    [issuer],
  ]) {
    await isRefused({ claims: { iss } }, /iss is/);
  }

  // Google, and only Google, has a second name for itself; the account's issuer is the first in either case.
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const keySet = signingKeys({ keys: [await exportJWK(publicKey)] });
  const keys = {
    current: async () => keySet,
    renewed: async () => keySet,
    renewableAt: () => seconds(1500),
  };
  const prove = async (iss: string, issuer: string) => {
    const claims = { aud: "us", sub: "1", nonce: "n", email: "a@example.com", email_verified: true, iss };
    const token = new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256" })
      .setIssuedAt(1000)
      .setExpirationTime(2000);
    const expected = {
      issuers: exactIssuer(issuer),
      issuerOfMetadata: issuer,
      clientId: "us",
      nonce: "n",
      now: seconds(1500),
    };
    return verifyIdToken(await token.sign(privateKey), keys, expected);
  };
  const google = "https://accounts.google.com";
  assert.equal((await prove("accounts.google.com", google)).issuer, google);
  assert.equal((await prove(google, google)).issuer, google);
  assert.match((await failureOf(prove("idp.example", "https://idp.example"))).message, /iss is/);
  assert.match((await failureOf(prove("https://evil.example", google))).message, /iss is/);
  assert.match((await failureOf(prove("accounts.google.com", "https://idp.example"))).message, /iss is/);
});

test("C11 the token is for us, and for others only when it was issued to us", async () => {
  const us = upstream.clientId;
  for (const accepted of [
    { aud: us },
    { aud: [us] },
    { aud: us, azp: us },
    { aud: [us, "another-audience"], azp: us },
  ]) {
    assert.equal((await withClaims(accepted)).subject, "alice");
  }
  for (const refused of [
    { aud: "another-client" },
    { aud: ["another-client"] },
    { aud: ["another-client"], azp: us },
    { aud: [] },
    { aud: undefined },
    { aud: { 0: us } },
    { aud: [us, "another-client"] },
    { aud: [us, "another-client"], azp: "another-client" },
    { aud: us, azp: "another-client" },
    { aud: us, azp: null },
  ]) {
    await isRefused({ claims: refused }, /aud|azp/);
  }
});

test("C12 the token is alive, from the present, and about somebody", async () => {
  // Clocks may differ a little.
  assert.ok(await withClaims({ exp: now() - 20, iat: now() - 300 }));
  assert.ok(await withClaims({ iat: now() + 20 }));
  for (const exp of [now() - 120, undefined, "tomorrow", null]) await isRefused({ claims: { exp } }, /exp/);
  for (const iat of [now() + 120, undefined, "today", null]) await isRefused({ claims: { iat } }, /iat/);
  await isRefused({ claims: { nbf: now() + 120 } }, /nbf/);

  assert.equal((await withClaims({ sub: "x".repeat(255) })).subject.length, 255);
  for (const sub of ["", undefined, null, 1, "x".repeat(256), "älice", "ali\u0000ce", ["alice"]]) {
    await isRefused({ claims: { sub } }, /sub/);
  }
});

test("V50 a wrong signature under a known key, a token without nonce, and one signed by a secret each say what to do", async () => {
  const told = async (forgery: ForgedUpstream["forgery"]) => {
    const failure = await failureOf(signIn(forgery));
    assert.equal(failure.code, "server_error");
    return failure.message;
  };
  const cached = providerOf(upstream);
  const attempt = anAttempt();
  upstream.nonce = attempt.nonce;
  upstream.forgery = {};
  await cached.completeSignIn(callback(attempt), attempt);
  const asked = upstream.count("GET /jwks");
  const forged = { signature: "foreign", header: { kid: "key-1" } } as const;
  for (const said of [/fetched once more for it/, /are again from \S+Z on/]) {
    upstream.forgery = forged;
    const { message } = await failureOf(cached.completeSignIn(callback(attempt), attempt));
    assert.match(message, /signature verification failed under the kid key-1, which is a known one/);
    assert.match(message, said);
    assert.match(message, /publishes another key under the same kid/);
    assert.equal(upstream.count("GET /jwks"), asked + 1, "once more, and not again within the cool-down");
  }

  assert.match(
    await told({ claims: { nonce: undefined } }),
    /no nonce though one was sent: the provider, or something between, forgets it/,
  );
  assert.match(await told({ claims: { nonce: "another" } }), /its nonce is not the one of this attempt/);
  const bySecret = await told({ signature: "public-key-as-secret" });
  assert.match(
    bySecret,
    /signed with HS256, by a secret.*RS256.*Auth0 "JSON Web Token Signature Algorithm".*authentik "Signing Key"/,
  );
});

test("V-n2 a token that another provider made for the same client and attempt is refused at its issuer", async (t) => {
  const other = await startForgedUpstream();
  t.after(() => other.close());
  const attempt = anAttempt();
  // Even where both sign with one key, which both of the test do.
  const foreign = await other.sign({
    sub: "alice",
    nonce: attempt.nonce,
    email: "alice@example.com",
    email_verified: true,
  });
  upstream.answers.set("/token", (_, response) => {
    response.end(JSON.stringify({ access_token: "a", token_type: "Bearer", id_token: foreign }));
  });
  const failure = await failureOf(provider.completeSignIn(callback(attempt), attempt));
  assert.equal(failure.code, "server_error");
  assert.match(failure.message, new RegExp(`iss is "${other.issuer}", expected ${upstream.issuer}`));
});

test("what a wrong clock refuses names both clocks and how many seconds they are apart", async () => {
  const told = async (claims: Record<string, unknown>) => (await failureOf(withClaims(claims))).message;
  const seconds = (message: string, pattern: RegExp) => Number(pattern.exec(message)?.[1]);
  const near = (found: number, wanted: number, message: string) =>
    assert.ok(Math.abs(found - wanted) <= 5, `${found}, not ${wanted}: ${message}`);

  const ahead = await told({ iat: now() + 300 });
  near(seconds(ahead, /iat is \S+Z, (\d+) s after this server's clock, \S+Z/), 300, ahead);
  const early = await told({ nbf: now() + 90 });
  near(seconds(early, /nbf is \S+Z, (\d+) s after this server's clock/), 90, early);
  const expired = await told({ exp: now() - 3600, iat: now() - 7200 });
  near(seconds(expired, /exp is \S+Z, (\d+) s before this server's clock/), 3600, expired);
  near(seconds(expired, /issued (\d+) s ago/), 7200, expired);
  for (const message of [ahead, early, expired]) assert.match(message, /Its clock and ours differ/);

  assert.match(await told({ iat: 1e300 }), /iat is 1e\+300/);
  assert.doesNotMatch(await told({ aud: "another-client" }), /clock/);
});

test("a token whose account is the reason names the account, any other does not", async () => {
  const accountOf = async (claims: Record<string, unknown>) => (await failureOf(withClaims(claims))).account;
  assert.equal(await accountOf({ email: "bob@corp.example", email_verified: false }), "bob@corp.example");
  assert.equal(await accountOf({ sub: "bob", email: undefined }), "bob");
  assert.equal(await accountOf({ aud: "another-client" }), undefined);
});

test("C-n3 a token made for another relying party, an expired one, and one of an earlier attempt sign nobody in", async () => {
  await isRefused({ claims: { aud: "another-client" } }, /aud is/);
  await isRefused({ claims: { exp: now() - 3600, iat: now() - 7200 } }, /exp/);
  const earlier = anAttempt().nonce;
  await isRefused({ claims: { nonce: earlier } }, /nonce/);
});

test("C14 the address counts only when the provider says true, and nothing like true", async () => {
  assert.equal(
    (await withClaims({ email: "bob@example.com", email_verified: true })).email,
    "bob@example.com",
  );
  for (const email_verified of [false, undefined, null, "true", "True", 1, {}, [true]]) {
    const failure = await failureOf(withClaims({ email_verified }));
    assert.equal(failure.code, "access_denied");
    assert.match(failure.message, /email_verified is/);
    assert.match(failure.hint ?? "", /has not verified the e-mail address/);
    assert.deepEqual(failure.reason, { key: "unverifiedAddress", email: "alice@example.com" });
  }
});

test("without a usable e-mail address nobody is signed in, and the person is told", async () => {
  for (const email of [
    undefined,
    null,
    "",
    "alice",
    "a@b@c",
    "a b@c",
    "a@b\u202E",
    "a\ud800@b",
    ["a@b"],
    `${"x".repeat(250)}@y.zz`,
  ]) {
    const failure = await failureOf(withClaims({ email }));
    assert.equal(failure.code, "access_denied", String(email));
    assert.match(failure.hint ?? "", /gave no e-mail address/);
    assert.deepEqual(failure.reason, { key: "noAddress" });
  }
});

test("a token that is no token is refused without repeating it", async () => {
  for (const junk of ["", "junk", "a.b.c", "a.b.c.d.e", `${"x".repeat(5000)}.y.z`]) {
    upstream.answers.set("/token", (_, response) => {
      response.end(JSON.stringify({ access_token: "a", token_type: "Bearer", id_token: junk }));
    });
    const failure = await failureOf(signIn({}));
    assert.equal(failure.code, "server_error");
    assert.ok(failure.message.length < 300);
  }
});

test("C15 only accounts of the allowed domains sign in, compared to the letter", async () => {
  provider = providerOf(upstream, { domains: ["corp.example"] });
  assert.equal((await withClaims({ email: "alice@corp.example" })).email, "alice@corp.example");
  assert.equal((await withClaims({ email: "alice@CORP.example" })).subject, "alice");
  provider = providerOf(upstream, { domains: ["xn--bcher-kva.example"] }); // as ALLOWED_DOMAINS is read
  for (const email of ["alice@bücher.example", "alice@BÜCHER.example", "alice@xn--bcher-kva.example"]) {
    assert.equal((await withClaims({ email })).email, email);
  }
  provider = providerOf(upstream);
  assert.equal((await withClaims({ email: "alice@anywhere.example" })).email, "alice@anywhere.example");
  const google = { name: "default", issuer: "https://accounts.google.com", ofVariables: true };
  const atGoogle = (hostedDomain: unknown) => () =>
    checkOrganisation(
      { email: "alice@corp.example", hostedDomain },
      { ...google, domains: ["corp.example"] },
    );
  assert.doesNotThrow(atGoogle("corp.example"));
  for (const hostedDomain of [undefined, "", "evil.example", true, ["corp.example"]]) {
    const refusal = {
      code: "access_denied",
      reason: { key: "foreignAccount", email: "alice@corp.example", domains: [] },
    };
    assert.throws(atGoogle(hostedDomain), refusal, JSON.stringify(hostedDomain));
  }
});

test("C-n4 neither an unverified address nor one that merely resembles the allowed domain signs in", async (t) => {
  t.after(() => {
    provider = providerOf(upstream);
  });
  provider = providerOf(upstream, { domains: ["corp.example"] });
  for (const email of [
    "evil@corp.example.attacker.tld",
    "evil@notcorp.example",
    "evil@sub.corp.example",
    "evil@corp.example@attacker.tld",
    "corp.example",
    "evil@ｃorp.example",
    "evil@corp。example",
    "evil@corp.example.",
  ]) {
    assert.equal((await failureOf(withClaims({ email }))).code, "access_denied", email);
  }
  for (const email_verified of ["true", 1, undefined, false, null]) {
    const failure = await failureOf(withClaims({ email: "alice@corp.example", email_verified }));
    assert.equal(failure.code, "access_denied", JSON.stringify(email_verified));
  }
});
