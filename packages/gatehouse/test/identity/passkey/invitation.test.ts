import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seconds } from "../../../src/oauth/values.ts";
import { createPages } from "../../../src/pages/render.ts";
import { SoftwareAuthenticator } from "../../support/authenticator.ts";
import {
  origin,
  PasskeyBrowser,
  type PasskeyServer,
  pageOf,
  problemOf,
  startPasskeyServer,
} from "../../support/passkey-browser.ts";

/*
 * From the link that the operator hands out to a passkey, and what others can do with the link.
 */

let server: PasskeyServer;
before(async () => {
  server = await startPasskeyServer();
});
after(() => server.close());

test("V61 an invitation lasts 72 hours, is bound by a click and used up by a registration, and its secret is stored hashed", async () => {
  const link = await server.invite("ada@example.com");
  const token = new URL(link).searchParams.get("token") ?? assert.fail();
  assert.equal(Buffer.from(token.replace("gatehouse_iv_", ""), "base64url").length, 32);
  const browser = new PasskeyBrowser(server);
  const shown = pageOf(await browser.get(link), "invitation");
  assert.equal(shown.email, "ada@example.com");
  assert.equal(browser.cookies.size, 0, "looking binds nothing");
  const registration = pageOf(await browser.take(link), "passkey-registration");
  assert.ok(!JSON.stringify([registration, ...browser.cookies]).includes(token));
  const [cookie = assert.fail()] = browser.cookies.values();
  assert.ok(cookie.length >= 43);
  // A registration that fails does not use it up, and the browser may come back to it.
  const failed = await browser.finish(registration, {}, { userVerified: false });
  assert.equal(problemOf(failed), "refused");
  server.clock.advance(72 * 3600 - 1);
  const again = pageOf(await browser.take(link), "passkey-registration");
  const ready = pageOf(await browser.finish(again), "passkey-ready");
  assert.equal(ready.email, "ada@example.com");
  assert.equal(problemOf(await browser.get(link)), "invitationOver");
  const tooLate = await server.invite("late@example.com");
  server.clock.advance(72 * 3600);
  assert.equal(problemOf(await browser.get(tooLate)), "invitationOver");
});

test("V-n31 an invitation survives scanners, belongs to one browser, makes one passkey, and is over in one way only", async () => {
  const link = await server.invite("bea@example.com");
  const scanner = new PasskeyBrowser(server);
  for (let times = 0; times < 20; times++) {
    for (const method of ["GET", "HEAD"]) pageOf(await scanner.get(link, method), "invitation");
  }
  // Begun in one browser, it is of no use in another, whatever that one knows of it.
  const owner = new PasskeyBrowser(server);
  const page = pageOf(await owner.take(link), "passkey-registration");
  const thief = new PasskeyBrowser(server);
  const over = [await thief.get(link), await thief.take(link)];
  over.push(await thief.get(`/passkey/register?invitation=${page.invitation}`));
  over.push(await thief.finish(page));
  // Two instances are asked to finish it at once.
  const twin = await startPasskeyServer(server);
  const other = new PasskeyBrowser(twin, owner.authenticator);
  for (const [name, value] of owner.cookies) other.cookies.set(name, value);
  const second = pageOf(
    await other.get(`/passkey/register?invitation=${page.invitation}`),
    "passkey-registration",
  );
  const outcomes = await Promise.all([owner.finish(page), other.finish(second)]);
  assert.deepEqual(outcomes.map(problemOf).sort(), ["invitationOver", "passkey-ready"]);
  const [account = assert.fail()] = await server.store.findAccounts("bea@example.com");
  assert.equal((await server.store.listPasskeys(account.subject)).length, 1);
  // Used, expired, replaced, made up: one and the same page.
  const replaced = await server.invite("carl@example.com");
  await server.invite("CARL@example.com");
  const expired = await server.invite("dora@example.com", { lifetime: seconds(60) });
  server.clock.advance(60);
  const madeUp = `${origin}/passkey/invitation?token=gatehouse_iv_${"A".repeat(43)}`;
  const stranger = new PasskeyBrowser(server);
  for (const dead of [link, replaced, expired, madeUp, `${origin}/passkey/invitation`]) {
    over.push(await stranger.get(dead), await stranger.take(dead));
  }
  const { renderPage } = createPages("");
  const read = over.map(({ status, page: shown = assert.fail() }) => `${status} ${renderPage(shown).html}`);
  assert.equal(new Set(read).size, 1);
  assert.match(read[0] ?? "", /^400 .*This invitation cannot be used/s);
});

