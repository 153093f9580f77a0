import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Account } from "../../src/oauth/records.ts";
import { subjectOf } from "../../src/oauth/subject.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aGrant, anAccount, aToken, unique } from "../contract/records.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const database = await aDatabase();
const tested = new StoreUnderTest();
/** Open all the time, as a server would have it. */
await tested.open(() => openSqliteStore({ path: database.path }));
const { store } = tested;
after(async () => {
  await store.close();
  await database.remove();
});

const people = (...args: string[]) => runCommand(["people", ...args], database.environment);
const now = seconds(Date.now() / 1000);
const issuer = "https://idp.example";

/** Somebody with a live session and a live grant. */
async function aPerson(over: Partial<Account> = {}) {
  const upstreamSubject = unique();
  const subject = subjectOf({ issuer, subject: upstreamSubject });
  const account = anAccount({ issuer, upstreamSubject, subject, email: `${unique()}@example.com`, ...over });
  const sessionHash = hashSecret(unique());
  const session = { replaces: undefined, account, authTime: now, expiresAt: seconds(now + 3600) };
  await store.openSession({ sessionHash, ...session });
  const code = await tested.anIssuedCode({ subject, expiresAt: seconds(now + 60) });
  const grant = aGrant(code, { expiresAt: seconds(now + 900), endsAt: seconds(now + 900) });
  await store.redeemCode(code.codeHash, now, grant, aToken(grant));
  const findSession = () => store.findSession(sessionHash, now, seconds(3600));
  return { account, grant, findSession };
}

test("an operator looks a person up: who they are, and what lives of theirs", async () => {
  const { account, grant } = await aPerson({ email: "ada@example.com", name: "Ada \u202E\u0007" });
  const shown = await people("show", "Ada@example.com");
  assert.match(shown.out, /^E-MAIL +NAME +PROVIDER/);
  assert.match(shown.out, /ada@example\.com +Ada \uFFFD\uFFFD +default/);
  assert.match(
    shown.out,
    new RegExp(`1 session, 1 grant\n +${grant.clientId} for https://mcp\\.example\\.com`),
  );
  const json = JSON.parse((await people("show", "ada@example.com", "--json")).out);
  assert.equal(json[0].subject, account.subject);
  assert.deepEqual([json[0].sessions, json[0].grants[0].grant], [1, grant.id]);
  const byName = ["--issuer", issuer, "--subject", account.upstreamSubject];
  assert.equal(JSON.parse((await people("show", ...byName, "--json")).out)[0].email, "ada@example.com");
  const listed = JSON.parse((await people("list", "--json")).out) as { email: string }[];
  assert.ok(listed.some(({ email }) => email === "ada@example.com"));
});

test("blocking says what it would end, does it only when agreed to, and lists what it ended", async () => {
  const { account, grant, findSession } = await aPerson({ email: "leaver@example.com" });
  const asked = await people("block", "leaver@example.com");
  assert.equal(asked.code, 2);
  assert.match(asked.err, /blocking leaver@example\.com ends 1 session and 1 grant .*: give --yes/);
  assert.ok(await findSession());

  const blocked = await people("block", "leaver@example.com", "--yes");
  assert.equal(blocked.code, 0, blocked.err);
  assert.match(
    blocked.err,
    /^Blocked leaver@example\.com\. Ended, with every token: 1 session, 0 unused codes, 1 grant\n/,
  );
  assert.match(blocked.err, new RegExp(grant.clientId));
  assert.equal(await findSession(), undefined);
  assert.equal(await store.findGrant(grant.id, now), undefined);
  assert.match((await people("list", "--blocked")).out, /leaver@example\.com .*20\d\d-/);

  const json = await people("block", "leaver@example.com", "--yes", "--json");
  assert.deepEqual(JSON.parse(json.out), {
    blocked: [account.subject],
    ended: [{ subject: account.subject, sessions: 0, grants: [], codes: 0 }],
    original_refresh_tokens: 0,
  });
  assert.match((await people("unblock", "leaver@example.com")).err, /can sign in again/);
  assert.match((await people("unblock", "leaver@example.com")).err, /was not blocked/);
  assert.match((await people("list", "--blocked")).err, /Nobody is blocked/);
});

test("removing forgets a person; one who is blocked stays blocked, and is told by issuer and subject", async () => {
  const { account, findSession } = await aPerson({ email: "gone@example.com" });
  assert.equal((await people("remove", "gone@example.com")).code, 2);
  assert.ok(await findSession());
  await people("block", "gone@example.com", "--yes");
  const removed = await people("remove", "gone@example.com", "--yes");
  assert.match(removed.err, /^Removed gone@example\.com/);
  const named = `--issuer ${issuer} --subject ${account.upstreamSubject}`;
  assert.ok(removed.err.includes(`They stay blocked: gatehouse people unblock ${named}`), removed.err);
  assert.equal((await people("show", "gone@example.com")).code, 1);
  assert.match((await people("unblock", ...named.split(" "))).err, /^Unblocked .*: they can sign in again/);

  const other = await aPerson({ email: "other@example.com" });
  const json = await people("remove", "other@example.com", "--yes", "--json");
  assert.deepEqual(JSON.parse(json.out).removed, [other.account.subject]);
  assert.equal(await store.findAccount(other.account.subject), undefined);
});

