import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { microsoftIssuers } from "../../../src/identity/openid/microsoft.ts";
import { personalTenant } from "../../../src/identity/openid/presets.ts";
import { failureOf } from "../attempts.ts";
import {
  issuerOfTenant,
  issuerOfTenants,
  microsoft,
  microsoftSeveral,
  otherTenant,
  tenant,
} from "../shapes/microsoft.ts";
import { type Bend, type Player, play } from "../shapes/player.ts";

let one: Player;
let several: Player;
before(async () => {
  [one, several] = [await play(microsoft), await play(microsoftSeveral)];
});
after(async () => {
  await one?.upstream.close();
  await several?.upstream.close();
});

const trusting = { trustEmail: true };
const unproven: Bend = { idToken: { xms_edov: undefined } };

async function refused(player: Player, bend: Bend, why: RegExp, code = "server_error", options = {}) {
  const failure = await failureOf(player.signIn(bend, options));
  assert.equal(failure.code, code, failure.message);
  assert.match(failure.message, why);
}

test("a tenant named by its domain is the one whose GUID its metadata names, at the same host", async () => {
  const origin = "https://login.microsoftonline.com";
  const { acceptsMetadata } = microsoftIssuers(`${origin}/corp.example/v2.0`, undefined);
  assert.ok(acceptsMetadata(`${origin}/${tenant}/v2.0`));
  for (const issuer of [
    `${origin}/corp.example/v2.0`,
    `${origin}/{tenantid}/v2.0`,
    `https://sts.windows.net/${tenant}/`,
    `https://evil.example/${tenant}/v2.0`,
    `${origin}/${tenant}/v2.0/`,
    `${origin}/${tenant.toUpperCase()}/v2.0`,
  ]) {
    assert.ok(!acceptsMetadata(issuer), issuer);
  }
  const byGuid = microsoftIssuers(`${origin}/${tenant}/v2.0`, undefined);
  assert.ok(byGuid.acceptsMetadata(`${origin}/${tenant}/v2.0`));
  assert.ok(!byGuid.acceptsMetadata(`${origin}/${otherTenant}/v2.0`));
});

test("V25 of several tenants the token names one that is listed, and its key may sign for that one", async () => {
  const { issuer } = several.upstream;
  for (const tid of [tenant, otherTenant]) {
    const iss = issuerOfTenant(issuer, tid);
    const person = await several.signIn({ idToken: { tid, iss } });
    assert.equal(person.issuer, iss);
    // A key for this tenant alone.
    assert.ok(await several.signIn({ idToken: { tid, iss }, keys: { issuer: iss } }));
  }
  const foreign = "3b4cd7a5-1111-4222-8333-0123456789ab";
  await refused(several, { idToken: { tid: foreign, iss: issuerOfTenant(issuer, foreign) } }, /tid is/);
  await refused(several, { idToken: { iss: issuerOfTenant(issuer, otherTenant) } }, /iss is/);
  await refused(several, { idToken: { iss: issuerOfTenants(issuer) } }, /iss is/);
  await refused(several, { idToken: { iss: `https://sts.windows.net/${tenant}/` } }, /token of version 1\.0/);
  for (const ofKey of [issuerOfTenant(issuer, otherTenant), issuer, undefined, 1]) {
    await refused(several, { keys: { issuer: ofKey } }, /the key that signed it is for tokens of/);
  }
  // Nothing else may name itself with a placeholder.
  await refused(one, { metadata: { issuer: issuerOfTenants(one.upstream.issuer) } }, /its issuer is/);
  await refused(several, { metadata: { issuer: issuerOfTenant(issuer) } }, /its issuer is/);
});

test("V26 a person is tenant and oid, never sub; xms_edov proves in three spellings, and only where email_verified is absent", async () => {
  const first = await one.signIn();
  assert.equal(first.issuer, one.upstream.issuer);
  assert.equal(first.subject, microsoft.idToken.oid);
  one.upstream.account = { ...one.upstream.account, sub: "sub-for-another-application" };
  const again = await one.signIn({ idToken: { sub: "sub-for-another-application" } });
  assert.equal(again.subject, first.subject);
  one.upstream.account = { ...one.upstream.account, sub: microsoft.sub };

  await refused(one, { idToken: { oid: undefined } }, /no oid: is the scope profile asked for/);
  await refused(one, { idToken: { tid: undefined } }, /no tid: is the scope profile asked for/);
  for (const oid of ["", 7, ["x"], "x".repeat(256), "ä"]) await refused(one, { idToken: { oid } }, /oid is/);

  for (const xms_edov of [true, "1", "true"]) assert.ok(await one.signIn({ idToken: { xms_edov } }));
  for (const xms_edov of [1, "True", "yes", "0", {}]) {
    await refused(one, { idToken: { xms_edov } }, /xms_edov is/, "access_denied");
  }
  const both = { idToken: { xms_edov: true, email_verified: false } };
  await refused(one, both, /email_verified is false/, "access_denied");
});