test("the first person says who they are, and nobody else is invited like that while they may come, or once they came", async () => {
  const empty = await startPasskeyServer();
  const instances = [empty, await startPasskeyServer(empty), await startPasskeyServer(empty)];
  const start = async () => {
    const links = await Promise.all(instances.map((instance) => instance.inviteFirst()));
    return links.filter((link) => link !== undefined);
  };
  assert.equal((await start()).length, 1);
  assert.deepEqual(await start(), [], "one is open");
  empty.clock.advance(3600);
  const [link = assert.fail(), ...others] = await start();
  assert.deepEqual(others, [], "it expired, and nobody came");
  const browser = new PasskeyBrowser(empty);
  const page = pageOf(await browser.take(link), "passkey-registration");
  assert.equal(page.email, undefined);
  for (const [email, problem] of [
    ["", "malformedAddress"],
    ["me", "malformedAddress"],
    ["me@elsewhere.example", "foreignAddress"],
  ]) {
    const fresh = pageOf(
      await browser.get(`/passkey/register?invitation=${page.invitation}`),
      "passkey-registration",
    );
    const again = await browser.finish(fresh, { email: email ?? "" });
    assert.equal(problemOf(again), problem);
    assert.equal(pageOf(again, "passkey-registration").typed, email);
  }
  const fresh = pageOf(
    await browser.get(`/passkey/register?invitation=${page.invitation}`),
    "passkey-registration",
  );
  pageOf(await browser.finish(fresh, { email: "first@Example.com" }), "passkey-ready");
  assert.equal((await browser.signIn()).email, "first@example.com");
  empty.clock.advance(3600);
  assert.deepEqual(await start(), [], "somebody is there");
  await empty.close();
});

test("another site can neither bind nor finish an invitation for the person", async () => {
  const link = await server.invite("eve@example.com");
  const token = new URL(link).searchParams.get("token") ?? "";
  const browser = new PasskeyBrowser(server);
  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "null", secFetchSite: "cross-site" },
  ]) {
    assert.equal((await browser.post("/passkey/invitation", { token }, headers)).status, 403);
    assert.equal((await browser.post("/passkey/register", {}, headers)).status, 403);
  }
  pageOf(await browser.register(link), "passkey-ready");
});

test("V68 a second passkey needs one shown within five minutes, an invitation replaces all, and each is shown with what is known of it", async () => {
  const phone = new PasskeyBrowser(server);
  await phone.register(await server.invite("finn@example.com"), { name: "Phone\u202e" });
  const person = await phone.signIn();
  // A second one, of a device that synchronises.
  const list = await phone.visit();
  server.clock.advance(1);
  const laptop = new PasskeyBrowser(server, new SoftwareAuthenticator(origin, { synchronises: true }));
  const added = await phone.post(list.action, {
    step: "add",
    answer: laptop.authenticator.make(list.options),
  });
  assert.equal(added.status, 303);
  const both = pageOf(await phone.get("/passkeys"), "own-passkeys");
  assert.deepEqual(
    both.passkeys.map(({ name, lastUsedAt, synced }) => [name, lastUsedAt !== undefined, synced]),
    [
      ["Phone", true, false],
      ["", false, true],
    ],
  );
  assert.equal((await laptop.signIn()).subject, person.subject);
  // Five minutes later nothing can be added any more, by the page that is still open neither.
  server.clock.advance(300);
  const late = await phone.post(both.action, {
    step: "add",
    answer: laptop.authenticator.make(both.options),
  });
  assert.equal(problemOf(late), "over");
  pageOf(late, "passkey-entrance");
  // Twenty are enough.
  const visit = await phone.visit();
  let page = visit;
  for (let count = 2; count < 20; count++) {
    const made = laptop.authenticator.make(page.options);
    assert.equal((await phone.post(page.action, { step: "add", answer: made })).status, 303);
    page = pageOf(await phone.get("/passkeys"), "own-passkeys");
  }
  const full = { step: "add", answer: laptop.authenticator.make(page.options) };
  assert.equal(problemOf(await phone.post(page.action, full)), "full");
  // A new invitation: all of them are over, the person is the same.
  const newPhone = new PasskeyBrowser(server);
  const link = await server.invite("finn@example.com");
  const registration = pageOf(await newPhone.take(link), "passkey-registration");
  assert.equal(registration.replaces, true);
  pageOf(await newPhone.finish(registration), "passkey-ready");
  assert.deepEqual(await newPhone.signIn(), { ...person, authenticatedAt: server.clock.now() });
  for (const lost of [phone, laptop]) await assert.rejects(lost.signIn(), /refused/);
});

