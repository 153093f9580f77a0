import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Account, Ceremony, Invitation, Passkey } from "../../src/oauth/records.ts";
import { type Seconds, seconds } from "../../src/oauth/values.ts";
import {
  aClient,
  aHash,
  anAccount,
  anAuthorization,
  asAccount,
  aTransaction,
  count,
  later,
  now,
  times,
  unique,
} from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** What a store promises about passkeys, invitations and ceremonies. */
export function passkeysContract(tested: StoreUnderTest): void {
  test("of several that invite the first person at once exactly one does, and none while anybody is there or invited", async () => {
    // This test comes first in the suite: the store is empty.
    const inviteAll = (at: Seconds, expiresAt: Seconds) =>
      Promise.all(
        times(8, () => tested.store.inviteFirst(anInvitation({ email: "", createdAt: at, expiresAt }), at)),
      );
    assert.equal(count(await inviteAll(now, later(60)), true), 1);
    assert.equal(count(await inviteAll(later(59), later(99)), true), 0, "one is open");
    assert.equal(count(await inviteAll(later(60), later(120)), true), 1, "it expired, and nobody came");
    assert.equal(await tested.store.cancelInvitation("", later(61)), true);
    const other = await invited();
    assert.equal(count(await inviteAll(now, later(60)), true), 0, "somebody else is invited");
    await tested.store.cancelInvitation(other.email, now);
    await registered();
    assert.equal(count(await inviteAll(now, later(60)), true), 0, "somebody is there");
  });

  test("an invitation can be looked at without end, and the later one to an address, in any case, replaces the earlier", async () => {
    const first = await invited({ email: `${unique()}@Example.com`, groups: ["admins", "team, b"] });
    for (let times = 0; times < 20; times++) {
      assert.deepEqual(await tested.store.findInvitation(first.tokenHash, undefined, later(599)), first);
    }
    assert.equal(await tested.store.findInvitation(first.tokenHash, undefined, later(600)), undefined);
    assert.equal(await tested.store.findInvitation(aHash(), undefined, now), undefined);
    const bindingHash = aHash();
    await tested.store.bindInvitation(first.tokenHash, bindingHash, now);
    const second = await invited({ email: first.email.toUpperCase() });
    assert.equal(await tested.store.findInvitation(first.tokenHash, bindingHash, now), undefined);
    assert.equal(await tested.store.findBoundInvitation(first.tokenHash, bindingHash, now), undefined);
    assert.equal((await finish(first, { bindingHash })).outcome, "gone");
    assert.deepEqual(await tested.store.findInvitation(second.tokenHash, undefined, now), second);
    assert.equal(await tested.store.cancelInvitation(first.email.toLowerCase(), now), true);
    assert.equal(await tested.store.cancelInvitation(first.email, now), false);
    assert.equal(await tested.store.findInvitation(second.tokenHash, undefined, now), undefined);
  });

  test("open invitations are listed in the order of their addresses, in parts, a taken one too, and none that is over", async () => {
    const word = unique()
      .toLowerCase()
      .replace(/[^a-z]/g, "");
    const [first, second, third] = [
      await invited({ email: `${word}A@example.com`, groups: ["admins"], endsGrants: true }),
      await invited({ email: `${word}b@example.com` }),
      await invited({ email: `${word}c@example.com`, expiresAt: later(900) }),
    ];
    await tested.store.bindInvitation(second.tokenHash, aHash(), now);
    const list = async (at: Seconds, limit: number) => {
      const items: Invitation[] = [];
      let after: string | undefined;
      do {
        const part = await tested.store.listInvitations(at, { limit, after });
        assert.ok(part.items.length <= limit);
        items.push(...part.items);
        after = part.next;
      } while (after !== undefined);
      return items.filter(({ email }) => email.startsWith(word));
    };
    assert.deepEqual(await list(now, 1), [first, second, third]);
    assert.deepEqual(await list(now, 1000), [first, second, third]);
    assert.deepEqual(await list(later(600), 2), [third]);
    await tested.store.cancelInvitation(third.email, now);
    assert.deepEqual(await list(now, 2), [first, second]);
  });

  test("an invitation belongs to the first browser that takes it", async () => {
    const invitation = await invited();
    const { tokenHash } = invitation;
    const browsers = times(8, aHash);
    const taken = await Promise.all(
      browsers.map((browser) => tested.store.bindInvitation(tokenHash, browser, now)),
    );
    assert.equal(count(taken, true), 1);
    const [owner = aHash()] = browsers.filter((_, at) => taken[at]);
    const [other = aHash()] = browsers.filter((_, at) => !taken[at]);
    assert.equal(await tested.store.bindInvitation(tokenHash, owner, now), true, "again");
    assert.deepEqual(await tested.store.findInvitation(tokenHash, owner, now), invitation);
    assert.deepEqual(await tested.store.findBoundInvitation(tokenHash, owner, now), invitation);
    for (const stranger of [other, undefined]) {
      assert.equal(await tested.store.findInvitation(tokenHash, stranger, now), undefined);
    }
    assert.equal(await tested.store.findBoundInvitation(tokenHash, other, now), undefined);
    assert.equal((await finish(invitation, { bindingHash: other })).outcome, "gone");
    assert.equal(await tested.store.bindInvitation(tokenHash, owner, later(600)), false, "expired");
    assert.equal((await finish(invitation, { bindingHash: owner, at: later(600) })).outcome, "gone");
    assert.equal((await finish(invitation, { bindingHash: owner })).outcome, "registered");
  });

  test("an invitation finished by many at once makes one account with one passkey", async () => {
    const invitation = await invited({ groups: ["admins"] });
    const bindingHash = aHash();
    await tested.store.bindInvitation(invitation.tokenHash, bindingHash, now);
    const tried = await Promise.all(times(8, () => finish(invitation, { bindingHash })));
    assert.equal(
      count(
        tried.map(({ outcome }) => outcome),
        "registered",
      ),
      1,
    );
    const won = tried.find(({ outcome }) => outcome === "registered") ?? assert.fail();
    assert.deepEqual(await tested.store.listPasskeys(invitation.subject), [won.passkey]);
    assert.deepEqual((await tested.store.findAccounts(invitation.email)).map(asAccount), [won.account]);
    assert.deepEqual(await tested.store.findPasskey(won.passkey.id), {
      passkey: won.passkey,
      account: won.account,
    });
    assert.equal(await tested.store.findInvitation(invitation.tokenHash, bindingHash, now), undefined);
  });

  test("a passkey that somebody has, and an address that another person has, cannot be registered, and nothing changes", async () => {
    const ada = await registered();
    const somebody = anAccount({ email: `${unique()}@example.com` });
    await signIn(somebody);
    const invitation = await invited();
    const bindingHash = aHash();
    await tested.store.bindInvitation(invitation.tokenHash, bindingHash, now);
    const known = await finish(invitation, { bindingHash, id: ada.passkey.id });
    assert.equal(known.outcome, "known");
    const held = await finish(invitation, { bindingHash, email: somebody.email.toUpperCase() });
    assert.equal(held.outcome, "held");
    assert.deepEqual(await tested.store.findPasskey(ada.passkey.id), ada);
    assert.deepEqual(await tested.store.findAccounts(invitation.email), []);
    assert.equal((await finish(invitation, { bindingHash })).outcome, "registered", "it is still good");
  });

  test("an invitation of somebody who has passkeys replaces them, and ends sessions, what is under way, and grants where it says so", async () => {
    for (const endsGrants of [false, true]) {
      const before = await registered();
      const { account } = before;
      await tested.store.addPasskey(aPasskey(account), 20);
      const session = await signIn(account);
      const { grant } = await tested.aLiveGrant({ subject: account.subject });
      const client = aClient();
      await tested.store.addClient(client);
      const { subject, email } = account;
      const underWay = aTransaction(anAuthorization(client), { signedIn: { subject, email, authTime: now } });
      await tested.store.beginTransaction(underWay);
      const again = await invited({ ...invitationOf(account), groups: ["other"], endsGrants });
      const bindingHash = aHash();
      await tested.store.bindInvitation(again.tokenHash, bindingHash, now);
      const after = await finish(again, { bindingHash });
      assert.equal(after.outcome, "registered");
      assert.deepEqual(await tested.store.listPasskeys(subject), [after.passkey]);
      assert.deepEqual((await tested.store.findAccounts(email))[0]?.groups, ["other"]);
      assert.equal(await tested.store.findSession(session, now, seconds(1000)), undefined);
      const { handleHash } = underWay;
      assert.equal(await tested.store.findAwaitingConsent(handleHash, underWay.bindingHash, now), undefined);
      assert.equal((await tested.store.findGrant(grant.id, now)) === undefined, endsGrants);
    }
  });

  test("no more passkeys are added than there is room for, and none that is known or of nobody", async () => {
    const { account, passkey } = await registered();
    const another = await registered();
    const added = await Promise.all(times(8, () => tested.store.addPasskey(aPasskey(account), 4)));
    assert.equal(count(added, "added"), 3);
    assert.equal(count(added, "full"), 5);
    assert.equal((await tested.store.listPasskeys(account.subject)).length, 4);
    assert.equal(
      await tested.store.addPasskey({ ...another.passkey, subject: account.subject }, 20),
      "known",
    );
    assert.equal(await tested.store.addPasskey(passkey, 20), "known");
    assert.deepEqual(await tested.store.findPasskey(another.passkey.id), another);
    assert.equal(await tested.store.addPasskey(aPasskey(anAccount()), 20), "gone");
  });

  test("of several who remove the last two passkeys of a person one does, and nobody removes another's or the only one", async () => {
    const { account, passkey } = await registered();
    const others = [aPasskey(account), aPasskey(account)];
    for (const each of others) await tested.store.addPasskey(each, 20);
    const stranger = await registered();
    assert.equal(await tested.store.removePasskey(stranger.account.subject, passkey.id), "gone");
    assert.equal(await tested.store.removePasskey(account.subject, passkey.id), "removed");
    assert.equal(await tested.store.removePasskey(account.subject, passkey.id), "gone");
    const outcomes = await Promise.all(
      others.map(({ id }) => tested.store.removePasskey(account.subject, id)),
    );
    assert.deepEqual(outcomes.toSorted(), ["last", "removed"]);
    assert.equal((await tested.store.listPasskeys(account.subject)).length, 1);
    assert.equal(await tested.store.findPasskey(passkey.id), undefined);
    assert.deepEqual(await tested.store.findPasskey(stranger.passkey.id), stranger);
  });

  test("a counter only moves up, once for each value, and one that never counts stays at 0", async () => {
    const { account } = await registered();
    const passkey = aPasskey(account, { counter: 4_294_967_290, backupEligible: true });
    await tested.store.addPasskey(passkey, 20);
    const use = (counter: number) => ({ counter, backedUp: true, at: later(5) });
    const used = await Promise.all(times(8, () => tested.store.usePasskey(passkey.id, use(4_294_967_295))));
    assert.equal(count(used, true), 1);
    const after = { ...passkey, counter: 4_294_967_295, backedUp: true, lastUsedAt: later(5) };
    assert.deepEqual((await tested.store.findPasskey(passkey.id))?.passkey, after);
    for (const counter of [0, 1, 4_294_967_295]) {
      assert.equal(await tested.store.usePasskey(passkey.id, { ...use(counter), backedUp: false }), false);
    }
    assert.deepEqual((await tested.store.findPasskey(passkey.id))?.passkey, after);
    const silent = aPasskey(account);
    await tested.store.addPasskey(silent, 20);
    assert.deepEqual(
      [await tested.store.usePasskey(silent.id, use(0)), await tested.store.usePasskey(silent.id, use(0))],
      [true, true],
    );
    assert.equal(await tested.store.usePasskey(silent.id, use(1)), true, "it counts from now on");
    assert.equal(await tested.store.usePasskey(silent.id, use(0)), false);
    assert.equal(await tested.store.usePasskey("nobody", use(1)), false);
  });

  test("passkeys of another host are counted, and all of a person go with them, as do invitations", async () => {
    const before = await tested.store.countStrayPasskeys("auth.example.com");
    const { account, passkey } = await registered();
    await tested.store.addPasskey(aPasskey(account, { rpId: "old.example.com" }), 20);
    assert.equal(await tested.store.countStrayPasskeys("auth.example.com"), before + 1);
    const invitation = await invited(invitationOf(account));
    assert.ok(await tested.store.removeAccount(account.subject));
    assert.equal(await tested.store.findPasskey(passkey.id), undefined);
    assert.deepEqual(await tested.store.listPasskeys(account.subject), []);
    assert.equal(await tested.store.findInvitation(invitation.tokenHash, undefined, now), undefined);
    assert.equal(await tested.store.countStrayPasskeys("auth.example.com"), before);
  });

  test("everybody with passkeys is listed with the groups of their invitation, whatever the account's are now", async () => {
    const { account, passkey } = await registered();
    await tested.store.addPasskey(aPasskey(account), 20);
    await tested.store.changeGroups(account.subject, ["from the file"]);
    const listed = await tested.store.listPasskeyPeople();
    assert.deepEqual(
      listed.filter(({ account: { subject } }) => subject === account.subject),
      [{ account: { ...account, groups: ["from the file"] }, groups: passkey.groups }],
    );
    const upstream = anAccount({ email: `${unique()}@example.com` });
    await signIn(upstream);
    const all = await tested.store.listPasskeyPeople();
    assert.ok(all.every(({ account: { subject } }) => subject !== upstream.subject));
  });

  test("a ceremony is taken by exactly one caller, and by nobody once it is over", async () => {
    const ceremony: Ceremony = {
      secretHash: aHash(),
      bindingHash: aHash(),
      purpose: "sign-in",
      subject: undefined,
      expiresAt: later(600),
    };
    const visit: Ceremony = {
      ...ceremony,
      secretHash: aHash(),
      purpose: "visit",
      subject: anAccount().subject,
    };
    for (const one of [ceremony, visit]) await tested.store.beginCeremony(one);
    assert.deepEqual(await tested.store.findCeremony(visit.secretHash, later(599)), visit);
    assert.equal(await tested.store.findCeremony(visit.secretHash, later(600)), undefined);
    assert.equal(await tested.store.takeCeremony(visit.secretHash, later(600)), undefined);
    const taken = await Promise.all(
      times(8, () => tested.store.takeCeremony(ceremony.secretHash, later(599))),
    );
    assert.deepEqual(
      taken.filter((one) => one !== undefined),
      [ceremony],
    );
    await tested.store.beginCeremony(ceremony);
    const invitation = await invited();
    const swept = await tested.store.sweep(later(600), 1000, seconds(90 * 86_400));
    assert.ok(swept.ceremonies >= 2 && swept.invitations >= 1);
    assert.equal(await tested.store.findInvitation(invitation.tokenHash, undefined, now), undefined);
    assert.equal(await tested.store.takeCeremony(ceremony.secretHash, now), undefined);
  });

  async function invited(over: Partial<Invitation> = {}): Promise<Invitation> {
    const invitation = anInvitation(over);
    await tested.store.invite(invitation);
    return invitation;
  }

  /** Somebody with one passkey. */
  async function registered(): Promise<{ account: Account; passkey: Passkey }> {
    const invitation = await invited();
    const bindingHash = aHash();
    await tested.store.bindInvitation(invitation.tokenHash, bindingHash, now);
    const { outcome, account, passkey } = await finish(invitation, { bindingHash });
    assert.equal(outcome, "registered");
    return { account, passkey };
  }

  async function finish(
    { tokenHash, subject, userHandle, email, groups }: Invitation,
    over: { bindingHash: Invitation["tokenHash"]; at?: Seconds; id?: string; email?: string },
  ) {
    const account = anAccount({
      subject,
      issuer: "https://auth.example.com/passkey",
      upstreamSubject: userHandle,
      provider: "passkey",
      email: over.email ?? email,
      groups,
      confirmedAt: now,
    });
    const passkey = aPasskey(account, over.id === undefined ? {} : { id: over.id });
    const completion = { tokenHash, bindingHash: over.bindingHash, account, passkey, now: over.at ?? now };
    return { outcome: await tested.store.completeInvitation(completion), account, passkey };
  }

  async function signIn(account: Account) {
    const sessionHash = aHash();
    const times = { authTime: now, expiresAt: later(1000) };
    await tested.store.openSession({ sessionHash, replaces: undefined, account, ...times });
    return sessionHash;
  }
}

export const anInvitation = (over: Partial<Invitation> = {}): Invitation => ({
  tokenHash: aHash(),
  email: `${unique()}@example.com`,
  subject: anAccount().subject,
  userHandle: randomBytes(64).toString("base64url"),
  groups: [],
  endsGrants: false,
  createdAt: now,
  expiresAt: later(600),
  ...over,
});

const invitationOf = ({ subject, upstreamSubject, email }: Account) => ({
  subject,
  userHandle: upstreamSubject,
  email,
});

export const aPasskey = ({ subject }: Account, over: Partial<Passkey> = {}): Passkey => ({
  id: unique(),
  subject,
  rpId: "auth.example.com",
  publicKey: unique(),
  counter: 0,
  backupEligible: false,
  backedUp: false,
  name: "Lovelace's phone",
  groups: ["admins", "a, b"],
  createdAt: now,
  lastUsedAt: undefined,
  ...over,
});
