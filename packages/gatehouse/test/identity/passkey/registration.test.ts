import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { cbor, type Lies } from "../../support/authenticator.ts";
import {
  origin,
  PasskeyBrowser,
  type PasskeyServer,
  pageOf,
  problemOf,
  startPasskeyServer,
} from "../../support/passkey-browser.ts";

/*
 * What a new passkey has to be, and what is no such thing.
 */

let server: PasskeyServer;
let count = 0;
before(async () => {
  server = await startPasskeyServer();
});
after(() => server.close());

const aPage = async (browser: PasskeyBrowser, email = `person${++count}@example.com`) =>
  pageOf(await browser.take(await server.invite(email)), "passkey-registration");

test("V65 a new passkey is discoverable, unlocked by its owner, made on our page, with an id nobody has and no word of its maker", async () => {
  const browser = new PasskeyBrowser(server);
  const page = await aPage(browser, "ada@example.com");
  const options = JSON.parse(page.options);
  assert.equal(options.authenticatorSelection.residentKey, "required");
  assert.equal(options.authenticatorSelection.requireResidentKey, true);
  assert.equal(options.authenticatorSelection.userVerification, "required");
  assert.equal(options.attestation, "none");
  assert.deepEqual(options.rp, { id: "auth.example.com", name: "auth.example.com" });
  const handle = Buffer.from(options.user.id, "base64url");
  assert.equal(handle.length, 64);
  assert.ok(!handle.includes("ada") && options.user.name === "ada@example.com");
  assert.equal(Buffer.from(options.challenge, "base64url").length, 32);
  const lies: Lies[] = [
    { userVerified: false },
    { userPresent: false },
    { crossOrigin: true },
    { crossOrigin: "no" },
    { topOrigin: origin },
    { crossOrigin: true, topOrigin: origin },
    { type: "webauthn.get" },
    { rpId: "example.com" },
    { origin: "https://example.com" },
    { backedUp: true, backupEligible: false },
    { attestation: attestation({ fmt: "none", x5c: true }) },
    { attestation: attestation({ fmt: "packed", x5c: true }) },
    { attestation: attestation({ fmt: "android-safetynet" }) },
    { attestation: Buffer.from("rubbish") },
  ];
  for (const lie of lies) {
    const fresh = pageOf(
      await browser.get(`/passkey/register?invitation=${page.invitation}`),
      "passkey-registration",
    );
    const refused = await browser.finish(fresh, {}, lie);
    assert.equal(problemOf(refused), "refused", JSON.stringify(lie));
    assert.equal(refused.status, 400);
  }
  assert.deepEqual(await server.store.findAccounts("ada@example.com"), []);
  const fresh = pageOf(
    await browser.get(`/passkey/register?invitation=${page.invitation}`),
    "passkey-registration",
  );
  const longest = randomBytes(1023).toString("base64url");
  pageOf(await browser.finish(fresh, { name: "x".repeat(100) }, { id: longest }), "passkey-ready");
  const [account = assert.fail()] = await server.store.findAccounts("ada@example.com");
  const [passkey = assert.fail()] = await server.store.listPasskeys(account.subject);
  assert.deepEqual([passkey.id, passkey.name.length, passkey.counter], [longest, 60, 1]);
  assert.equal((await browser.signIn()).subject, options.user.id);
});

test("V-n38 somebody's passkey, one with an endless id, one of an unknown owner, and another's invitation register nothing", async () => {
  const ada = new PasskeyBrowser(server);
  pageOf(await ada.register(await server.invite("ada.l@example.com")), "passkey-ready");
  const [{ id } = assert.fail()] = ada.authenticator.credentials;
  const before = await server.store.findPasskey(id);
  const mallory = new PasskeyBrowser(server);
  const link = await server.invite("mallory@example.com");
  const attempts: [Lies, string][] = [
    [{ id }, "known"],
    [{ id: randomBytes(1024).toString("base64url") }, "refused"],
    [{ userVerified: false }, "refused"],
  ];
  for (const [lies, problem] of attempts) {
    assert.equal(problemOf(await mallory.register(link, {}, lies)), problem, problem);
  }
  // The id that the page sends is another than the one that was made.
  const page = pageOf(await mallory.take(link), "passkey-registration");
  const answer = JSON.parse(mallory.authenticator.make(page.options));
  const posted = { invitation: page.invitation, answer: JSON.stringify({ ...answer, id, rawId: id }) };
  assert.equal(problemOf(await mallory.post(page.action, posted)), "refused");
  // Her own invitation, finished with what was begun for Carol's.
  const carol = new PasskeyBrowser(server);
  const carols = await aPage(carol, "carol@example.com");
  const mine = pageOf(await mallory.take(link), "passkey-registration");
  for (const [name, value] of carol.cookies) mallory.cookies.set(name, value);
  assert.equal(problemOf(await mallory.finish(mine)), "invitationOver");
  const mixed = { ...carols, options: mine.options };
  assert.equal(problemOf(await mallory.finish(mixed)), "over");
  assert.deepEqual(await server.store.findPasskey(id), before);
  for (const email of ["mallory@example.com", "carol@example.com"]) {
    assert.deepEqual(await server.store.findAccounts(email), []);
  }
  assert.equal((await ada.signIn()).email, "ada.l@example.com");
});

test("rubbish in place of an answer is refused and no error of ours", async () => {
  const browser = new PasskeyBrowser(server);
  const page = await aPage(browser);
  const real = JSON.parse(browser.authenticator.make(page.options));
  const b64 = (text: string) => Buffer.from(text).toString("base64url");
  for (const answer of [
    "",
    "null",
    "[]",
    "{",
    "x".repeat(60_000),
    JSON.stringify({ ...real, id: 7 }),
    JSON.stringify({ ...real, type: "password" }),
    JSON.stringify({ ...real, response: {} }),
    JSON.stringify({ ...real, response: { ...real.response, clientDataJSON: "%%" } }),
    JSON.stringify({ ...real, response: { ...real.response, clientDataJSON: b64("[]") } }),
    JSON.stringify({ ...real, response: { ...real.response, clientDataJSON: b64('{"challenge":{}}') } }),
    JSON.stringify({ ...real, response: { ...real.response, attestationObject: b64("\u0000") } }),
    `${`{"a":`.repeat(5000)}1${"}".repeat(5000)}`,
  ]) {
    const { invitation, action } = page;
    const refused = await browser.post(action, { invitation, answer });
    assert.equal(refused.status, 400, answer.slice(0, 60));
    assert.ok(["refused", "over"].includes(problemOf(refused)));
  }
});

/** What an authenticator says of itself, although nobody asked. */
function attestation({ fmt, x5c }: { fmt: string; x5c?: boolean }): Buffer {
  return cbor(
    new Map<string, Parameters<typeof cbor>[0]>([
      ["fmt", fmt],
      ["attStmt", new Map(x5c ? [["x5c", [randomBytes(20)]]] : [])],
      ["authData", randomBytes(200)],
    ]),
  );
}
