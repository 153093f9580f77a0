import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { passkeyIssuer } from "../../src/identity/passkey/relying-party.ts";
import { subjectOf } from "../../src/oauth/subject.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { aHash, anAccount as aRecord, unique } from "../contract/records.ts";
import { eventsOf } from "../support/audit-events.ts";
import { act, isAgain, openConsole, signInAgain, signInAtHome } from "../support/console.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { startMailServer } from "../support/smtp.ts";
import type { Arrival, UserAgent } from "../support/user-agent.ts";

/* How administrators invite people to accounts of the server, in the console. */

const mailServer = await startMailServer({ refuses: "gone@home.example" });
let server: TestGatehouse;
/** The same, which mails. */
let mailing: TestGatehouse;
let boss: UserAgent;
const settings = { ADMINS: "boss@example.com", PASSKEYS: "on", ALLOWED_DOMAINS: "example.com" };
before(async () => {
  server = await startTestGatehouse(settings);
  mailing = await startTestGatehouse({
    ...settings,
    SMTP_URL: mailServer.url,
    SMTP_FROM: "gatehouse@example.com",
  });
  for (const each of [server, mailing]) each.upstream.signedInAt = () => each.clock.now();
  boss = await anAdministrator(server);
});
after(async () => {
  await server.stop();
  await mailing.stop();
  mailServer.close();
});

async function anAdministrator(of: TestGatehouse): Promise<UserAgent> {
  const agent = await signInAtHome(of, "boss");
  await openConsole(of, agent);
  return agent;
}

/** Somebody with an account of this server, or of another provider. */
async function anAccount(email: string, issuer = passkeyIssuer(server.issuer)) {
  const upstreamSubject = unique();
  const subject = subjectOf({ issuer, subject: upstreamSubject });
  const account = aRecord({ issuer, upstreamSubject, subject, email, provider: "work" });
  const authTime = server.clock.now();
  const session = { sessionHash: aHash(), replaces: undefined, authTime };
  await server.store.openSession({ ...session, account, expiresAt: seconds(authTime + 3600) });
  return account;
}

const linkOn = ({ html }: Arrival) =>
  /<pre class="secret"><code>([^<]+)</.exec(html)?.[1] ?? assert.fail(html);
const invitationOf = (link: string) =>
  server.store.findInvitation(
    hashSecret(new URL(link).searchParams.get("token") ?? ""),
    undefined,
    server.clock.now(),
  );
const actorOf = async (of: TestGatehouse) => {
  const [account] = await of.store.findAccounts("boss@example.com");
  return `operator ${account?.subject}`;
};

