import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig, readConfig } from "../../src/config/config.ts";
import type { Mode } from "../../src/config/start-conditions.ts";
import { speaksFor } from "../../src/identity/domains.ts";
import { aFolder, errorsOf } from "./config-file.ts";

const variables = { OAUTH2_CLIENT_ID: "our-id", OAUTH2_CLIENT_SECRET: "our-secret" };
const guid = "11111111-2222-3333-4444-555555555555";
const personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
const credentials = "client_id: id, client_secret: secret";

/** Providers, one a line, each in YAML's short form. */
const section = (...providers: readonly string[]) =>
  `providers:\n${providers.map((each) => `  - { ${each} }\n`).join("")}`;

function load(t: TestContext, yaml: string, environment: Record<string, string> = {}, mode: Mode = "serve") {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  return loadConfig({ environment, configPath }, mode);
}

/** The errors as an operator reads them: line, setting, found, expected. */
function told(t: TestContext, yaml: string, environment: Record<string, string> = {}, mode: Mode = "serve") {
  return errorsOf(t, yaml, environment, mode).map(
    ({ place, variable, found, expected }) =>
      `${/:(\d+):\d+$/.exec(place ?? "")?.[1]} ${variable}: ${found}; ${expected}`,
  );
}

/** That exactly one thing is wrong, and what is said of it. */
function refused(
  t: TestContext,
  yaml: string,
  pattern: RegExp,
  environment: Record<string, string> = {},
  mode: Mode = "serve",
): void {
  const errors = told(t, yaml, environment, mode);
  assert.equal(errors.length, 1, `${yaml}${errors.join("\n")}`);
  assert.match(errors[0] ?? "", pattern);
}

const work = `name: work, preset: microsoft, tenant: ${guid}, ${credentials}`;
const github = `name: github, kind: github, ${credentials}`;

test("V01 the variables alone give the one provider of ever, called default; the file adds others, each by a name of its own", (t) => {
  const alone = readConfig({ ...variables, ALLOWED_DOMAINS: "example.com" }, "serve").providers;
  assert.partialDeepStrictEqual(alone, [
    {
      kind: "openid",
      name: "default",
      title: "Google",
      issuer: "https://accounts.google.com",
      clientId: "our-id",
      clientSecret: "our-secret",
      domains: ["example.com"],
      ofVariables: true,
    },
  ]);
  const file = section(`${work}, domains: [Corp.Example]`, `${github}, domains: "*"`);
  const several = load(t, file, { ...variables, ALLOWED_DOMAINS: "example.com" }).providers;
  assert.deepEqual(
    several.map(({ name, kind, title, domains }) => ({ name, kind, title, domains })),
    [
      { name: "default", kind: "openid", title: "Google", domains: ["example.com"] },
      { name: "work", kind: "openid", title: "Microsoft", domains: ["corp.example"] },
      { name: "github", kind: "github", title: "GitHub", domains: "*" },
    ],
  );
  assert.partialDeepStrictEqual(several[1], {
    preset: "microsoft",
    issuer: `https://login.microsoftonline.com/${guid}/v2.0`,
    clientId: "id",
    clientSecret: "secret",
    groupsClaim: undefined,
    givesGroups: true,
    revalidate: undefined,
    revalidateGrace: 3600,
    backchannelLogout: "sessions",
  });
  assert.partialDeepStrictEqual(several[2], { scopes: ["user:email", "read:org"], openToAll: true });
  assert.deepEqual(
    load(t, section(`name: default, preset: google, ${credentials}`)).providers.map(({ name }) => name),
    ["default"],
    "the name is free where the variables describe nobody",
  );
  for (const name of ["Work", "a_b", "a/b", '""', "x".repeat(33), "5"]) {
    refused(
      t,
      section(github.replace("name: github", `name: ${name}`)),
      /^2 providers\[0\]\.name: .*letters|in quotes/,
    );
  }
  const twice = section(
    `${work}, domains: [a.example]`,
    `name: work, kind: github, ${credentials}, domains: "*"`,
  );
  refused(t, twice, /^3 providers\[1\]\.name: work; a name that no other provider has$/);
  const taken = section(`name: default, kind: github, ${credentials}, domains: "*"`);
  refused(t, taken, /default; a name .*which is the one of OAUTH2_CLIENT_ID/, {
    ...variables,
    ALLOWED_DOMAINS: "a.example",
  });
});

