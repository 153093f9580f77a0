import assert from "node:assert/strict";
import { after, test } from "node:test";
import { subjectOf } from "../../src/oauth/subject.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { anAccount, unique } from "../contract/records.ts";
import { startMailServer } from "../support/smtp.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const database = await aDatabase();
/** Open all the time, as a server would have it. */
const store = await openSqliteStore({ path: database.path });
const mailServer = await startMailServer({ refuses: "gone@example.com" });
after(async () => {
  mailServer.close();
  await store.close();
  await database.remove();
});

const issuer = "https://auth.example.com";
const settings = { ...database.environment, BASE_URL: issuer, PASSKEYS: "on" };
const mail = { SMTP_URL: mailServer.url, SMTP_FROM: "gatehouse@example.com" };
const now = seconds(Date.now() / 1000);

const people = (args: readonly string[], environment: Record<string, string> = {}) =>
  runCommand(["people", ...args], { ...settings, ...environment });

const invitationOf = async (link: string) => {
  const token = new URL(link).searchParams.get("token") ?? "";
  return store.findInvitation(hashSecret(token), undefined, now);
};

async function anAccountOf(email: string, from: string) {
  const upstreamSubject = unique();
  const subject = subjectOf({ issuer: from, subject: upstreamSubject });
  const account = anAccount({ issuer: from, upstreamSubject, subject, email, provider: "work" });
  const session = { sessionHash: hashSecret(unique()), replaces: undefined, authTime: now };
  await store.openSession({ ...session, account, expiresAt: seconds(now + 60) });
  return account;
}

test("V69 an invitation states address and groups; without a mail server its link is printed, with one it goes to that address only; none is made for what belongs to another provider", async () => {
  const printed = await people(["invite", "Ada@EXAMPLE.com", "--groups", "admins, ops"]);
  assert.equal(printed.code, 0, printed.err);
  assert.match(
    printed.out,
    /^https:\/\/auth\.example\.com\/passkey\/invitation\?token=gatehouse_iv_[\w-]{43}\n$/,
  );
  assert.match(printed.err, /Hand this link to Ada@example\.com alone/);
  const invitation = await invitationOf(printed.out.trim());
  assert.deepEqual([invitation?.email, invitation?.groups], ["Ada@example.com", ["admins", "ops"]]);
  assert.ok(Math.abs((invitation?.expiresAt ?? 0) - now - 72 * 3600) < 30);
  assert.equal(mailServer.mails.length, 0);

  const mailed = await people(["invite", "bob@example.com", "--language", "de"], mail);
  assert.equal(mailed.code, 0, mailed.err);
  assert.match(mailed.err, /^Mailed to bob@example\.com: a link that is good once, until /);
  assert.ok(!(mailed.out + mailed.err).includes("gatehouse_iv_"));
  const [received = assert.fail(), ...more] = mailServer.mails;
  assert.deepEqual([received.from, received.to, more], ["gatehouse@example.com", ["bob@example.com"], []]);
  assert.match(received.data, /^Subject: Ihre Einladung zur Anmeldung bei auth\.example\.com$/m);
  const link =
    /https:\/\/auth\S+/.exec(received.data.replaceAll("=\n", "").replaceAll("=3D", "="))?.[0] ?? "";
  assert.equal((await invitationOf(link))?.email, "bob@example.com");

  await anAccountOf("hal@example.com", "https://idp.example");
  const held = await people(["invite", "HAL@example.com"]);
  assert.equal(held.code, 1);
  assert.match(
    held.err,
    /HAL@example\.com belongs to somebody of the provider work \(https:\/\/idp\.example\)/,
  );
  const provider = {
    OAUTH2_CLIENT_ID: "x",
    OAUTH2_CLIENT_SECRET: "y",
    ALLOWED_DOMAINS: "corp.example",
  };
  const foreign = await people(["invite", "ivy@corp.example"], provider);
  assert.equal(foreign.code, 1);
  assert.match(foreign.err, /ivy@corp\.example sign in through another provider/);
  assert.equal((await people(["invite", "ivy@home.example"], provider)).code, 0);
});

