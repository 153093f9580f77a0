import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { createPlaceholders } from "../../src/insight/doctor/placeholders.ts";
import { reportOf } from "../../src/insight/doctor/report.ts";
import { openCommandAudit } from "../../src/start/audit.ts";
import { openStore } from "../../src/start/store.ts";
import { runCommand } from "./command-line.ts";

const nobody = { secrets: [], hosts: [], people: [], names: [], folders: [], tokenPrefixes: [], words: [] };

test("Z-n20 a report holds no secret, person, host, address, folder or name of the system that it is about", async (t) => {
  const base = await mkdtemp(join(tmpdir(), "gatehouse-report-"));
  t.after(() => rm(base, { recursive: true }));
  const folder = join(base, "ada-lovelace");
  await mkdir(folder);
  const secrets = {
    SECRET_KEY: "first-known-secret-key-of-32-characters,second-known-secret-key-of-32-characters",
    OAUTH2_CLIENT_SECRET: "the-known-client-secret-at-the-provider",
    INTROSPECTION_TOKEN: "the-known-introspection-token-of-ours",
  };
  const file = join(folder, "gatehouse.yaml");
  await writeFile(
    file,
    `providers:
  - name: work
    kind: openid
    issuer: https://idp.acme-corp.example
    title: Acme Identity
    client_id: known-client-id
    client_secret: another-known-secret-in-the-file
    domains: [acme-people.example]
`,
  );
  const environment = {
    ...secrets,
    GATEHOUSE_CONFIG: file,
    BASE_URL: "https://login.acme-corp.example",
    SQL_URL: `sqlite:${join(folder, "gatehouse.db")}`,
    UPSTREAM_ISSUER: "https://sso.acme-corp.example:8443",
    OAUTH2_CLIENT_ID: "known-client-id",
    ALLOWED_DOMAINS: "acme-mail.example",
    TRUSTED_PROXIES: "10.11.12.13",
    HOME_URL: "https://www.acme-corp.example/start",
    PORT: "1",
    METRICS_LISTEN: "off",
  };
  const config = loadConfig({ environment }, "serve");
  const store = await openStore(config);
  await runCommand(
    ["resources", "add", "https://payroll.acme-corp.example/mcp", "--name", "Payroll of Acme"],
    environment,
  );
  const audit = await openCommandAudit(config, store);
  const about = { request: "K7QM-2XDA-94TB", address: "192.0.2.77" };
  await audit.record({ name: "sign_in", ...about, subject: "someone" });
  await audit.record({
    name: "sign_in_denied",
    ...{ ...about, account: "eve@acme-mail.example", reason: "address not proven" },
    detail:
      "email_verified of eve@acme-mail.example at idp2.acme-corp.example is false; code=abcdefgh12345678",
  });
  await audit.record({ name: "limit_reached", ...about, address: "2001:db8::77", reason: "authorize" });
  await audit.record({
    name: "introspection_refused",
    ...{ ...about, resource: "https://payroll.acme-corp.example/mcp" },
    detail: "no such credential gatehouse_rs_AAAAAAAAAAAAAAAAAAAAAAAA",
  });
  await audit.close();
  await store.close();

  const { out } = await runCommand(["doctor", "--report"], environment);
  const plain = (await runCommand(["doctor"], environment)).out;
  const known = [
    ...Object.values(secrets).flatMap((text) => text.split(",")),
    "another-known-secret-in-the-file",
    ...[
      "acme",
      "ada-lovelace",
      "Payroll",
      "eve",
      "192.0.2.77",
      "2001:db8::77",
      "10.11.12.13",
      "abcdefgh12345678",
    ],
    "AAAAAAAA",
  ];
  for (const text of known) assert.ok(!out.toLowerCase().includes(text.toLowerCase()), `${text} in:\n${out}`);
  for (const text of ["acme-corp", "Payroll of Acme", "2001:db8::77"]) {
    assert.ok(plain.includes(text), `it is told to whoever runs it: ${text}`);
  }
  assert.match(out, /host-1/);
  assert.match(out, /`provider\.claims` \| warn \| 1 of the last 2 sign-ins .*person-\d+/);
  assert.match(out, /`config\.who`/, "what is no host stays");

  const wrong = await runCommand(["doctor", "--report"], {
    ...environment,
    BASE_URL: "https://login.acme-corp.example?x=the-known-thing",
  });
  for (const text of [...known, "the-known-thing"])
    assert.ok(!wrong.out.includes(text), `${text} in:\n${wrong.out}`);
});

test("the same host, address or person has the same placeholder wherever it stands, and what is everybody's stays", () => {
  const hide = createPlaceholders({
    ...nobody,
    hosts: ["db", "db-2"],
    people: ["ada"],
    names: ["Payroll"],
    words: ["config.valid", "sign_in.allowed_domains"],
    secrets: ["s3cr3t"],
  });
  assert.equal(
    hide("https://a.example/x asks b.example:8080 and https://a.example"),
    "https://host-1/x asks host-2:8080 and https://host-1",
  );
  assert.equal(
    hide("eve@b.example from 192.0.2.1, 2001:db8::1 and ::ffff:192.0.2.1"),
    "person-1 from address-1, address-2 and address-3",
  );
  assert.equal(hide("postgres://db:5432 and db-2, not adb"), "postgres://host-3:5432 and host-4, not adb");
  assert.equal(hide("ada, Ada's Payroll, s3cr3t"), "person-2, person-2's name-1, [removed]");
  assert.equal(hide("`web-1/4242` and `web-1/4243`"), "`host-5/4242` and `host-5/4243`");
  const stays =
    "config.valid, sign_in.allowed_domains in gatehouse.yaml:12:3, docs/operating.md, localhost, 127.0.0.1:8080, Node 24.21, 2 ms.";
  assert.equal(hide(stays), stays);
});

test("a report of many long findings stays under 60 kB, with what fails first", () => {
  const findings = Array.from({ length: 500 }, (_, at) => ({
    id: `check.${at}`,
    result: at === 499 ? ("fail" as const) : ("ok" as const),
    finding: `| ${"ü".repeat(5000)}`,
  }));
  const report = reportOf(findings, { system: "Gatehouse", settings: [] }, (text) => text);
  assert.ok(Buffer.byteLength(report) < 60_000);
  assert.match(report, /\|---\|---\|---\|---\|\n\| `check\.499` \| fail \| \\\| ü/);
  assert.match(report, /\d+ more findings did not fit\.$/);
});