test("serve starts with providers of the file alone, and without any does not; dev has a sign-in of its own", (t) => {
  assert.equal(load(t, section(github)).providers.length, 1);
  assert.deepEqual(
    errorsOf(t, section(github), { OAUTH2_CLIENT_ID: "alone" }, "serve").map(({ variable }) => variable),
    ["providers", "providers[0].domains", "OAUTH2_CLIENT_SECRET"],
  );
  assert.deepEqual(
    errorsOf(t, "log:\n  level: info\n", {}, "serve").map(({ variable }) => variable),
    ["OAUTH2_CLIENT_ID", "OAUTH2_CLIENT_SECRET"],
  );
  refused(
    t,
    section("name: github, kind: githbu"),
    /^2 providers\[0\]\.kind: "githbu"; one of openid, github/,
  );
  assert.deepEqual(
    load(t, section(github), {}, "dev").providers.map(({ kind }) => kind),
    ["github"],
  );
  const typed = section("name: anybody, kind: development");
  assert.deepEqual(
    load(t, typed, {}, "dev").providers.map(({ kind, name }) => [kind, name]),
    [["development", "anybody"]],
  );
  refused(
    t,
    typed,
    /^2 providers\[0\]\.kind: development, where whoever types.*; another kind: .*gatehouse dev alone$/,
  );
});

test("V02 every fault in the providers of a file is told at once, with its line and what to write there", (t) => {
  const yaml = `providers:
  - name: work
    preset: microsoft
    cleint_id: id
    client_secret: { file: /nowhere/secret }
    domains: [example.com]
  - name: code
    kind: github
    client_id: id
    client_secret: secret
    organizations: []
    domains: [example.com]
  - name: other
    preset: octa
    issuer: http://idp.example.com
    client_id: 5
  - preset: keycloak
    title: ""
    issuer: https://idp.example.com/realms/main
    client_id: id
    client_secret: secret
    domains: ["@example.org", "*.example.org", "example.org:443", co.uk]
    tenant: ${guid}
    revalidate: 5m
    address: no
access:
  sign_in:
    - allow: { provider: [nobody] }
  resources: {}
  rules: []
`;
  const errors = told(t, yaml);
  const mends = errors.join("\n");
  assert.deepEqual(
    errors
      .map((each) => each.replace(/; .*/s, ""))
      .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10)),
    [
      "2 providers[0].tenant: nothing",
      "4 providers[0].cleint_id: a name that nothing reads",
      '5 providers[0].client_secret: "/nowhere/secret", which does not exist',
      "11 providers[1].organizations: an empty list",
      '12 providers[1].domains[0]: "example.com"',
      "13 providers[2].domains: nothing",
      '14 providers[2].preset: "octa"',
      '15 providers[2].issuer: "http://idp.example.com"',
      "16 providers[2].client_id: the number 5",
      "17 providers[3].name: nothing",
      '18 providers[3].title: ""',
      '22 providers[3].domains[0]: "@example.org"',
      '22 providers[3].domains[1]: "*.example.org"',
      '22 providers[3].domains[2]: "example.org:443"',
      '22 providers[3].domains[3]: "co.uk"',
      "23 providers[3].tenant: tenant:",
      '24 providers[3].revalidate: "5m"',
      '25 providers[3].address: "no"',
      "30 access.rules: a name that nothing reads",
    ],
  );
  assert.match(mends, /client_id: did you mean that\?/);
  assert.match(mends, /the tenant whose accounts may sign in, by GUID or domain/);
  assert.match(mends, /it at one provider alone; work names it too/);
  assert.match(mends, /not a public suffix/);
  assert.doesNotMatch(mends, /client_id that the/, "what is there under a wrong name is not told as missing");
});

