import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { createReloader } from "../../src/commands/reload.ts";
import { processShell } from "../../src/commands/shell.ts";
import { type Config, loadSettings } from "../../src/config/config.ts";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { type Store, StoreUnavailableError } from "../../src/oauth/store.ts";
import { seconds } from "../../src/oauth/values.ts";
import { type AccessInForce, startAccess } from "../../src/start/access.ts";
import { reloadAll } from "../../src/start/reload.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aPerson } from "../access/people.ts";
import { aFolder } from "../config/config-file.ts";
import { aHash } from "../contract/records.ts";
import { eventsOf } from "../support/audit-events.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, refresh, resource, tokensFor, tokensOf } from "../support/oauth-client.ts";
import { anyProvider } from "./command-line.ts";

/* Rules that are read again while the server runs. */

const padding = Array.from(
  { length: 12 },
  (_, at) => `    - allow: { address: [person-${at}@corp.example, p${at}@b.example] }\n`,
);
const whole = `# Who may do what here.
resources:
  - identifier: https://notes.example/mcp
    credential: gatehouse_rs_${"0".repeat(32)}
    scopes: [{ name: "notes:read" }, { name: "notes:write" }]
access:
  sign_in:
    - allow: { domain: [corp.example] }
${padding.join("")}    - deny: { address: [eve@corp.example] }
  resources:
    https://notes.example/mcp:
      - allow: { everyone: true }
      - deny: { everyone: true }
        scopes: ["notes:write"]
...
`;

let store: Store;
before(async () => {
  store = await openSqliteStore({ path: ":memory:" });
});
after(() => store.close());

/** As `serve` does it: SIGHUP calls `reload`. */
async function serving(t: TestContext, text = whole) {
  const folder = aFolder(t, { "gatehouse.yaml": text });
  const configPath = join(folder, "gatehouse.yaml");
  const shell = { ...processShell(anyProvider), configPath };
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format: "json", tokenPrefixes: [] },
    { write: (line) => void lines.push(line) },
  );
  const running = loadSettings(shell, "serve");
  const access: AccessInForce = await startAccess(running.config, store, log);
  const { reload } = createReloader(running, shell, log, {
    reload: (config: Config) => reloadAll([access], config),
  });
  const told = () => lines.splice(0).map((line) => JSON.parse(line) as Record<string, string>);
  return { folder, configPath, access, reload, told };
}

test("V-n19 a rule file cut anywhere, or replaced by what is none, leaves the old rules in force, with one line each", async (t) => {
  const { configPath, access, reload, told } = await serving(t);
  const inForce = access.current();
  assert.equal(inForce?.signIn(aPerson({ email: "eve@corp.example" })).allowed, false);
  const refused = async (about: string) => {
    assert.equal(await reload(), false, about);
    assert.equal(access.current(), inForce, about);
    const [line, ...more] = told();
    assert.deepEqual([line?.level, more], ["warn", []], about);
    return line?.error ?? "";
  };
  assert.ok(whole.length > 1000);
  for (let at = 0; at < whole.length; at++) {
    writeFileSync(configPath, whole.slice(0, at));
    await refused(`cut at ${at}: …${whole.slice(0, at).slice(-20)}`);
  }
  const bomb = `a: &a [x, x]\nb: &b [*a, *a]\n${Array.from({ length: 60 }, () => "c: [*b, *b]\n").join("")}`;
  for (const [about, text] of [
    ["100 MB", Buffer.alloc(100_000_000, "#")],
    ["an alias bomb", bomb],
    ["a key twice", whole.replace("  sign_in:", "  sign_in: []\n  sign_in:")],
    ["a misspelt deny", whole.replace("deny:", "denny:")],
    ["a resource that there is not", whole.replace("    https://notes", "    https://other")],
    ["a scope that it has not", whole.replace('["notes:write"]', '["notes:delete"]')],
    ["no rules", `${whole.slice(0, whole.indexOf("access:"))}...\n`],
    ["nothing", ""],
    ["no text", Buffer.from([0xff, 0xfe, 0x00])],
  ] as const) {
    writeFileSync(configPath, text);
    assert.doesNotMatch(await refused(about), /gatehouse_rs_/);
  }
  writeFileSync(configPath, whole);
  if (process.getuid?.() !== 0) {
    chmodSync(configPath, 0);
    await refused("unreadable");
  }
  rmSync(configPath);
  await refused("gone");
  mkdirSync(configPath);
  await refused("a folder");
  rmSync(configPath, { recursive: true });
  writeFileSync(configPath, whole.replace("[eve@", "[eva@"));
  assert.equal(await reload(), true);
  assert.equal(access.current()?.signIn(aPerson({ email: "eve@corp.example" })).allowed, true);
});

