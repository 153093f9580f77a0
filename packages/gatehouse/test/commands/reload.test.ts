import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createReloader } from "../../src/commands/reload.ts";
import { processShell } from "../../src/commands/shell.ts";
import { loadSettings } from "../../src/config/config.ts";
import type { AuditEvent } from "../../src/oauth/ports.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aFolder } from "../config/config-file.ts";
import { freePort } from "../support/free-port.ts";
import { aDatabase, anyProvider, startCommand, untilPrinted } from "./command-line.ts";

const credential = `gatehouse_rs_${"a1".repeat(20)}`;
const whole = `log:
  level: info
resources:
  - { identifier: "https://notes.example/mcp", credential: ${credential} }
  - { identifier: "https://files.example/mcp", credential: ${credential}-2 }
`;

/** A process's configuration, read anew from its file; what was handed on, and what was logged. */
function aReloader(t: TestContext) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": whole }), "gatehouse.yaml");
  const shell = { ...processShell(anyProvider), configPath };
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format: "json", tokenPrefixes: [] },
    { write: (line) => void lines.push(line) },
  );
  const applied: (readonly string[] | undefined)[] = [];
  const { reload } = createReloader(loadSettings(shell, "serve"), shell, log, {
    reload: async ({ sections }) => {
      applied.push(sections.resources?.map(({ identifier }) => identifier));
    },
  });
  return { configPath, reload, applied, lines: () => lines.splice(0).map((line) => JSON.parse(line)) };
}

test("a file that is read again holds as a whole, and the log says which one, and what waits for the next start", async (t) => {
  const { configPath, reload, applied, lines } = aReloader(t);
  const next = whole.replace("level: info", "level: warn").replace(/^.*files\.example.*\n/m, "");
  writeFileSync(configPath, next);
  assert.equal(await reload(), true);
  assert.deepEqual(applied, [["https://notes.example/mcp"]]);
  const [line, ...more] = lines();
  assert.deepEqual(more, []);
  assert.match(line.configuration, /^[0-9a-f]{12}$/);
  assert.deepEqual(line.fromTheNextStart, ["log.level"]);
  writeFileSync(configPath, "resources: []\n");
  await reload();
  assert.deepEqual(applied.at(-1), [], "an empty list says so");
});

test("Y-n8 a file that is half written, empty, unreadable, gone or without a section it had changes nothing, and one line says where", async (t) => {
  const { configPath, reload, applied, lines } = aReloader(t);
  const [firstLines] = whole.split('  - { identifier: "https://files');
  for (const [text, error] of [
    [whole.slice(0, -40), /:5:\d+/],
    [whole.trimEnd(), /:5:\d+: found the end of the file/],
    [`${firstLines}`.trimEnd(), /:4:\d+/],
    ["", /:1:1: found nothing in it/],
    ["# all of it went\n", /:1:1 resources: found no such section/],
    ["log:\n  level: info\n#resources:\n#  - x\n", /:1:1 resources: found no such section.*resources: \[\]/],
    ["resources:\n<<<<<<< ours\n  - x\n", /:\d+:\d+/],
    [whole.replace("identifier", "identifer"), /:4:7 resources\[0\]\.identifer: .*did you mean/],
    [whole.replace("level: info", "level: loud"), /:2:10 log\.level/],
  ] as const) {
    writeFileSync(configPath, text);
    assert.equal(await reload(), false, text);
    const [line, ...more] = lines();
    assert.deepEqual(more, [], text);
    assert.equal(line.level, "warn");
    assert.match(line.error, error, text);
    assert.match(line.configuration, /^[0-9a-f]{12}$/);
    assert.doesNotMatch(JSON.stringify(line), new RegExp(credential));
  }
  if (process.getuid?.() !== 0) {
    chmodSync(configPath, 0);
    assert.equal(await reload(), false);
    assert.match(lines()[0].error, /may not read/);
  }
  rmSync(configPath);
  assert.equal(await reload(), false);
  assert.match(lines()[0].error, /does not exist/);
  assert.deepEqual(applied, []);
  writeFileSync(configPath, whole);
  assert.equal(await reload(), true);
});

test("what cannot be taken over changes nothing either", async (t) => {
  const configPath = join(aFolder(t, { "gatehouse.yaml": whole }), "gatehouse.yaml");
  const shell = { ...processShell(anyProvider), configPath };
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format: "json", tokenPrefixes: [] },
    { write: (line) => void lines.push(line) },
  );
  const running = loadSettings(shell, "serve");
  const { reload } = createReloader(running, shell, log, {
    reload: () => Promise.reject(new Error("no database")),
  });
  writeFileSync(configPath, whole.replace("info", "warn"));
  assert.equal(await reload(), false);
  assert.match(lines[0] ?? "", /no database/);
  assert.ok(lines[0]?.includes(running.config.file?.hash ?? "?"));
});

