import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  credentials,
  github,
  guid,
  load,
  personal,
  refused,
  section,
  told,
  work,
} from "./providers-section.ts";

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
