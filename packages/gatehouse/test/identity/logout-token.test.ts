import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Clock, SignInError } from "../../src/oauth/ports.ts";
import { seconds } from "../../src/oauth/values.ts";
import { startForgedUpstream } from "../support/forged-upstream.ts";
import { anAttempt, callback, failureOf, providerOf } from "./attempts.ts";

const upstream = await startForgedUpstream();
after(() => upstream.close());

let now = Math.floor(Date.now() / 1000);
const clock: Clock = { now: () => seconds(now) };
const provider = providerOf(upstream, { clock });
const read = (token: string) => provider.readLogoutToken?.(token) ?? assert.fail();

async function refusal(token: Promise<string> | string): Promise<string> {
  const outcome = await read(await token).catch((error: unknown) => error);
  assert.ok(outcome instanceof SignInError, JSON.stringify(outcome));
  assert.doesNotMatch(outcome.message, /eyJ/, "never the token");
  return outcome.message;
}

test("V52 a logout token is taken that proves whose session ended: by signature, issuer, audience, times and its event", async () => {
  const notice = await read(await upstream.logoutToken({ claims: { jti: "one", sid: "s-1" } }));
  assert.deepEqual(notice, {
    id: "one",
    issuer: upstream.issuer,
    sid: "s-1",
    subject: "alice",
    acceptedUntil: notice.acceptedUntil,
  });
  const alone = await read(await upstream.logoutToken({ claims: { sid: undefined } }));
  assert.deepEqual([alone.sid, alone.subject], [undefined, "alice"]);
  const nobody = await read(await upstream.logoutToken({ claims: { sub: undefined } }));
  assert.deepEqual([nobody.sid, nobody.subject], ["session-1", undefined]);
  for (const typ of [undefined, "logout+jwt", "application/logout+jwt"]) {
    await read(await upstream.logoutToken({ header: { typ } }));
  }
  // Other events beside it are none of ours.
  const other = { "http://schemas.openid.net/event/backchannel-logout": {}, "https://example.com/other": 1 };
  await read(await upstream.logoutToken({ claims: { events: other } }));
});

test("one is remembered for as long as it would be taken once more", async () => {
  const at = now;
  for (const [iat, exp] of [
    [at, at + 120],
    [at - 500, at + 900],
    [at - 590, at - 30],
  ] as const) {
    const token = await upstream.logoutToken({ claims: { iat, exp } });
    const { acceptedUntil } = await read(token);
    now = acceptedUntil - 1;
    await read(token);
    now = acceptedUntil;
    await refusal(token);
    now = at;
  }
});

test("V-n25 forged logout tokens, and tokens made for something else, end nothing", async () => {
  const event = "http://schemas.openid.net/event/backchannel-logout";
  const bent: readonly [string, RegExp, Parameters<typeof upstream.logoutToken>[0]][] = [
    ["unsigned", /alg/i, { signature: "none" }],
    ["by the public key as a secret", /HS256/, { signature: "public-key-as-secret" }],
    ["by a foreign key", /no applicable key|signature/, { signature: "foreign" }],
    ["with a nonce", /nonce/, { claims: { nonce: "n" } }],
    ["without events", /events/, { claims: { events: undefined } }],
    ["events as a list", /events/, { claims: { events: [event] } }],
    ["events as a text", /events/, { claims: { events: event } }],
    ["another event", /events/, { claims: { events: { "https://example.com/other": {} } } }],
    ["the event as a text", /events/, { claims: { events: { [event]: "yes" } } }],
    ["another audience", /aud/, { claims: { aud: "somebody" } }],
    ["another issuer", /iss/, { claims: { iss: "https://other.example" } }],
    ["an hour old", /iat is 3600 s ago/, { claims: { iat: now - 3600 } }],
    ["of the future", /iat/, { claims: { iat: now + 3600, exp: now + 7200 } }],
    ["expired", /exp/, { claims: { exp: now - 61 } }],
    ["without exp", /exp/, { claims: { exp: undefined } }],
    ["without iat", /iat/, { claims: { iat: undefined } }],
    ["without jti", /jti/, { claims: { jti: undefined } }],
    ["a jti that is no text", /jti/, { claims: { jti: 1 } }],
    ["about nobody", /neither sub nor sid/, { claims: { sub: undefined, sid: undefined } }],
    ["sid as a list", /sid/, { claims: { sid: ["session-1"] } }],
    ["sid with NUL", /sid/, { claims: { sid: "\0" } }],
    ["sub as a number", /sub/, { claims: { sub: 7 } }],
    ["of another type", /typ/, { header: { typ: "at+jwt" } }],
  ];
  for (const [how, why, forgery] of bent) {
    assert.match(await refusal(upstream.logoutToken(forgery)), why, how);
  }
  for (const garbage of ["", "x", "a.b.c", "eyJ.eyJ.x".repeat(3), `${"x".repeat(1000)}.y.z`]) {
    await refusal(garbage);
  }

  // An ID token is no logout token, and a logout token no ID token.
  const idToken = { nonce: "n", events: undefined, sid: undefined, jti: undefined };
  await refusal(upstream.logoutToken({ claims: idToken, header: { typ: "JWT" } }));
  const attempt = anAttempt();
  upstream.nonce = attempt.nonce;
  upstream.forgery = {
    claims: { nonce: undefined, events: { [event]: {} }, jti: "j", sid: "session-1" },
    header: { typ: "logout+jwt" },
  };
  const failure = await failureOf(provider.completeSignIn(callback(attempt), attempt));
  assert.match(failure.message, /nonce/);
  upstream.forgery = {};
});

test("V-n27 a flood of garbage fetches the keys no more than once a cool-down", async () => {
  await read(await upstream.logoutToken());
  const before = upstream.count("GET /jwks");
  const foreign = await upstream.logoutToken({ signature: "foreign" });
  const flood = Array.from({ length: 10_000 }, (_, at) => (at % 2 === 0 ? foreign : `${foreign}${at}`));
  const refused = await Promise.all(
    flood.map((token) =>
      read(token).then(
        () => assert.fail("taken"),
        () => 1,
      ),
    ),
  );
  assert.equal(refused.length, 10_000);
  assert.ok(upstream.count("GET /jwks") - before <= 1);
  now += 31;
  await Promise.all(flood.slice(0, 100).map((token) => read(token).catch(() => 1)));
  assert.ok(upstream.count("GET /jwks") - before <= 2);
  now -= 31;
  await read(await upstream.logoutToken());
});