test("whom a command is about is said in one way, and somebody who is there", async () => {
  for (const what of ["show", "block", "unblock", "remove"]) {
    const { code, err } = await people(what, "nobody@example.com");
    assert.equal(code, 1, what);
    assert.match(err, /nobody signed in here as nobody@example\.com/);
  }
  const wrong = [[], ["--issuer", issuer], ["a@b.example", "--issuer", issuer, "--subject", "x"]];
  for (const named of wrong) assert.equal((await people("block", ...named)).code, 2, named.join(" "));
  assert.equal((await people("block", "--issuer", issuer, "--subject", "x")).code, 1);
  const { code, err } = await people("release", "nobody@example.com");
  assert.equal(code, 1);
  assert.match(err, /nobody has the address nobody@example\.com/);
});

test("a released address is free for another person, and its former holder is told of with their account", async () => {
  const now = seconds(Date.now() / 1000);
  const signIn = (account: Account) =>
    store.openSession({
      sessionHash: hashSecret(unique()),
      replaces: undefined,
      account,
      authTime: now,
      expiresAt: seconds(now + 3600),
    });
  const holder = anAccount({ email: "recycled@example.com" });
  const newcomer = anAccount({ email: "recycled@example.com" });
  await signIn(holder);
  assert.equal((await signIn(newcomer)).outcome, "address_held");
  const asked = await people("release", "Recycled@example.com");
  assert.equal(asked.code, 2);
  assert.match(asked.err, /releasing Recycled@example\.com ends 1 session and 0 grants: give --yes/);
  const { code, err } = await people("release", "Recycled@example.com", "--yes");
  assert.equal(code, 0);
  assert.match(err, /^Recycled@example\.com is free/);
  for (const fact of [holder.subject, holder.upstreamSubject, holder.issuer]) assert.ok(err.includes(fact));
  assert.equal((await signIn(newcomer)).outcome, "opened");
  const again = await people("release", "recycled@example.com", "--yes", "--json");
  assert.deepEqual(JSON.parse(again.out), { released: [newcomer.subject] });
});

test("everybody's address of a provider that is no longer is released at once, once that is said twice", async () => {
  const now = seconds(Date.now() / 1000);
  const old = `https://old-${unique()}.example`;
  const all = [1, 2, 3].map(() => anAccount({ issuer: old }));
  const other = anAccount();
  for (const account of [...all, other, anAccount({ issuer: old, email: "" })]) {
    const session = { replaces: undefined, account, authTime: now, expiresAt: seconds(now + 3600) };
    await store.openSession({ sessionHash: hashSecret(unique()), ...session });
  }
  const asked = await people("release", "--all-of", old);
  assert.equal(asked.code, 2);
  assert.match(asked.err, /releasing the addresses of 3 people ends 3 sessions and 0 grants: give --yes/);
  const done = await people("release", "--all-of", old, "--yes", "--json");
  assert.deepEqual(
    new Set((JSON.parse(done.out) as { released: string[] }).released),
    new Set(all.map(({ subject }) => subject)),
  );
  for (const { email } of all) assert.deepEqual(await store.findAccounts(email), []);
  assert.equal((await store.findAccounts(other.email)).length, 1);
  assert.equal((await people("release", "--all-of", old, "--yes")).code, 1);
  for (const wrong of [[], ["ada@example.com", "--all-of", old]])
    assert.equal((await people("release", ...wrong)).code, 2);
});

test("the apps of a person are listed, one is looked at and revoked, and all or those of one client disconnected", async () => {
  const { account, grant } = await aPerson({ email: "connected@example.com" });
  const grants = (...args: string[]) => runCommand(["grants", ...args], database.environment);
  const listed = JSON.parse((await grants("list", "Connected@example.com", "--json")).out);
  assert.deepEqual(
    [listed[0].grant, listed[0].client, listed[0].subject],
    [grant.id, grant.clientId, account.subject],
  );
  assert.match((await grants("list", account.email)).out, new RegExp(`^GRANT .*\n${grant.id}`));
  assert.match((await grants("show", grant.id)).out, new RegExp(`app +${grant.clientId}`));
  const asked = await grants("revoke", grant.id);
  assert.deepEqual([asked.code, asked.out], [2, ""]);
  assert.ok(asked.err.includes(grant.clientId) && asked.err.includes("give --yes"), asked.err);
  assert.ok(await store.findGrant(grant.id, now));
  assert.equal((await grants("revoke", "--yes", grant.id)).code, 0);
  assert.equal(await store.findGrant(grant.id, now), undefined);
  assert.equal((await grants("show", grant.id)).code, 1);

  const other = await aPerson({ email: "many@example.com" });
  assert.equal((await people("disconnect", "many@example.com", "--app", "none", "--yes")).code, 1);
  assert.match(
    (await people("disconnect", "many@example.com")).err,
    /disconnects 1 app from many@example\.com/,
  );
  const done = await people(
    "disconnect",
    "many@example.com",
    "--app",
    other.grant.clientId,
    "--yes",
    "--json",
  );
  assert.deepEqual(JSON.parse(done.out), { subject: other.account.subject, revoked: [other.grant.id] });
  assert.ok(await other.findSession(), "they stay signed in");
});
