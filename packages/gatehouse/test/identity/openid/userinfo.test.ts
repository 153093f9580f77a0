import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { OpenIdOptions } from "../../../src/identity/openid/options.ts";
import { type ForgedUpstream, startForgedUpstream } from "../../support/forged-upstream.ts";
import { anAttempt, callback, failureOf, providerOf } from "../attempts.ts";

let upstream: ForgedUpstream;
before(async () => {
  upstream = await startForgedUpstream();
});
after(() => upstream?.close());
beforeEach(() => {
  upstream.answers.clear();
  upstream.metadata = { userinfo_endpoint: `${upstream.issuer}/userinfo` };
  upstream.forgery = {};
  asked = [];
});

/** The headers userinfo was asked with. */
let asked: NodeJS.Dict<string | string[]>[] = [];

function userinfo(body: unknown, type = "application/json", status = 200, headers = {}) {
  upstream.answers.set("/userinfo", (request, response) => {
    asked.push(request.headers);
    response.writeHead(status, { "content-type": type, ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

async function signIn(claims: Record<string, unknown>, options: Partial<OpenIdOptions> = {}) {
  const attempt = anAttempt();
  upstream.nonce = attempt.nonce;
  upstream.forgery = { claims };
  return providerOf(upstream, options).completeSignIn(callback(attempt), attempt);
}

const thin = { email: undefined, email_verified: undefined };
const alice = { sub: "alice", email: "alice@example.com", email_verified: true };
const all = { ofVariables: false, groupsClaim: "groups" };

test("V09 userinfo is asked once, with the token in the header, and only for what the ID token lacks", async () => {
  userinfo({ ...alice, name: "Alice", groups: ["a"] });
  for (const [lacking, options] of [
    [thin, {}],
    [{ email_verified: undefined }, {}],
    [{ groups: ["a"] }, all],
    [{ name: "Alice" }, all],
  ] as const) {
    asked = [];
    assert.equal((await signIn(lacking, options)).email, "alice@example.com");
    assert.equal(asked.length, 1, JSON.stringify(lacking));
    assert.equal(asked[0]?.authorization, `Bearer ${upstream.tokens.access_token}`);
  }
  asked = [];
  await signIn({ name: "Alice", groups: [] }, all);
  await signIn({}, { groupsClaim: undefined });
  assert.equal(asked.length, 0, "nothing was lacking");

  // Bounded, and never led elsewhere with the token.
  userinfo("", "application/json", 302, { location: `${upstream.issuer}/elsewhere` });
  assert.match((await failureOf(signIn(thin))).message, /a redirect: not followed/);
  assert.equal(upstream.count("GET /elsewhere"), 0);
  userinfo({ ...alice, padding: "x".repeat(300_000) });
  assert.match((await failureOf(signIn(thin))).message, /more than 262144 bytes/);
  upstream.answers.set("/userinfo", () => {});
  assert.match((await failureOf(signIn(thin, { timeout: 500 }))).message, /no complete answer within 500 ms/);
});

test("the provider of the variables works where the address stands in userinfo alone", async () => {
  userinfo({ ...alice, name: "Alice", groups: ["a"] });
  assert.deepEqual(await signIn(thin), {
    provider: "default",
    issuer: upstream.issuer,
    subject: "alice",
    email: "alice@example.com",
    name: undefined,
    groups: [],
    claims: {
      "claim email": "userinfo",
      "claim email_verified": "userinfo: true",
      userinfo: "asked",
    },
  });
  upstream.metadata = {};
  assert.deepEqual((await failureOf(signIn(thin))).reason, { key: "noAddress" });
});

test("V10 V-n3 userinfo of anybody but the token's subject is not used, and nobody signs in", async () => {
  for (const sub of ["bob", undefined, "Alice", "alice ", " alice", 7, null, ["alice"], ""]) {
    userinfo({ ...alice, sub });
    for (const [claims, options] of [
      [thin, {}],
      [{}, all],
    ] as const) {
      const failure = await failureOf(signIn(claims, options));
      assert.equal(failure.code, "server_error");
      assert.match(failure.message, /sub is .* in userinfo, http.*\/userinfo, but "alice" in the ID token/);
    }
  }
});

test("V11 what the ID token says is taken from there; userinfo adds, and replaces nothing", async () => {
  userinfo({
    ...{ sub: "alice", iss: "https://evil.example", email: "bob@evil.example", email_verified: true },
    ...{ hd: "corp.example", tid: "t", oid: "o", name: "Bob", groups: ["admins"] },
  });
  const person = await signIn({ email_verified: true, groups: [] }, { ...all, preset: "keycloak" });
  assert.deepEqual(person, {
    ...{ provider: "default", issuer: upstream.issuer, subject: "alice", email: "alice@example.com" },
    ...{ name: "Bob", groups: [] },
    claims: {
      "claim email": "ID token",
      "claim email_verified": "ID token: true",
      "claim groups": "ID token",
      userinfo: "asked",
    },
  });
  const google = { ...all, preset: "google", domains: ["corp.example"] } as const;
  assert.match((await failureOf(signIn(alice, google))).message, /domain is undefined/);
  for (const email_verified of [false, null, "true"]) {
    assert.match((await failureOf(signIn({ email_verified }, all))).message, /email_verified is/);
  }
  // It vouches for its own address, not for another one that stands in the token.
  const other = await failureOf(signIn({ email_verified: undefined }));
  assert.match(other.message, /about another address/);
  // Nor does a claim that is there and useless make room.
  assert.deepEqual((await failureOf(signIn({ ...thin, email: null }))).reason, { key: "noAddress" });
});

test("V12 signed userinfo is verified like an ID token, and of any other type it is refused", async () => {
  const signed = async (
    claims: Record<string, unknown>,
    signature: "right" | "foreign" | "none" = "right",
  ) => {
    userinfo(await upstream.sign({ ...alice, ...claims }, signature), "application/jwt; charset=utf-8");
    return signIn(thin);
  };
  assert.equal((await signed({})).email, "alice@example.com");
  for (const claims of [
    { iss: "https://evil.example" },
    { iss: undefined },
    { aud: "another-client" },
    { aud: undefined },
    { sub: "bob" },
    { exp: 1 },
  ]) {
    assert.equal((await failureOf(signed(claims))).code, "server_error", JSON.stringify(claims));
  }
  for (const signature of ["foreign", "none"] as const) {
    assert.match((await failureOf(signed({}, signature))).message, /refused: /);
  }
  for (const [body, type] of [
    [alice, "text/html"],
    [alice, "application/octet-stream"],
    [alice, ""],
    ["[]", "application/json"],
    ["null", "application/json"],
    ["{", "application/json"],
  ] as const) {
    userinfo(body, type);
    const failure = await failureOf(signIn(thin));
    assert.equal(failure.code, "server_error");
    assert.match(failure.message, /userinfo, http.*\/userinfo, answered/);
  }
});

test("userinfo that fails costs the sign-in only where the address needs it; otherwise the groups are unknown", async () => {
  for (const [status, code] of [
    [401, "server_error"],
    [403, "server_error"],
    [429, "temporarily_unavailable"],
    [503, "temporarily_unavailable"],
  ] as const) {
    userinfo("", "text/plain", status);
    const failure = await failureOf(signIn(thin, all));
    assert.equal(failure.code, code);
    assert.match(failure.message, new RegExp(`userinfo, .* answered ${status}`));
    const warnings: string[] = [];
    const person = await signIn({}, { ...all, warn: (message) => warnings.push(message) });
    assert.equal(person.groups, undefined);
    assert.ok(warnings.some((warning) => warning.includes(`answered ${status}`)));
    assert.deepEqual((await signIn({ groups: ["a"] }, all)).groups, ["a"]);
  }
});
