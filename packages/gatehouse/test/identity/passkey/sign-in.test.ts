import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createPages } from "../../../src/pages/render.ts";
import { type Lies, SoftwareAuthenticator } from "../../support/authenticator.ts";
import {
  origin,
  PasskeyBrowser,
  type PasskeyServer,
  pageOf,
  problemOf,
  startPasskeyServer,
} from "../../support/passkey-browser.ts";

/*
 * Signing in with a passkey, and with what is none.
 */

let server: PasskeyServer;
let count = 0;
before(async () => {
  server = await startPasskeyServer();
});
after(() => server.close());

/** Somebody who has a passkey, with what is stored of it. */
async function aPerson(authenticator = new SoftwareAuthenticator(origin)) {
  const browser = new PasskeyBrowser(server, authenticator);
  const email = `person${++count}@example.com`;
  pageOf(await browser.register(await server.invite(email)), "passkey-ready");
  const { id, userHandle } = authenticator.credentials.at(-1) ?? assert.fail();
  return { browser, email, id, userHandle, stored: () => server.store.findPasskey(id) };
}

const refusedAs = async (browser: PasskeyBrowser, lies: Lies) => {
  const answer = await browser.answerSignIn(await browser.openSignIn(), lies);
  assert.equal(answer.status, 400);
  return problemOf(answer);
};

test("V64 a challenge is 32 random bytes for one browser, one purpose and ten minutes, and its first answer uses it up", async () => {
  const { browser, email } = await aPerson();
  const page = await browser.openSignIn();
  const { challenge } = JSON.parse(page.options);
  assert.equal(Buffer.from(challenge, "base64url").length, 32);
  // A wrong answer uses it up as well.
  assert.equal(problemOf(await browser.answerSignIn(page, { badSignature: true })), "refused");
  assert.equal(problemOf(await browser.answerSignIn(page)), "over");
  // Of many right answers at once one counts.
  const open = await browser.openSignIn();
  const answers = [1, 2, 3, 4].map(() => browser.answerSignIn(open));
  const outcomes = (await Promise.all(answers)).map(problemOf);
  assert.equal(outcomes.filter((outcome) => outcome === "303").length, 1, outcomes.join());
  const last = await browser.openSignIn();
  server.clock.advance(599);
  const answered = await browser.answerSignIn(last);
  assert.equal((await browser.callback(answered)).email, email);
  await assert.rejects(browser.callback(answered), /no such code/, "a code acts once");
  const stale = await browser.answerSignIn(await browser.openSignIn());
  server.clock.advance(60);
  await assert.rejects(browser.callback(stale), /no such code/);
  const another = await browser.answerSignIn(await browser.openSignIn());
  await browser.openSignIn();
  await assert.rejects(browser.callback(another), /no such code/, "it is the code of another attempt");
});

test("V66 a sign-in asks for no address, believes no flag but the right ones, and only a correct signature changes what is stored", async () => {
  const synchronising = new SoftwareAuthenticator(origin, { counts: false, synchronises: true });
  const { browser, email, stored } = await aPerson(synchronising);
  const { options } = await browser.openSignIn();
  const { allowCredentials, userVerification, rpId } = JSON.parse(options);
  assert.deepEqual([allowCredentials, userVerification, rpId], [[], "required", "auth.example.com"]);
  const before = await stored();
  const lies: Lies[] = [
    { userVerified: false },
    { userPresent: false },
    { crossOrigin: true },
    { topOrigin: "https://auth.example.com" },
    { crossOrigin: true, topOrigin: "https://evil.example" },
    { backupEligible: false, backedUp: false },
    { backupEligible: false, backedUp: true },
    { badSignature: true },
    { userHandle: undefined },
  ];
  for (const lie of lies) assert.equal(await refusedAs(browser, lie), "refused", JSON.stringify(lie));
  assert.deepEqual(await stored(), before);
  server.clock.advance(60);
  assert.equal((await browser.signIn({ backedUp: false })).email, email);
  const after = (await stored())?.passkey;
  assert.deepEqual([after?.backedUp, after?.lastUsedAt, after?.counter], [false, server.clock.now(), 0]);
  const single = await aPerson();
  assert.equal(await refusedAs(single.browser, { backupEligible: true }), "refused", "it never could be");
});

