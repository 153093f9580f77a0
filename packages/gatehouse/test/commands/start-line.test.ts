import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { test } from "node:test";
import { describeStart } from "../../src/commands/start-line.ts";
import { loadConfig, readConfig } from "../../src/config/config.ts";
import { aFolder } from "../config/config-file.ts";
import { aDatabase, anyProvider, startCommand, untilPrinted } from "./command-line.ts";

const production = {
  BASE_URL: "https://login.example.com",
  OAUTH2_CLIENT_ID: "our-id",
  OAUTH2_CLIENT_SECRET: "our-secret",
};
const startLine = (environment: Record<string, string>) =>
  describeStart(readConfig({ ...production, ...environment }, "serve"), "http://0.0.0.0:8080");

test("the line says who may sign in, with which provider", () => {
  const open = startLine({});
  assert.equal(open.provider, "https://accounts.google.com");
  assert.match(
    open.whoMaySignIn ?? "",
    /^everybody .*https:\/\/accounts\.google\.com.*ALLOWED_DOMAINS is not set/,
  );
  const closed = startLine({
    ALLOWED_DOMAINS: "example.com, example.org",
    UPSTREAM_ISSUER: "https://idp.example.com",
  });
  assert.equal(closed.whoMaySignIn, "people of example.com, example.org");
  assert.equal(closed.provider, "https://idp.example.com");
});

test("the line says that people with passkeys were invited", () => {
  const alone = { PASSKEYS: "on", OAUTH2_CLIENT_ID: "", OAUTH2_CLIENT_SECRET: "" };
  const line = startLine(alone);
  assert.deepEqual(
    [line.whoMaySignIn, line.provider, line.redirectUri],
    ["people who were invited: gatehouse people invite", "passkeys of this server", undefined],
  );
  assert.equal(
    startLine({ ...alone, ALLOWED_DOMAINS: "example.com" }).whoMaySignIn,
    "invited people of example.com",
  );
  assert.equal(
    startLine({ PASSKEYS: "on", ALLOWED_DOMAINS: "example.com" }).whoMaySignIn,
    "through default people of example.com; through passkey invited people of every domain that no other provider names",
  );
});

test("the line says of each of several providers who comes through it, and which callback it has to know", (t) => {
  const configPath = join(
    aFolder(t, {
      "gatehouse.yaml": `providers:
  - { name: work, preset: okta, issuer: https://acme.okta.com, client_id: a, client_secret: b, domains: [acme.example] }
  - { name: github, kind: github, client_id: a, client_secret: b, domains: "*", organizations: [acme] }
access:
  sign_in: [{ allow: { provider: [work] } }]
`,
    }),
    "gatehouse.yaml",
  );
  const environment = { ...production, ALLOWED_DOMAINS: "example.com" };
  const several = describeStart(loadConfig({ environment, configPath }, "serve"), "http://0.0.0.0:8080");
  assert.equal(several.provider, "https://accounts.google.com, https://acme.okta.com, https://github.com");
  assert.equal(
    several.whoMaySignIn,
    "through default people of example.com; through work people of acme.example; through github people of every domain that no other provider names, only members of acme; of these, whom the rules of access.sign_in let in",
  );
  assert.equal(
    several.redirectUri,
    "https://login.example.com/callback, https://login.example.com/callback/work, https://login.example.com/callback/github, which the provider has to know",
  );
  assert.doesNotMatch(JSON.stringify(several), /our-secret/);
});

test("the line says which database, which keys and which proxies, and never a secret", () => {
  const usual = startLine({});
  assert.equal(usual.database, join(process.cwd(), "data/gatehouse.db"));
  assert.equal(usual.keys, `the key file ${join(process.cwd(), "data/gatehouse.db.key")}`);
  assert.match(usual.trustedProxies ?? "", /^none: X-Forwarded-For is not believed/);
  const shared = startLine({
    SQL_URL: "postgres://gate:hunter2@db.internal:5432/gate",
    SECRET_KEY: `${"hunter2".repeat(6)},${"3retnuh".repeat(6)}`,
    TRUSTED_PROXIES: "loopback,10.0.0.0/8",
  });
  assert.equal(shared.database, "postgres://db.internal:5432/gate");
  assert.equal(shared.keys, "2 in SECRET_KEY");
  assert.equal(shared.trustedProxies, "loopback, 10.0.0.0/8");
  assert.doesNotMatch(JSON.stringify(shared), /hunter2|3retnuh|our-secret/);
  const inFile = startLine({ SECRET_KEY_FILE: "keys.txt" }).keys;
  assert.equal(inFile, `the file ${join(process.cwd(), "keys.txt")} of SECRET_KEY_FILE`);
  assert.equal(startLine({ SQL_URL: "sqlite::memory:" }).keys, "one for this run");
});

test("the line says when a public server speaks plain HTTP on all interfaces, and only then", () => {
  for (const environment of [{}, { HOST: "0.0.0.0" }, { HOST: "::" }]) {
    assert.match(startLine(environment).exposed ?? "", /plain HTTP on all interfaces/);
  }
  for (const environment of [
    { HOST: "127.0.0.1" },
    { HOST: "10.1.2.3" },
    { BASE_URL: "http://localhost:8080" },
  ]) {
    assert.equal(startLine(environment).exposed, undefined);
  }
});

for (const more of [{}, { WORKERS: "2" }]) {
  test(`serve ${JSON.stringify(more)} says it in one line of the log when it listens`, async (t) => {
    const database = await aDatabase();
    t.after(database.remove);
    const child = startCommand(["serve"], {
      ...anyProvider,
      ...more,
      SQL_URL: `sqlite:${relative(process.cwd(), database.path)}`,
      BASE_URL: "http://localhost:1",
      PORT: "0",
      ALLOWED_DOMAINS: "example.com",
    });
    t.after(() => child.kill("SIGKILL"));
    const printed = await untilPrinted(child, /listening.*\n/);
    const line = JSON.parse(printed.split("\n").find((entry) => entry.includes("listening")) ?? "");
    assert.equal(line.whoMaySignIn, "people of example.com");
    assert.equal(line.provider, anyProvider.UPSTREAM_ISSUER);
    assert.equal(line.database, database.path);
    assert.equal(line.keys, `the key file ${database.path}.key`);
    assert.match(line.trustedProxies, /^none/);
  });
}