test("V47 a reload takes over all rules at once, and a request goes on with those it began with", async (t) => {
  const { configPath, access, reload, told } = await serving(t);
  const began = access.current();
  const eve = aPerson({ email: "eve@corp.example" });
  writeFileSync(configPath, whole.replace(/ {4}- deny:.*\n/, "").replace("corp.example]", "b.example]"));
  assert.equal(await reload(), true);
  const [line] = told();
  assert.match(line?.configuration ?? "", /^[0-9a-f]{12}$/);
  assert.equal(began?.signIn(eve).allowed, false);
  assert.deepEqual(began?.signIn(aPerson()).allowed, true);
  assert.deepEqual(access.current()?.signIn(eve), { allowed: false, reason: "not_allowed" });
  assert.equal(access.current()?.signIn(aPerson({ email: "ada@b.example" })).allowed, true);
  writeFileSync(configPath, whole.replace("deny: {", "deny: { everyone: true,"));
  assert.equal(await reload(), false);
  assert.match(told()[0]?.error ?? "", /gatehouse\.yaml:\d+:\d+ access\.sign_in\[13\]\.deny/);
});

test("V-n20 each of 500 refreshes during 100 reloads between two sets of rules is answered by exactly one of them", async (t) => {
  const server: TestGatehouse = await startTestGatehouse();
  t.after(() => server.stop());
  await server.addResource(resource);
  const client = await aPublicClient(server);
  const grants = await Promise.all(Array.from({ length: 10 }, () => tokensFor(server, client)));
  const rules = (signIn: string, own: string) => `access:
  sign_in: [{ allow: { domain: [${signIn}] } }]
  resources: { "${resource}": [{ allow: { everyone: true } }, { deny: { domain: [${own}] } }] }
`;
  // Each set refuses, for a reason of its own; one half of each together would not.
  const sets = [rules("example.com", "example.com"), rules("nowhere.example", "nowhere.example")] as const;
  await server.reload(sets[0]);
  let reloads = 0;
  const reloading = (async () => {
    while (reloads < 100) await server.reload(sets[++reloads % 2 === 0 ? 0 : 1]);
  })();
  const outcomes: number[] = [];
  while (outcomes.length < 500 || reloads < 100) {
    const round = await Promise.all(
      grants.map(async ({ refresh_token }) => (await refresh(server, client, refresh_token)).status),
    );
    outcomes.push(...round);
  }
  await reloading;
  assert.ok(
    outcomes.every((status) => status === 400),
    `${outcomes.filter((status) => status !== 400)}`,
  );
  const reasons = eventsOf(server, "access_lost").map(({ reason }) => reason);
  assert.equal(reasons.length, outcomes.length);
  assert.deepEqual([...new Set(reasons)].sort(), ["denied", "not_allowed"]);
  await server.reload(rules("example.com", "nowhere.example"));
  for (const { refresh_token } of grants) tokensOf(await refresh(server, client, refresh_token));
});

test("rules about what the database does not have are refused at the start, and believed while it cannot be asked", async (t) => {
  const rules = (which: string, scope: string) => {
    const yaml = `access: { resources: { "${which}": [{ allow: { everyone: true }, scopes: [${scope}] }] } }\n`;
    const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
    return loadSettings({ ...processShell(anyProvider), configPath }, "serve").config;
  };
  const identifier = canonicalResource("https://stored.example/mcp");
  const scopes = [{ name: "read", sentence: undefined }];
  await store.addResource({ identifier, name: undefined, scopes, createdAt: seconds(0) }, aHash());
  const log = createLog({ level: "warn", format: "json", tokenPrefixes: [] }, { write: () => undefined });
  for (const which of [identifier, shortIdOf(identifier)]) {
    const { current } = await startAccess(rules(which, "read"), store, log);
    assert.deepEqual(current()?.use(aPerson(), identifier, "read write"), { allowed: true, scope: "read" });
    await assert.rejects(
      startAccess(rules(which, "write"), store, log),
      /scopes\.0: write; a scope of it: read/,
    );
  }
  const unknown = rules("https://unknown.example/mcp", "read");
  await assert.rejects(startAccess(unknown, store, log), /no such MCP server/);
  const down = { ...store, listResources: () => Promise.reject(new StoreUnavailableError("down")) };
  assert.ok((await startAccess(unknown, down, log)).current());
});
