import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { openCommandAudit } from "../../src/start/audit.ts";
import { openStore } from "../../src/start/store.ts";
import { freePort } from "../support/free-port.ts";
import { aSyslogServer } from "../support/syslog-server.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-audit-"));
after(() => rmSync(folder, { recursive: true }));

test("a command writes a chain of its own, sealed where it has the key and chained all the same where not", async () => {
  const keyed = {
    SQL_URL: `sqlite://${join(folder, "gatehouse.db")}`,
    SECRET_KEY: "a secret key of the tests of at least 32 characters",
  };
  const config = loadConfig({ environment: keyed }, "command");
  const keyless = loadConfig({ environment: { SQL_URL: keyed.SQL_URL } }, "command");
  const store = await openStore(config);
  for (const each of [config, keyless]) {
    const audit = await openCommandAudit(each, store);
    const actor = { kind: "operator", id: "root", how: "unverified" } as const;
    await audit.record({ name: "person_blocked", request: "-", subject: "user_1", actor });
    await audit.close();
  }
  const { chains, registry } = await store.findAuditChains();
  assert.deepEqual(
    chains.map(({ number, head }) => [number, head.sequence]),
    [
      [1, 1],
      [2, 1],
    ],
  );
  assert.deepEqual(
    chains.map(({ keyId }) => keyId === undefined),
    [false, true],
  );
  assert.deepEqual([registry.opened, registry.sealed.opened], [2, 1]);
  const { records } = await store.findAudit({ subject: "user_1" }, { order: "oldest", limit: 5 });
  assert.deepEqual(
    records.map(({ name, actor }) => [name, actor.kind]),
    [
      ["person_blocked", "operator"],
      ["person_blocked", "operator"],
    ],
  );
  await store.close();
});

test("what a command records goes to the sinks too, and one that is not there holds the command up for two seconds at most", async (t) => {
  const server = await aSyslogServer(t);
  const environment = { SQL_URL: `sqlite://${join(folder, "sinks.db")}` };
  const store = await openStore(loadConfig({ environment }, "command"));
  for (const [port, expected] of [
    [server.port, 1],
    [await freePort(), 1],
  ] as const) {
    const config = loadConfig(
      { environment: { ...environment, AUDIT_SYSLOG: `tcp://127.0.0.1:${port}` } },
      "command",
    );
    const audit = await openCommandAudit(config, store);
    await audit.record({ name: "person_blocked", request: "-", subject: "user_1" });
    await audit.close();
    await server.until(expected);
    assert.equal(server.messages.length, expected);
  }
  assert.match(server.messages[0] ?? "", /"name":"person_blocked"/);
  const { records } = await store.findAudit({ name: "person_blocked" }, { order: "newest", limit: 5 });
  assert.equal(records.length, 2);
  await store.close();
});