test("whom the mail server does not take is not invited, and an address with a comma is no two", async () => {
  const refused = await people(["invite", "gone@example.com"], mail);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /did not take the invitation, so nobody is invited: .*nobody here of that name/);
  assert.ok(!refused.err.includes("gatehouse_iv_"));
  assert.equal((await people(["uninvite", "gone@example.com"])).code, 1);
  const before = mailServer.mails.length;
  await people(["invite", "bob,eve@example.com"], mail);
  for (const { to } of mailServer.mails.slice(before)) assert.notDeepEqual(to, ["eve@example.com"]);
  const nowhere = await people(["invite", "x@example.com"], {
    ...mail,
    SMTP_URL: "smtp://user:hunter2@127.0.0.1:1",
  });
  assert.equal(nowhere.code, 1);
  assert.ok(!nowhere.err.includes("hunter2"));
});

test("a wrong address, length or group, and a server without passkeys, are told at once", async () => {
  for (const [args, code, told] of [
    [["invite", "nobody"], 2, /is no e-mail address/],
    [["invite", "a@example.com", "--expires", "31d"], 2, /from 1m to 30d/],
    [["invite", "a@example.com", "--expires", "soon"], 2, /give a duration/],
    [["invite", "a@example.com", "--groups", "a,,b"], 2, /names separated by commas/],
    [["invite", "a@example.com", "--language", "xx"], 2, /Allowed choices are en, de/],
    [["uninvite", "stranger@example.com"], 1, /no invitation to stranger@example\.com is open/],
  ] as const) {
    const outcome = await people(args);
    assert.equal(outcome.code, code, args.join(" "));
    assert.match(outcome.err, told);
  }
  const off = await people(["invite", "a@example.com"], { PASSKEYS: "off" });
  assert.deepEqual([off.code, /set PASSKEYS=on/.test(off.err)], [2, true]);
});

test("people show lists a person's passkeys", async () => {
  const account = await anAccountOf("kim@example.com", `${issuer}/passkey`);
  const passkey = {
    id: unique(),
    subject: account.subject,
    rpId: "auth.example.com",
    publicKey: unique(),
    counter: 3,
    backupEligible: true,
    backedUp: true,
    name: "Kim\u202E's phone",
    groups: [],
    createdAt: now,
    lastUsedAt: undefined,
  };
  await store.addPasskey(passkey, 20);
  await store.addPasskey({ ...passkey, id: unique(), name: "", backedUp: false, lastUsedAt: now }, 20);
  const shown = await people(["show", "kim@example.com"]);
  assert.match(shown.out, /2 passkeys\n {2}.*made \d{4}-/);
  assert.match(shown.out, /Kim\uFFFD's phone: made .*, last used never, synchronised/);
  assert.match(shown.out, /without a name: made .*, last used \d{4}-.*, on one device/);
  const [person] = JSON.parse((await people(["show", "kim@example.com", "--json"])).out);
  assert.deepEqual(
    person.passkeys
      .map(({ name, synchronised }: { name: string; synchronised: boolean }) => [name, synchronised])
      .sort(),
    [
      ["", false],
      ["Kim\u202E's phone", true],
    ],
  );
});

test("somebody with an account is told apart, and a blocked one is not invited", async () => {
  const account = await anAccountOf("dora@example.com", `${issuer}/passkey`);
  const asked = await people(["invite", "dora@example.com", "--sign-out"]);
  assert.equal(asked.code, 2);
  assert.match(asked.err, /once dora@example\.com uses the invitation, 1 session and 0 grants of theirs end/);
  const args = ["invite", "dora@example.com", "--sign-out", "--yes", "--expires", "1h", "--json"];
  const json = await people(args);
  const { link, email, replaces, mailed, expires_at } = JSON.parse(json.out);
  assert.deepEqual([email, replaces, mailed], ["dora@example.com", true, false]);
  const invitation = await invitationOf(link);
  assert.deepEqual(
    [invitation?.subject, invitation?.userHandle, invitation?.endsGrants, invitation?.expiresAt],
    [account.subject, account.upstreamSubject, true, expires_at],
  );
  assert.match((await people(["invite", "dora@example.com"])).err, /former passkeys and sessions end/);
  const uninvited = await people(["uninvite", "DORA@example.com"]);
  assert.match(uninvited.err, /^Ended the invitation to DORA@example\.com\.$/m);
  assert.equal(await invitationOf(link), undefined);
  await store.blockAccount(account.subject, now);
  const blocked = await people(["invite", "dora@example.com"]);
  assert.deepEqual([blocked.code, /is blocked/.test(blocked.err)], [1, true]);
});