test("a configuration that is taken over is one event with its fingerprint and the names of what changed, one that is refused another, and neither holds a secret", async (t) => {
  const configPath = join(aFolder(t, { "gatehouse.yaml": whole }), "gatehouse.yaml");
  const shell = { ...processShell(anyProvider), configPath };
  const log = createLog({ level: "silent", format: "json", tokenPrefixes: [] }, { write: () => {} });
  const told: AuditEvent[] = [];
  const running = loadSettings(shell, "serve");
  const events = {
    emit: (event: AuditEvent) => void told.push(event),
    record: async (event: AuditEvent) => void told.push(event),
  };
  const { reload } = createReloader(running, shell, log, { reload: async () => {}, events });
  writeFileSync(configPath, whole.replace("level: info", "level: warn").replace("-2 }", "-3 }"));
  await reload();
  const [applied, ...others] = told.splice(0);
  assert.deepEqual(others, []);
  assert.equal(applied?.name, "configuration_applied");
  const { fingerprint } = running.config;
  assert.match(applied.detail ?? "", /^configuration [0-9a-f]{12}, file [0-9a-f]{12}, before [0-9a-f]{12}; /);
  assert.ok(!applied.detail?.startsWith(`configuration ${fingerprint}`), "another one by now");
  assert.match(applied.detail ?? "", / changed: resources, log\.level; from the next start: log\.level$/);
  writeFileSync(configPath, `${whole}access: { default: deny }\n`.replace("level: info", "level: loud"));
  await reload();
  const [refused, ...more] = told.splice(0);
  assert.deepEqual(more, []);
  assert.equal(refused?.name, "configuration_refused");
  assert.match(refused.error ?? "", /gatehouse\.yaml:2:10 log\.level: found "loud"/);
  assert.match(refused.detail ?? "", /goes on/);
  writeFileSync(configPath, `${whole}access: { sign_in: [{ allow: { everyone: true } }] }\n`);
  assert.equal(await reload(), true);
  assert.deepEqual(
    told.map(({ name }) => name),
    ["configuration_applied", "access_changed"],
  );
  assert.ok(!JSON.stringify([applied, refused, told]).includes(credential.slice(-8)));
});

const unix = { skip: process.platform === "win32" && "has no SIGHUP" };

test("at SIGHUP the process and its workers read the configuration again, each once", unix, async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const configPath = join(aFolder(t, { "gatehouse.yaml": whole }), "gatehouse.yaml");
  const child = startCommand(["serve", "--config", configPath], {
    ...database.environment,
    ...anyProvider,
    BASE_URL: "http://localhost:1",
    PORT: String(await freePort()),
    WORKERS: "2",
    SECRET_KEY: "k.".repeat(20),
  });
  t.after(() => child.kill("SIGKILL"));
  const started = await untilPrinted(child, /"listening".*\n/);
  const changed = whole.replace("notes", "other");
  writeFileSync(configPath, changed);
  const all = untilPrinted(child, /(?:(?:read again and holds|"reason":"reload")[\s\S]*){3}/);
  child.kill("SIGHUP");
  const hashes = [
    ...(await all).matchAll(/"configuration":"([0-9a-f]{12})"[^\n]*holds|, file ([0-9a-f]{12}), before/g),
  ].map(([, ofWorker, ofPrimary]) => ofWorker ?? ofPrimary);
  const store = await openSqliteStore({ path: database.path, create: false, migrate: false });
  const resources = await store.listResources();
  await store.close();
  const held = resources.filter(({ declared }) => declared && declared.leftAt === undefined);
  assert.deepEqual(held.map(({ identifier }) => identifier).sort(), [
    "https://files.example/mcp",
    "https://other.example/mcp",
  ]);
  assert.equal(hashes.length, 3);
  assert.equal(new Set(hashes).size, 1);
  writeFileSync(configPath, changed.slice(0, 60));
  const refused = untilPrinted(child, /configuration_refused/);
  child.kill("SIGHUP");
  assert.match(await refused, /gatehouse\.yaml:\d+:\d+/);
  // A worker that takes the place of another runs with what holds, not with what the file has become.
  const url = /"address":"([^"]+)"/.exec(started)?.[1];
  const workers = execFileSync("ps", ["-o", "pid=", "--ppid", String(child.pid)], { encoding: "utf8" });
  const replaced = untilPrinted(child, /(?:another takes its place[\s\S]*){2}/);
  for (const pid of workers.trim().split(/\s+/))
    if (isProcess(Number(pid))) process.kill(Number(pid), "SIGKILL");
  await replaced;
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 50));
});

/** Not `ps` itself. */
function isProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
