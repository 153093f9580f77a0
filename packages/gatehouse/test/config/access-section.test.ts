import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readGroup } from "../../src/config/sections/access-names.ts";
import { errorsOf } from "./config-file.ts";

const told = (t: Parameters<typeof errorsOf>[0], yaml: string) =>
  errorsOf(t, yaml).map(({ place = "", variable, found, expected }) => {
    return `${place.replace(/^.*\//, "")} ${variable}: ${found}; ${expected}`;
  });

test("V40 a rule says whom it is about: empty lists and matches, everyone beside others and unknown names are errors", (t) => {
  const resource = `resources:
  - identifier: https://notes.example/mcp
    credential: gatehouse_rs_gatehouse_rs_${"0".repeat(32)}
    scopes: [{ name: "notes:read" }]
`;
  for (const [yaml, expected] of [
    ["access: { sign_in: [{ allow: { domain: [] } }] }", /access\.sign_in\[0\]\.allow\.domain: .*at least 1/],
    ["access: { sign_in: [{ allow: { everyone: false } }] }", /\.everyone: .*true/],
    ["access: { sign_in: [{ allow: { everyone: true, domain: [a.example] } }] }", /everyone: true alone/],
    [
      "access: { sign_in: [{ allow: { everyone: true }, deny: { domain: [a.example] } }] }",
      /allow: or deny:/,
    ],
    ["access: { sign_in: [{ allow: { provider: [other] } }] }", /provider\[0\]: other; a provider: default/],
    ["access: { sign_in: [{ deny: { domain: [a.example] } }] }", /only deny; an allow: rule too/],
    ["access: { sign_in: [{ allow: { everyone: true }, scopes: [a] }] }", /scopes: .*nothing reads/],
    ["access: { sign_in: [{ allow: { domain: ['*.a.example'] } }] }", /a whole domain/],
    ["access: { sign_in: [{ allow: { domain: ['a@b.example'] } }] }", /a whole domain/],
    ["access: { sign_in: [{ allow: { address: [ada] } }] }", /an e-mail address/],
    [
      "access: { resources: { notes: [{ allow: { everyone: true } }] } }",
      /resources\.notes: "notes"; the https URL/,
    ],
    [
      `${resource}access: { resources: { "https://notes.example/mcp": [{ allow: { everyone: true }, scopes: ["notes:write"] }] } }`,
      /scopes\[0\]: notes:write; a scope of it: notes:read/,
    ],
  ] as const) {
    const errors = told(t, yaml);
    assert.equal(errors.length, 1, `${yaml}: ${errors.join(" | ")}`);
    assert.match(errors[0] ?? "", expected, yaml);
    assert.match(errors[0] ?? "", /^gatehouse\.yaml:\d+:\d+ access/, yaml);
  }
  const good = `${resource}access: { sign_in: [{ allow: { domain: [BÜCHER.example, corp.example.] } }], resources: { "https://NOTES.example:443/mcp": [{ allow: { everyone: true }, scopes: ["notes:read"] }] } }`;
  assert.deepEqual(told(t, good), []);
});

test("V-n23 an empty list, an empty match, a misspelt key and a group that nobody gives are refused, never everyone", (t) => {
  for (const [yaml, expected] of [
    ["access: { sign_in: [] }", /at least 1/],
    ["access: { sign_in: [{ allow: {} }] }", /nothing in it; whom it is about/],
    [
      "access: { sign_in: [{ allow: { everyone: true } }, { denny: { domain: [a.example] } }] }",
      /deny: did you mean/,
    ],
    ["access: { sign_in: [{ allow: { everyone: true } }, {}] }", /allow: or deny:/],
    ["access: { sign_in: [{ allow: { everyone: true } }, { deny: }] }", /deny: nothing; a group/],
    [
      "access: { sign_in: [{ allow: { everyone: true } }, { deny: { domains: [a.example] } }] }",
      /domain: did you/,
    ],
    [
      "access: { sign_in: [{ allow: { everyone: true } }, { deny: { group: [a] } }] }",
      /none of the providers/,
    ],
    ["access: { resources: { 'https://a.example': [] } }", /at least 1/],
    [
      "access: { resources: { 'https://a.example': [{ allow: { everyone: true }, scopes: [] }] } }",
      /at least 1/,
    ],
    ["access: {}", /nothing in it; sign_in: or resources:/],
    ["access: []", /an empty list; a group/],
  ] as const) {
    const errors = told(t, yaml);
    assert.equal(errors.length, 1, `${yaml}: ${errors.join(" | ")}`);
    assert.match(errors[0] ?? "", expected, yaml);
  }
});

test("a bare group name means the only provider that gives groups, and with several the rule must say which", (t) => {
  const several = `providers:
  - { name: work, preset: okta, issuer: https://a.okta.com, client_id: a, client_secret: b, domains: [a.example] }
  - { name: github, kind: github, client_id: a, client_secret: b, domains: "*" }
access: { sign_in: [{ allow: { everyone: true } }, { deny: { group: [admins, "work:users", "wrok:users"] } }] }
`;
  const errors = told(t, several);
  assert.equal(errors.length, 2, errors.join(" | "));
  assert.match(
    errors[0] ?? "",
    /:4:\d+ access\.sign_in\[1\]\.deny\.group\[0\]: "admins"; .*work:admins or github:admins/,
  );
  assert.match(errors[1] ?? "", /group\[2\]: "wrok:users"; a provider that gives groups before the colon/);

  const plain = { name: "plain", givesGroups: false };
  const work = { name: "work", givesGroups: true };
  const github = { name: "github", givesGroups: true };
  const read = (text: string, ...providers: (typeof work)[]) => readGroup(text, providers);
  assert.deepEqual(read("admins", plain, work), { provider: "work", name: "admins" });
  assert.deepEqual(read("work:admins", plain, work), { provider: "work", name: "admins" });
  assert.deepEqual(read("work:urn:role", work, github), { provider: "work", name: "urn:role" });
  assert.deepEqual(read("github:acme/admins", work, github), { provider: "github", name: "acme/admins" });
  assert.match(JSON.stringify(read("admins", work, github)), /work:admins or github:admins/);
  assert.match(JSON.stringify(read("wrok:admins", work)), /before the colon: work/);
  assert.match(JSON.stringify(read("plain:admins", plain, work)), /before the colon: work/);
  assert.match(JSON.stringify(read("admins", plain)), /none of the providers gives any/);
});

test("the rules in docs/access.md are rules", (t) => {
  const docs = readFileSync(join(import.meta.dirname, "../../../../docs/access.md"), "utf8");
  const examples = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => yaml);
  assert.equal(examples.length, 3);
  for (const yaml of examples) {
    assert.deepEqual(
      told(t, yaml).filter((line) => !line.includes("/run/secrets/")),
      [],
    );
  }
});
