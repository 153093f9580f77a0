import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { providersSchema } from "../../../src/config/sections/providers.ts";
import { provenAddress } from "../../../src/identity/openid/address.ts";
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
  upstream.metadata = {};
});

function userinfo(claims: Record<string, unknown>) {
  upstream.metadata = { userinfo_endpoint: `${upstream.issuer}/userinfo` };
  upstream.answers.set("/userinfo", (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ sub: "alice", ...claims }));
  });
}

async function signIn(claims: Record<string, unknown>, options: Partial<OpenIdOptions> = {}) {
  const attempt = anAttempt();
  upstream.nonce = attempt.nonce;
  upstream.forgery = { claims };
  const provider = providerOf(upstream, { name: "work", ofVariables: false, ...options });
  return provider.completeSignIn(callback(attempt), attempt);
}

async function refused(
  claims: Record<string, unknown>,
  options: Partial<OpenIdOptions>,
  key: "noAddress" | "unverifiedAddress" | "foreignAccount",
): Promise<string> {
  const failure = await failureOf(signIn(claims, options));
  assert.equal(failure.code, "access_denied", failure.message);
  assert.equal(failure.reason?.key, key, `${JSON.stringify(claims)}: ${failure.message}`);
  return failure.message;
}

const trusting = { trustEmail: true, domains: ["corp.example"] } as const;
const unsaid = { email: "ada@corp.example", email_verified: undefined };

test("V13 email_verified is about the claim email alone: an address from another claim is proven by trust_email or not at all", async () => {
  const byUpn = { emailClaim: "upn", domains: ["corp.example"] };
  const claims = { upn: "ada@corp.example", email: "other@corp.example", email_verified: true };
  assert.match(
    await refused(claims, byUpn, "unverifiedAddress"),
    /nothing can prove .* the claim upn but trust_email/,
  );
  const trusted = await signIn(claims, { ...byUpn, trustEmail: true });
  assert.equal(trusted.email, "ada@corp.example");
  // Not even where it says no, which is about the other one.
  const other = { ...claims, email_verified: false };
  assert.equal((await signIn(other, { ...byUpn, trustEmail: true })).email, "ada@corp.example");
  // And no other claim stands in for the one that was chosen.
  assert.match(await refused({ email: "a@corp.example" }, byUpn, "noAddress"), /in the claim upn/);
});

test("V14 the first place that says anything about the address decides: the ID token, userinfo, then the operator", async () => {
  assert.equal((await signIn({})).email, "alice@example.com");
  userinfo({ email_verified: true });
  assert.equal((await signIn(unsaid)).email, "ada@corp.example");
  userinfo({ email_verified: false });
  assert.equal((await signIn({})).email, "alice@example.com", "the ID token has said so already");
  await refused(unsaid, {}, "unverifiedAddress");
  userinfo({});
  assert.match(await refused(unsaid, {}, "unverifiedAddress"), /neither in the ID token nor in userinfo/);
  assert.equal((await signIn(unsaid, trusting)).email, "ada@corp.example");
  // Only Microsoft's own claim of the owner of a domain counts, and only at Microsoft.
  await refused({ ...unsaid, xms_edov: true }, {}, "unverifiedAddress");
});

test("V-n4 what is said of an address and is not true refuses it, wherever it stands and whatever is trusted", async () => {
  for (const options of [{}, trusting, { ...trusting, addressOptional: true }]) {
    userinfo({ email_verified: true });
    for (const email_verified of ["true", 1, [true], null, false, {}, "1"]) {
      await refused({ ...unsaid, email_verified }, options, "unverifiedAddress");
    }
    for (const email_verified of [false, "true", 1, null]) {
      userinfo({ email_verified });
      await refused(unsaid, options, "unverifiedAddress");
    }
  }
});

