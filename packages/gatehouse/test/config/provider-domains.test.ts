import assert from "node:assert/strict";
import { test } from "node:test";
import { speaksFor } from "../../src/identity/domains.ts";
import {
  credentials,
  github,
  guid,
  load,
  personal,
  refused,
  section,
  told,
  variables,
  work,
} from "./providers-section.ts";

test("V15 an address is believed unproven only of a provider where no stranger can have an account, and of named domains", (t) => {
  const trusting = (rest: string) => section(`name: work, ${credentials}, trust_email: true, ${rest}`);
  const domains = "domains: [example.com]";
  const takeover =
    "whoever makes an account there and gives it the address of one of your people would be let in";
  for (const [rest, found] of [
    [`preset: google, ${domains}`, "Google is open to strangers"],
    [`kind: openid, issuer: https://accounts.google.com, ${domains}`, "Google is open to strangers"],
    [
      `kind: openid, issuer: https://login.microsoftonline.com/${personal}/v2.0, ${domains}`,
      "exactly one tenant",
    ],
    [`kind: github, ${domains}`, "GitHub verifies addresses itself"],
    [`preset: microsoft, tenants: [${guid}, ${personal}], ${domains}`, "exactly one tenant"],
    [
      `preset: microsoft, tenant: ${personal}, ${domains}`,
      "exactly one tenant beside it, of an organisation",
    ],
    ["preset: keycloak, issuer: https://idp.example.com", "domains: with the domains"],
    ['preset: keycloak, issuer: https://idp.example.com, domains: "*"', "domains: with the domains"],
    [`preset: microsoft, tenant: ${guid}`, "domains: with the domains"],
    ["kind: github, host: https://github.example.com", "domains: with the domains"],
  ] as const) {
    refused(
      t,
      trusting(rest),
      new RegExp(`^2 providers\\[0\\]\\.trust_email: true; .*${found}.*${takeover}`),
    );
  }
  for (const host of ["https://github.com", "https://GitHub.com/", "https://www.github.com"]) {
    const disguised = `kind: github, host: "${host}", ${domains}`;
    refused(t, trusting(disguised), /^2 providers\[0\]\.host: .*; nothing for github\.com/);
  }
  for (const tenants of ["common", "organizations"]) {
    const openid = `kind: openid, issuer: https://login.microsoftonline.com/${tenants}/v2.0, ${domains}`;
    refused(t, trusting(openid), /^2 providers\[0\]\.issuer: .*preset: microsoft/);
  }
  for (const rest of [
    `preset: microsoft, tenant: ${guid}, ${domains}`,
    `preset: microsoft, tenants: [${guid}], ${domains}`,
    `preset: keycloak, issuer: https://idp.example.com, ${domains}`,
    `kind: github, host: https://github.example.com, ${domains}`,
  ]) {
    assert.deepEqual(told(t, trusting(rest)), [], rest);
  }
  assert.deepEqual(told(t, section(`name: work, preset: google, ${credentials}, trust_email: false`)), []);
});

test("V16 a provider's domains are whole names in one spelling, none that others may register below, and compared as a whole", (t) => {
  const domains = (list: string) => section(`${work}, domains: ${list}`);
  for (const wrong of [
    ...[
      '"@example.org"',
      "a@example.org",
      '"*.example.org"',
      "example.org:443",
      "https://example.org",
      "example",
    ],
    ...["co.uk", "COM.AU", "192.0.2.1", '"[::1]"', '"exa mple.org"', '"a,b.example"', '""', "5"],
  ]) {
    refused(
      t,
      domains(`[example.com, ${wrong}]`),
      /^2 providers\[0\]\.domains\[1\]: .*; .*(whole domain|in quotes)/,
    );
  }
  refused(t, domains("example.com"), /domains: "example.com"; a list such as/);
  refused(t, domains("[]"), /domains: an empty list/);
  const [provider] = load(t, domains("[Corp.Example., bücher.example, ＧＯＯＤ.example]")).providers;
  assert.deepEqual(provider?.domains, ["corp.example", "xn--bcher-kva.example", "good.example"]);

  const speaks = speaksFor(provider?.domains, []);
  for (const address of [
    "ada@corp.example",
    "ADA@Corp.EXAMPLE",
    "ada@bücher.example",
    "a@xn--bcher-kva.example",
  ]) {
    assert.ok(speaks(address), address);
  }
  for (const address of [
    ...["ada@sub.corp.example", "ada@corp.example.evil.test", "ada@corp.example.", "ada@evilcorp.example"],
    ...["ada@corp.example@evil.test", "ada@ｃorp.example", "ada@cоrp.example", "ada@"],
  ]) {
    assert.ok(!speaks(address), address);
  }
  const others = speaksFor("*", ["corp.example"]);
  assert.ok(others("ada@home.example") && others("ada@sub.corp.example") && !others("ada@Corp.example"));
});

test("V17 of several providers each names its domains, each domain has one, and one at most takes what is left", (t) => {
  const okta = (rest: string) =>
    `name: okta, preset: okta, issuer: https://a.okta.com, ${credentials}${rest}`;
  assert.deepEqual(told(t, section(work)), [], "alone it may speak for all");
  refused(
    t,
    section(`${work}, domains: [a.example]`, github),
    /^3 providers\[1\]\.domains: nothing; .*there are 2 providers/,
  );
  refused(
    t,
    section(`${work}, domains: [A.example]`, okta(", domains: [b.example, a.Example.]")),
    /^3 providers\[1\]\.domains\[1\]: "a\.example"; it at one provider alone; work names it too$/,
  );
  refused(
    t,
    section(`${work}, domains: [bücher.example]`, okta(", domains: [xn--bcher-kva.example]")),
    /it at one provider alone/,
  );
  refused(t, section(`${work}, domains: [a.example, A.EXAMPLE]`), /it once/);
  refused(
    t,
    section(`${work}, domains: "*"`, okta(', domains: "*"')),
    /^3 providers\[1\]\.domains: "\*"; it at one provider alone; work names it too$/,
  );
  assert.deepEqual(told(t, section(`${work}, domains: "*"`, okta(", domains: [a.example]"))), []);

  const withVariables = { ...variables, ALLOWED_DOMAINS: "example.com" };
  const file = section(`${work}, domains: [work.example]`);
  assert.deepEqual(told(t, file, withVariables), []);
  refused(t, file, /^2 providers: no ALLOWED_DOMAINS; ALLOWED_DOMAINS too/, variables);
  refused(
    t,
    section(`${work}, domains: [example.com]`),
    /it at one provider alone; default names it too/,
    withVariables,
  );
  refused(t, file, /ALLOWED_DOMAINS, which none of these providers heeds; domains:/, {
    ALLOWED_DOMAINS: "example.com",
  });
});