test("V67 a counter that is not above the last is refused once the signature is right; a wrong signature looks like an unknown passkey", async () => {
  const { browser, id, email, stored } = await aPerson();
  await browser.signIn();
  const before = await stored();
  const counter = before?.passkey.counter ?? 0;
  for (const low of [counter, counter - 1, 0]) {
    assert.equal(await refusedAs(browser, { counter: low }), "counter");
  }
  assert.deepEqual(await stored(), before);
  // Without a right signature nobody learns that the passkey exists.
  const { renderPage } = createPages("");
  const seen = new Set<string>();
  for (const lies of [{ badSignature: true, counter: 0 }, { badSignature: true }, { id: "unknown" }]) {
    const page = await browser.openSignIn();
    const answer = await browser.answerSignIn(page, lies);
    const { state, options } = pageOf(answer, "passkey-sign-in");
    const html = renderPage(answer.page ?? assert.fail()).html;
    const { challenge } = JSON.parse(options);
    seen.add(html.replaceAll(state, "").replaceAll(challenge, ""));
  }
  assert.equal(seen.size, 1);
  assert.deepEqual(await stored(), before);
  assert.equal((await browser.signIn()).email, email, "it is not locked");
  const told = server.events.filter(({ name }) => name === "passkey_counter");
  assert.equal(told.length, 3);
  assert.equal(told[0]?.subject, before?.account.subject);
  assert.ok(!JSON.stringify(server.events).includes(id), "no credential in the log");
});

test("V-n33 a passkey used at another origin, for another host, in a frame, or of another kind is refused", async () => {
  const { browser, stored } = await aPerson();
  const before = await stored();
  for (const lies of [
    { origin: "https://auth.example.com.evil.test" },
    { origin: "http://auth.example.com" },
    { origin: "https://auth.example.com:8443" },
    { origin: "https://sub.auth.example.com" },
    { origin: "https://example.com" },
    { origin: "https://auth.example.com/" },
    { origin: "null" },
    { rpId: "example.com" },
    { rpId: "auth.example.com.evil.test" },
    { crossOrigin: true },
    { type: "webauthn.create" },
    { type: "payment.get" },
  ]) {
    assert.equal(await refusedAs(browser, lies), "refused", JSON.stringify(lies));
  }
  assert.deepEqual(await stored(), before);
  assert.ok(await browser.signIn());
});

test("V-n34 an answer that was sent before, and one to a challenge of another browser, purpose or time, is refused", async () => {
  const { browser, stored } = await aPerson();
  const page = await browser.openSignIn();
  const answer = browser.authenticator.sign(page.options);
  assert.equal((await browser.send(page, answer)).status, 303);
  assert.equal(problemOf(await browser.send(page, answer)), "over", "replayed");
  assert.equal(
    problemOf(await browser.send(await browser.openSignIn(), answer)),
    "over",
    "in another attempt",
  );
  const before = await stored();
  const other = new PasskeyBrowser(server, browser.authenticator);
  const theirs = await other.openSignIn();
  const ours = await browser.openSignIn();
  assert.equal(problemOf(await browser.answerSignIn({ ...ours, options: theirs.options })), "over");
  const link = await server.invite("late@example.com");
  const registration = pageOf(await browser.take(link), "passkey-registration");
  const { challenge } = JSON.parse(registration.options);
  assert.equal(problemOf(await browser.answerSignIn(await browser.openSignIn(), { challenge })), "over");
  const entrance = pageOf(await browser.get("/passkeys"), "passkey-entrance");
  const visit = JSON.parse(entrance.options).challenge;
  assert.equal(
    problemOf(await browser.answerSignIn(await browser.openSignIn(), { challenge: visit })),
    "over",
  );
  const old = await browser.openSignIn();
  server.clock.advance(11 * 60);
  assert.equal(problemOf(await browser.answerSignIn(old)), "over", "eleven minutes old");
  assert.deepEqual(await stored(), before);
  assert.equal(
    problemOf(await browser.get("/passkey/sign-in?state=x")),
    "pageOver",
    "no attempt of this browser",
  );
  const { state } = await browser.openSignIn();
  assert.equal(problemOf(await other.get(`/passkey/sign-in?state=${state}`)), "pageOver");
});