test("an operator who gives Microsoft Entra by the variables, or without xms_edov, reads what to do", () => {
  const idToken = { email: "ada@corp.example", tid: "t" };
  const prove = (trust: Parameters<typeof provenAddress>[1]) => () =>
    provenAddress({ idToken, userinfo: undefined }, trust);
  const issuer = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";
  assert.throws(prove({ issuer }), /never sends it: configure it under providers: .* preset: microsoft/);
  assert.throws(prove({ issuer, preset: "microsoft" }), /xms_edov, or set trust_email: true/);
});

test("where an address is optional, who has none that counts comes in without one, and none is made up", async () => {
  const optional = { addressOptional: true, domains: ["corp.example"] };
  for (const claims of [
    { email: undefined, preferred_username: "ada@corp.example", upn: "ada@corp.example" },
    { email: "no address", email_verified: true },
    unsaid,
  ]) {
    const person = await signIn(claims, optional);
    assert.equal(person.email, "");
    assert.equal(person.subject, "alice");
  }
  assert.equal((await signIn({ email: "ada@corp.example" }, optional)).email, "ada@corp.example");
  await refused({ email: "ada@elsewhere.example" }, optional, "foreignAccount");
});

test("an address is refused outside the provider's domains, and the log names provider and domain", async () => {
  const message = await refused(
    { email: "ada@other.example" },
    { domains: ["corp.example"] },
    "foreignAccount",
  );
  assert.match(message, /"other\.example", not one of the domains of the provider work/);
  const star = { domains: "*", otherDomains: ["partner.example"] } as const;
  assert.ok(await signIn({ email: "ada@anywhere.example" }, star));
  assert.match(
    await refused({ email: "ada@Partner.example" }, star, "foreignAccount"),
    /another provider names it/,
  );
});

test("domains are compared whole and in one form, as the configuration reads them", async () => {
  const idn = { domains: ["xn--bcher-kva.example"] }; // as the configuration reads it
  for (const email of ["ada@bücher.example", "ada@BÜCHER.Example", "ada@xn--bcher-kva.example"]) {
    assert.equal((await signIn({ email }, idn)).email, email);
  }
  for (const email of ["ada@www.bücher.example", "ada@buecher.example", "ada@bücher.example.evil.test"]) {
    await refused({ email }, idn, "foreignAccount");
  }
  const read = (domain: string) =>
    providersSchema.safeParse([
      {
        ...{ name: "work", preset: "keycloak", issuer: "https://id.example.com/realms/acme" },
        ...{ client_id: "gatehouse", client_secret: "secret", domains: [domain] },
      },
    ]);
  const domainsOf = (domain: string) => read(domain).data?.map(({ domains }) => domains);
  assert.deepEqual(domainsOf("Bücher.Example"), [["xn--bcher-kva.example"]]);
  for (const entry of [
    ...["ada@corp.example", "@corp.example", "*.corp.example", "corp.example:443", "https://corp.example"],
    ...["corp.example/x", "co.uk", "example", "com", "192.0.2.1", "corp example.com", ""],
  ]) {
    assert.ok(!read(entry).success, entry);
  }
});

test("V-n11 only the exact domain counts, whatever an address is made to look like", async () => {
  for (const email of [
    "ada@corp.example.",
    "ada@sub.corp.example",
    "ada@corp.example.evil.test",
    '"x@corp.example"@evil.test',
    "ada＠corp.example",
    "ada@evil.test＠corp.example",
    "ada@соrp.example", // Cyrillic с and о
    "ada@xn--rp-flcva.example", // the same, encoded
    "ada@corp.example\u200b",
    "ada@corp。example",
    "ada@ corp.example",
    "ada@corp.example@evil.test",
    "@corp.example",
    "ada@[corp.example]",
  ]) {
    for (const options of [{ domains: ["corp.example"] }, trusting]) {
      const failure = await failureOf(signIn({ email }, options));
      assert.equal(failure.code, "access_denied", email);
    }
  }
  assert.ok(await signIn({ email: "ada@CORP.Example" }, trusting));
});