test("V27 more groups than fit leave them unknown, and the operator reads both ways to mend it", async () => {
  for (const overage of [
    {
      _claim_names: { groups: "src1" },
      _claim_sources: { src1: { endpoint: `${one.upstream.issuer}/elsewhere` } },
    },
    { hasgroups: true },
  ]) {
    one.warnings.length = 0;
    const person = await one.signIn({ idToken: { groups: undefined, ...overage } });
    assert.equal(person.groups, undefined);
    assert.equal(one.warnings.length, 1);
    assert.match(one.warnings[0] ?? "", /\(200\).*Groups assigned to the application.*groups_claim: roles/);
  }
  assert.equal(one.count("/elsewhere"), 0, "the place the token names is never asked");
  assert.equal(one.count("/me"), 0, "nor is userinfo, which knows no more");
  // App roles fit always.
  const roles = { groups: undefined, hasgroups: true, roles: ["Notes.Write"] };
  assert.deepEqual((await one.signIn({ idToken: roles }, { groupsClaim: "roles" })).groups, ["Notes.Write"]);
});

test("V28 trust_email speaks for members of the tenant, and for no guest", async () => {
  const signIn = (claims: Bend["idToken"]) =>
    one.signIn({ idToken: { ...unproven.idToken, ...claims } }, trusting);
  assert.equal((await signIn({})).email, "ada@corp.example");
  const own = `https://sts.windows.net/${tenant}/`;
  assert.ok(await signIn({ acct: "0", idp: own }));
  assert.ok(await signIn({ acct: undefined, idp: one.upstream.issuer }));
  for (const guest of [
    { acct: 1 },
    { acct: "1" },
    { acct: undefined, idp: `https://sts.windows.net/${otherTenant}/` },
    { idp: "live.com" },
    { idp: "mail" },
    { acct: undefined, upn: "ada_corp.example#EXT#@other.onmicrosoft.com" },
  ]) {
    const failure = await failureOf(signIn(guest));
    assert.equal(failure.code, "access_denied");
    assert.match(failure.message, /a guest's/);
    // What Microsoft says of the domain's owner counts for guests as well.
    assert.ok(await one.signIn({ idToken: { ...guest, xms_edov: true } }, trusting));
  }
  one.warnings.length = 0;
  assert.ok(await signIn({ acct: undefined }));
  assert.match(one.warnings[0] ?? "", /does not tell guests from members: add the optional claim acct/);
});

test("V-n5 another tenant's administrator who writes the victim's address, tenant or oid into a token is not the victim", async () => {
  const { issuer } = several.upstream;
  const victim = await several.signIn();
  const attacker = { tid: otherTenant, iss: issuerOfTenant(issuer, otherTenant), oid: "attackers-oid" };
  const claims = { ...attacker, email: "ceo@corp.example", xms_edov: undefined };
  await refused(several, { idToken: claims }, /not proven/, "access_denied");
  await refused(several, { idToken: { ...claims, tid: tenant } }, /iss is/);
  const withOid = await several.signIn({ idToken: { ...claims, oid: victim.subject, xms_edov: true } });
  assert.notEqual(withOid.issuer, victim.issuer);
  await refused(several, { idToken: { ...claims, oid: victim.subject } }, /not proven/, "access_denied");
});

test("V-n6 neither a key for personal accounts nor a tid that is no tenant's makes an account of the company", async () => {
  const { issuer } = several.upstream;
  await refused(
    several,
    { keys: { issuer: issuerOfTenant(issuer, personalTenant) } },
    /the key that signed it/,
  );
  await refused(one, { keys: { issuer: issuerOfTenant(issuer, personalTenant) } }, /the key that signed it/);
  for (const tid of [
    "common",
    "organizations",
    "{tenantid}",
    "x/../y",
    tenant.toUpperCase(),
    personalTenant,
    "",
  ]) {
    await refused(several, { idToken: { tid, iss: issuerOfTenant(issuer, tid) } }, /tid is/);
    await refused(one, { idToken: { tid } }, /tid is/);
  }
});

test("V-n7 a guest with an address of the company is refused where only trust_email could prove it", async () => {
  const guest = { xms_edov: undefined, acct: 1, email: "ceo@corp.example" };
  await refused(one, { idToken: guest }, /a guest's/, "access_denied", trusting);
});