test("Z23 a person removes one of several passkeys, after a question and on their own page, and never the only one", async () => {
  const phone = new PasskeyBrowser(server);
  await phone.register(await server.invite("gina@example.com"), { name: "Phone" });
  const { action, csrf, options, passkeys } = await phone.visit();
  const [first] = passkeys;
  const remove = { step: "remove", csrf, passkey: first?.id ?? "" };
  assert.equal(problemOf(await phone.post(action, { ...remove, confirmed: "yes" })), "last");
  const laptop = new PasskeyBrowser(server, new SoftwareAuthenticator(origin, { synchronises: true }));
  await phone.post(action, { step: "add", answer: laptop.authenticator.make(options) });

  const other = new PasskeyBrowser(server);
  await other.register(await server.invite("hugo@example.com"));
  const theirs = await other.visit();
  const stolen = { ...remove, csrf: theirs.csrf, confirmed: "yes" };
  pageOf(await other.post(action, stolen), "own-passkeys");
  assert.equal(problemOf(await phone.post(action, { ...remove, csrf: "old", confirmed: "yes" })), "over");
  assert.equal((await phone.post(action, remove, { origin: "https://evil.example" })).status, 403);

  const question = pageOf(await phone.post(action, remove), "remove-passkey");
  assert.deepEqual([question.passkey.name, question.count], ["Phone", 2]);
  const both = pageOf(await phone.get("/passkeys"), "own-passkeys");
  assert.equal(both.passkeys.length, 2, "nothing happened yet");
  assert.equal((await phone.post(action, { ...remove, confirmed: "yes" })).status, 303);
  await assert.rejects(phone.signIn(), /refused/);
  assert.equal((await laptop.signIn()).email, "gina@example.com");
  assert.equal((await laptop.visit()).passkeys.length, 1);
});

test("an invitation states address and groups, and none is made for what belongs to another provider", async () => {
  const browser = new PasskeyBrowser(server);
  await browser.register(await server.invite(" Grace@EXAMPLE.com ", { groups: ["admins", "Ops"] }));
  const grace = await browser.signIn();
  assert.deepEqual([grace.email, grace.groups], ["Grace@example.com", ["admins", "Ops"]]);
  // Those that the configuration gives an address come besides.
  const navy = new PasskeyBrowser(server);
  await server.store.removeAccount(
    (await server.store.findAccounts("grace@example.com"))[0]?.subject ?? assert.fail(),
  );
  await navy.register(await server.invite("grace@example.com", { groups: ["admins"] }));
  assert.deepEqual((await navy.signIn()).groups, ["admins", "navy"]);
  const upstream = await server.upstreamPerson("hal@example.com");
  for (const [email, refused] of [
    ["hal@example.com", "held"],
    ["HAL@example.com", "held"],
    ["ivy@elsewhere.example", "foreign"],
    ["nobody", "malformed"],
    ["a b@example.com", "malformed"],
    ["a@", "malformed"],
  ] as const) {
    const answer = await server.tryInvite(email);
    assert.equal("refused" in answer && answer.refused, refused, email);
  }
  // Somebody came to have the address elsewhere while the invitation was on its way.
  const link = await server.invite("jo@example.com");
  await server.upstreamPerson("jo@example.com");
  assert.equal(problemOf(await new PasskeyBrowser(server).register(link)), "held");
  assert.deepEqual(await server.store.findAccounts("hal@example.com"), [upstream]);
});