test("somebody is invited by a link that is shown once and told to no log, listed until when, and the invitation taken back", async () => {
  const made = await act(server, boss, "/invitations/new", {
    email: " Ada@HOME.example ",
    groups: "admins, <b>ops",
    lifetime: "24h",
  });
  const link = linkOn(made);
  assert.match(made.html, /The invitation of <bdi>Ada@home\.example<\/bdi>/);
  assert.equal(made.response.headers.get("cache-control"), "no-store");
  const invitation = (await invitationOf(link)) ?? assert.fail("no invitation");
  assert.deepEqual(
    [invitation.email, invitation.groups, invitation.endsGrants, invitation.expiresAt],
    ["Ada@home.example", ["admins", "<b>ops"], false, server.clock.now() + 86_400],
  );
  const created = eventsOf(server, "invitation_created").at(-1);
  assert.deepEqual(
    [created?.actor, created?.subject, created?.reason],
    [await actorOf(server), invitation.subject, undefined],
  );
  assert.match(created?.detail ?? "", /^until \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
  assert.ok(!server.log.join("").includes(new URL(link).searchParams.get("token") ?? ""));

  const people = await openConsole(server, boss, "/people");
  assert.match(people.html, /href="\/console\/invitations"/);
  const list = await openConsole(server, boss, "/invitations");
  assert.match(
    list.html,
    /<bdi>Ada@home\.example<\/bdi>[\s\S]*admins[\s\S]*&lt;b&gt;ops[\s\S]*Good once, until/,
  );
  for (const secret of [link, invitation.tokenHash, invitation.userHandle]) {
    assert.ok(!list.html.includes(secret), "nothing that opens it");
  }
  const left = await act(server, boss, "/invitations", { act: "take_back", email: "ada@home.example" });
  assert.match(left.html, /No invitation is open/);
  assert.equal(await invitationOf(link), undefined);
  const cancelled = eventsOf(server, "invitation_created").at(-1);
  assert.deepEqual(
    [cancelled?.actor, cancelled?.reason, cancelled?.detail],
    [await actorOf(server), "cancelled", "to ada@home.example"],
  );
  const before = eventsOf(server, "invitation_created").length;
  await act(server, boss, "/invitations", { act: "take_back", email: "ada@home.example" });
  assert.equal(eventsOf(server, "invitation_created").length, before, "nothing was taken back");
});

test("whoever has an account is invited after a question that names what of theirs ends, if their apps are to end too", async () => {
  const account = await anAccount("dora@home.example");
  const fields = { email: "dora@home.example", groups: "staff", lifetime: "1h", ends_grants: "yes" };
  const asked = await act(server, boss, "/invitations/new", fields);
  assert.match(asked.html, /Invite <bdi>dora@home\.example<\/bdi> anew\?/);
  assert.match(asked.html, /This ends 1 browser session and 0 apps\./);
  const open = async () => (await server.store.listInvitations(server.clock.now(), { limit: 10 })).items;
  assert.deepEqual(await open(), [], "nothing is done by the question");
  const made = await act(server, boss, "/invitations/new", { ...fields, confirmed: "yes" });
  assert.match(made.html, /former passkeys, browser sessions and apps end/);
  const [invitation] = await open();
  assert.deepEqual(
    [invitation?.subject, invitation?.endsGrants, invitation?.groups],
    [account.subject, true, ["staff"]],
  );
  const without = await act(server, boss, "/invitations/new", { email: fields.email });
  assert.match(without.html, /Their apps stay connected/);
  assert.equal((await open())[0]?.endsGrants, false, "the later one holds");
  assert.equal((await open()).length, 1);
  await server.store.cancelInvitation(fields.email, server.clock.now());
});

test("who is blocked, signs in elsewhere, or whose address or groups are none, is not invited, and what was entered is there still", async () => {
  const blocked = await anAccount("eve@home.example");
  await server.store.blockAccount(blocked.subject, server.clock.now());
  await anAccount("hal@home.example", "https://idp.example");
  for (const [fields, told] of [
    [{ email: "nobody" }, /This is no e-mail address/],
    [{ email: "new@example.com" }, /sign in through another provider/],
    [{ email: "eve@home.example" }, /This person is blocked/],
    [{ email: "hal@home.example" }, /signs in elsewhere[\s\S]*work \(https:\/\/idp\.example\)/],
    [{ email: "x@home.example", groups: "a,,b" }, /no list of groups/],
  ] as const) {
    const refused = await act(server, boss, "/invitations/new", { ...fields, lifetime: "7d" });
    assert.match(refused.html, told);
    assert.ok(refused.html.includes(`value="${fields.email}"`), "what was entered");
    assert.match(refused.html, /value="7d" selected/);
  }
  assert.deepEqual(
    eventsOf(server, "console_refused").map(({ reason }) => reason),
    ["malformed", "foreign", "blocked", "held", "groups"],
  );
  const { items } = await server.store.listInvitations(server.clock.now(), { limit: 10 });
  assert.deepEqual(items, []);
});

test("with a mail server the link goes to that address alone, in the chosen language, and whom it refuses is not invited", async () => {
  const agent = await anAdministrator(mailing);
  const made = await act(mailing, agent, "/invitations/new", { email: "bob@home.example", language: "de" });
  assert.match(made.html, /The link was mailed to them/);
  assert.ok(!made.html.includes("gatehouse_iv_"));
  const [mail] = mailServer.mails;
  assert.deepEqual(mail?.to, ["bob@home.example"]);
  assert.match(mail?.data ?? "", /^Subject: Ihre Einladung/m);
  assert.match(eventsOf(mailing, "invitation_created").at(-1)?.detail ?? "", /, mailed$/);
  const refused = await act(mailing, agent, "/invitations/new", { email: "gone@home.example" });
  assert.match(refused.html, /did not take the invitation[\s\S]*nobody here of that name/);
  const { items } = await mailing.store.listInvitations(mailing.clock.now(), { limit: 10 });
  assert.deepEqual(
    items.map(({ email }) => email),
    ["bob@home.example"],
  );
  assert.ok(!mailing.log.join("").includes("gatehouse_iv_"));
});

test("to invite, or to take back, wants a sign-in of the last 5 minutes and a form of this session, and strangers find no such page", async () => {
  const link = linkOn(await act(server, boss, "/invitations/new", { email: "kay@home.example" }));
  for (const [path, fields] of [
    ["/invitations/new", { email: "liz@home.example" }],
    ["/invitations", { act: "take_back", email: "kay@home.example" }],
  ] as const) {
    for (const [more, headers] of [
      [{ csrf: "" }, {}],
      [{ csrf: "x" }, {}],
      [{}, { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ] as const) {
      const { response } = await act(server, boss, path, { ...fields, ...more }, headers);
      assert.ok(response.status >= 400 && response.status < 500, `${path} ${response.status}`);
    }
    await boss.request(`${server.url}/console${path}?${new URLSearchParams(fields)}`);
  }
  server.clock.advance(5 * 60 + 1);
  const late = await act(server, boss, "/invitations", { act: "take_back", email: "kay@home.example" });
  assert.ok(isAgain(late));
  const asked = await act(server, boss, "/invitations/new", { email: "liz@home.example", groups: "<i>" });
  assert.ok(isAgain(asked));
  const back = await signInAgain(boss, asked);
  assert.match(back.html, /value="liz@home\.example"[\s\S]*value="&lt;i&gt;"/);
  const { items } = await server.store.listInvitations(server.clock.now(), { limit: 10 });
  assert.deepEqual(
    items.map(({ email }) => email),
    ["kay@home.example"],
  );
  assert.ok(await invitationOf(link));

  const ada = await signInAtHome(server, "ada");
  for (const path of ["/invitations", "/invitations/new"]) {
    assert.equal((await ada.request(`${server.url}/console${path}`)).status, 404);
    const posted = await act(server, ada, path, { email: "liz@home.example" });
    assert.equal(posted.response.status, 404);
  }
});

test("a server without accounts of its own has no page of invitations, for administrators either", async (t) => {
  const without = await startTestGatehouse({ ADMINS: "boss@example.com" });
  t.after(() => without.stop());
  const agent = await signInAtHome(without, "boss");
  assert.doesNotMatch((await openConsole(without, agent, "/people")).html, /invitations/);
  assert.equal((await agent.request(`${without.url}/console/invitations`)).status, 404);
  assert.equal((await agent.request(`${without.url}/console/invitations/new`)).status, 404);
});