test("V-n35 a passkey whose person is another, unknown or not said is refused", async () => {
  const [ada, bob] = [await aPerson(), await aPerson()];
  const before = await ada.stored();
  for (const userHandle of [bob.userHandle, "AAAA", undefined]) {
    assert.equal(await refusedAs(ada.browser, { userHandle }), "refused", String(userHandle));
  }
  assert.deepEqual(await ada.stored(), before);
  assert.equal((await ada.browser.signIn()).email, ada.email);
});

test("V-n36 a thousand forged answers for somebody's passkey change nothing of it, and keep nobody out", async () => {
  const { browser, id, userHandle, email, stored } = await aPerson();
  const before = await stored();
  const forger = new PasskeyBrowser(server);
  await forger.register(await server.invite("forger@example.com"));
  const lies: Lies[] = [
    { counter: 0, badSignature: true },
    { counter: 4_294_967_295 },
    { backupEligible: true, backedUp: true },
    { counter: 1 },
  ];
  for (let round = 0; round < 250; round++) {
    for (const lie of lies) {
      assert.equal(await refusedAs(forger, { ...lie, id, userHandle }), "refused");
    }
  }
  assert.deepEqual(await stored(), before);
  assert.equal((await browser.signIn()).email, email);
});

test("V-n37 a cloned authenticator is found out by its counter, one without user verification by its flag", async () => {
  const { browser, stored } = await aPerson();
  await browser.signIn();
  const clone = new PasskeyBrowser(server, new SoftwareAuthenticator(origin));
  clone.authenticator.credentials.push(...browser.authenticator.credentials);
  clone.authenticator.counter = browser.authenticator.counter;
  await clone.signIn(); // it is ahead now
  const told = server.events.length;
  assert.equal(
    problemOf(await browser.answerSignIn(await browser.openSignIn())),
    "counter",
    "the original is behind",
  );
  assert.deepEqual(
    server.events.slice(told).map(({ name }) => name),
    ["passkey_counter"],
  );
  const before = await stored();
  assert.equal(await refusedAs(browser, { userVerified: false, counter: 99 }), "refused");
  assert.deepEqual(await stored(), before);
});

test("V-n39 a browser's session, and a visit of somebody else or of long ago, add no passkey", async () => {
  const { browser, stored, email } = await aPerson();
  await browser.signIn();
  const thief = new PasskeyBrowser(server);
  // All cookies that a signed-in browser has, the session's among them.
  for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
  thief.cookies.set("gatehouse-session", "stolen");
  pageOf(await thief.get("/passkeys"), "passkey-entrance");
  const other = await aPerson();
  const own = await other.browser.visit();
  const answer = thief.authenticator.make(own.options);
  assert.equal(problemOf(await thief.post("/passkeys", { step: "add", answer })), "over");
  // What was begun for one visit cannot be finished in another.
  const mine = await browser.visit();
  const theirs = { step: "add", answer: browser.authenticator.make(own.options) };
  assert.equal(problemOf(await browser.post(mine.action, theirs)), "over");
  server.clock.advance(301);
  const late = { step: "add", answer: browser.authenticator.make(mine.options) };
  assert.equal(problemOf(await browser.post(mine.action, late)), "over");
  const { account } = (await stored()) ?? assert.fail();
  assert.equal((await server.store.listPasskeys(account.subject)).length, 1);
  assert.equal(account.email, email);
});