test("V04 two providers whose people could come from one issuer are refused", (t) => {
  const keycloak = (name: string, issuer: string) =>
    `name: ${name}, preset: keycloak, title: ${name}, issuer: "${issuer}", ${credentials}, domains: [${name}.example]`;
  const microsoft = (name: string, tenants: string) =>
    `name: ${name}, preset: microsoft, title: ${name}, ${tenants}, ${credentials}, domains: [${name}.example]`;
  const other = guid.replaceAll("1", "a");
  const enterprise = (name: string, host: string) =>
    `name: ${name}, kind: github, host: "${host}", title: ${name}, ${credentials}, domains: [${name}.example], trust_email: true`;
  for (const [one, two] of [
    [
      keycloak("one", "https://idp.example.com/realms/a"),
      keycloak("two", "https://idp.example.com/realms/a"),
    ],
    [
      keycloak("one", "https://idp.example.com/realms/a"),
      keycloak("two", "https://IDP.example.com/realms/a/"),
    ],
    [microsoft("one", `tenant: ${guid}`), microsoft("two", `tenants: [${other}, ${guid}]`)],
    [microsoft("one", `tenant: ${other}`), microsoft("two", `tenant: ${other.toUpperCase()}`)],
    [microsoft("one", `tenant: ${guid}`), microsoft("two", "tenant: example.com")],
    [microsoft("one", "tenant: example.org"), microsoft("two", "tenant: example.com")],
    [microsoft("one", `tenant: ${guid}`), keycloak("two", `https://login.microsoftonline.com/${guid}/v2.0`)],
    [
      `name: one, kind: github, ${credentials}, domains: [one.example]`,
      `name: two, kind: github, title: Two, ${credentials}, domains: "*"`,
    ],
    [enterprise("one", "https://github.example.com"), enterprise("two", "https://github.example.com/")],
    [
      "name: one, kind: passkey, domains: [one.example]",
      'name: two, kind: passkey, title: Two, domains: "*"',
    ],
  ] as const) {
    refused(t, section(one, two), /^3 providers\[1\]: people of .*, as at one; another issuer/);
  }
  for (const [one, two] of [
    [
      keycloak("one", "https://idp.example.com/realms/a"),
      keycloak("two", "https://idp.example.com/realms/b"),
    ],
    [microsoft("one", `tenant: ${guid}`), microsoft("two", `tenant: ${other}`)],
    [microsoft("one", "tenant: example.com"), keycloak("two", "https://idp.example.com")],
    [
      `name: one, kind: github, ${credentials}, domains: [one.example]`,
      enterprise("two", "https://github.example.com"),
    ],
  ] as const) {
    assert.deepEqual(told(t, section(one, two)), []);
  }
  const google = section(`name: two, preset: google, title: Two, ${credentials}, domains: [two.example]`);
  refused(t, google, /people of https:\/\/accounts\.google\.com, as at default/, {
    ...variables,
    ALLOWED_DOMAINS: "one.example",
  });
});

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

test("V24 microsoft is told whose accounts may sign in: a tenant, by GUID or domain, or several GUIDs, never everybody's", (t) => {
  const microsoft = (rest: string) => section(`name: work, preset: microsoft, ${credentials}${rest}`);
  refused(t, microsoft(""), /^2 providers\[0\]\.tenant: nothing; the tenant/);
  for (const tenant of ["common", "organizations", "Consumers"]) {
    refused(
      t,
      microsoft(`, tenant: ${tenant}`),
      new RegExp(`tenant: ${tenant}; .*everybody who makes a tenant`),
    );
  }
  refused(t, microsoft(", tenant: acme"), /tenant: acme; a GUID, or a whole domain/);
  refused(t, microsoft(", tenants: [example.com]"), /tenants\[0\]: "example.com"; the GUID of a tenant/);
  refused(t, microsoft(", tenants: []"), /tenants: an empty list/);
  refused(t, microsoft(`, tenant: ${guid}, tenants: [${guid}]`), /one of the two/);
  refused(
    t,
    microsoft(`, tenant: ${guid}, issuer: https://login.microsoftonline.com/${guid}/v2.0`),
    /issuer: issuer:; nothing/,
  );
  refused(
    t,
    section(`name: work, preset: okta, issuer: https://a.okta.com, tenant: ${guid}, ${credentials}`),
    /preset: microsoft has one/,
  );
  const issuerOf = (rest: string) => {
    const [provider] = load(t, microsoft(rest)).providers;
    return provider?.kind === "openid" ? provider.issuer : undefined;
  };
  assert.equal(issuerOf(`, tenant: ${guid}`), `https://login.microsoftonline.com/${guid}/v2.0`);
  assert.equal(issuerOf(", tenant: Example.com"), "https://login.microsoftonline.com/example.com/v2.0");
  assert.equal(issuerOf(`, tenants: [${guid}]`), "https://login.microsoftonline.com/organizations/v2.0");
  assert.equal(
    issuerOf(`, tenants: [${guid}, ${personal}]`),
    "https://login.microsoftonline.com/common/v2.0",
  );
  assert.equal(
    issuerOf(`, tenant: ${guid}, host: https://login.microsoftonline.us/`),
    `https://login.microsoftonline.us/${guid}/v2.0`,
  );
  const openToAll = (rest: string) => load(t, microsoft(rest)).providers[0]?.openToAll;
  assert.equal(openToAll(`, tenants: [${guid}, ${personal}]`), true);
  assert.equal(openToAll(`, tenant: ${guid}`), false);
});

