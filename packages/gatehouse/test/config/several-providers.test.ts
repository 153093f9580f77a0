import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { errorsOf } from "./config-file.ts";
import {
  credentials,
  github,
  guid,
  load,
  refused,
  section,
  told,
  variables,
  work,
} from "./providers-section.ts";

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