test("each kind has its settings and no others, and lacks none that it needs", (t) => {
  refused(t, section(`name: x, ${credentials}`), /^2 providers\[0\]: neither kind: nor preset:/);
  refused(
    t,
    section(`name: x, kind: github, preset: okta, ${credentials}`),
    /preset: okta; none beside kind: github/,
  );
  refused(t, section(`name: x, kind: openid, ${credentials}`), /issuer: nothing; the provider's issuer/);
  refused(t, section("name: x, kind: github, client_id: id"), /client_secret: nothing/);
  refused(
    t,
    section("name: x, kind: passkey, client_id: id"),
    /client_id: client_id:; nothing: passkey has no such/,
  );
  refused(t, section(`${github}, groups_claim: groups`), /groups_claim: .*github has no such setting/);
  refused(
    t,
    section(`name: x, preset: okta, issuer: https://a.okta.com, ${credentials}, organizations: [acme]`),
    /organizations: .*okta has no such/,
  );
  refused(
    t,
    section(`name: x, kind: openid, issuer: https://a.example, ${credentials}, scopes: [email]`),
    /no openid among them/,
  );
  refused(t, section(`${github}, scopes: ["read:org"]`), /no user:email among them/);
  refused(t, section(`${github}, scopes: ["user:email"], organizations: [acme]`), /no read:org among them/);
  refused(t, section(`${github}, host: https://github.example.com/api`), /host: .*without a path/);
  refused(
    t,
    section(`${github}, host: https://github.example.com`),
    /verifies no address; trust_email: true with domains:/,
  );
  refused(t, section(`${github}, revalidate_grace: 1h`), /revalidate: too/);
  const same = section(`${work}, title: Work, domains: [a.example]`, `${github}, title: Work, domains: "*"`);
  refused(t, same, /^3 providers\[1\]\.title: "Work"; a text of its own: people cannot tell it from work/);
  assert.partialDeepStrictEqual(
    load(
      t,
      section(
        `${github}, host: "https://github.example.com/", address: optional, organizations: [acme], revalidate: 1d, revalidate_grace: 0`,
      ),
    ).providers,
    [
      {
        host: "https://github.example.com",
        addressOptional: true,
        organizations: ["acme"],
        revalidate: 86_400,
        revalidateGrace: 0,
        openToAll: false,
        title: "github.example.com",
      },
    ],
  );
});

test("each example in the pages about providers is accepted as it stands", (t) => {
  const pages = join(import.meta.dirname, "../../../../docs/providers");
  let examples = 0;
  for (const page of readdirSync(pages)) {
    const text = readFileSync(join(pages, page), "utf8");
    for (const [, block = ""] of text.matchAll(/```yaml\n(.*?)```/gs)) {
      if (!/^(?:providers:| {2}- name:)/.test(block)) continue;
      const yaml = (block.startsWith("providers:") ? block : `providers:\n${block}`)
        .replaceAll(/\{ file: [^}]*\}/g, "secret")
        .replaceAll(/<[^>]*>/g, "example");
      assert.deepEqual(told(t, yaml), [], `${page}:\n${yaml}`);
      examples += 1;
    }
  }
  assert.ok(examples >= 10, String(examples));
});
