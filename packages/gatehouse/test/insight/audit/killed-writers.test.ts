import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { loadConfig } from "../../../src/config/config.ts";
import { auditKeyOf } from "../../../src/insight/audit/seals.ts";
import { verifyAudit } from "../../../src/insight/audit/verify.ts";
import type { Store } from "../../../src/oauth/store.ts";
import { configuredKey } from "../../../src/oauth/tokens/secret-keys.ts";
import { openCommandAudit } from "../../../src/start/audit.ts";
import { openPostgresStore } from "../../../src/storage/postgres/store.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";
import { startPostgres } from "../../support/postgres.ts";

const secretKey = "a secret key of the tests of at least 32 characters";
const actor = { kind: "operator", id: "root", how: "unverified" } as const;

/** A process that writes, and what it said is durable. */
interface Writing {
  readonly process: ChildProcess;
  /** Resolves once it said so many lines, the first of which is that it is ready. */
  said(lines: number): Promise<void>;
}

/**
 * Two processes that are left alone, one that is killed over and over, and a command now and then, all on
 * one database.
 */
async function killed(
  kind: "sqlite" | "postgres",
  where: string,
  store: Store,
  kills: number,
): Promise<void> {
  const acknowledged: string[] = [];
  const begin = (name: string): Writing => {
    const script = join(import.meta.dirname, "killed-writer.ts");
    const child = spawn(process.execPath, [script, kind, where, name], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let lines = 0;
    let tell = () => {};
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (lines++ > 0) acknowledged.push(line);
      tell();
    });
    return {
      process: child,
      said: (wanted) =>
        new Promise((resolve, reject) => {
          child.once("exit", () => reject(new Error(`${name} ended by itself`)));
          tell = () => lines >= wanted && resolve();
          tell();
        }),
    };
  };
  const end = async ({ process: child }: Writing) => {
    const closed = once(child, "close"); // with all that it said
    child.kill("SIGKILL");
    await closed;
  };
  const sqlUrl = kind === "sqlite" ? `sqlite://${where}` : where;
  const config = loadConfig({ environment: { SQL_URL: sqlUrl, SECRET_KEY: secretKey } }, "command");
  const others = [begin("one"), begin("two")];
  try {
    await Promise.all(others.map((each) => each.said(2)));
    // The next one starts while one is killed.
    let next = begin("victim-0");
    for (let turn = 0; turn < kills; turn++) {
      const victim = next;
      if (turn + 1 < kills) next = begin(`victim-${turn + 1}`);
      await victim.said(2 + (turn % 7));
      await end(victim);
      if (turn % 10 !== 0) continue;
      const audit = await openCommandAudit(config, store);
      await audit.record({ name: "person_blocked", request: "-", detail: `command-${turn}`, actor });
      acknowledged.push(`command-${turn}`);
      await audit.close();
    }
  } finally {
    await Promise.all(others.map(end));
  }
  const { readings } = await configuredKey(secretKey);
  const keys = [{ id: 5, bytes: Buffer.alloc(32, "the key") }, ...readings.map(auditKeyOf)];
  const verdict = await verifyAudit({ store, keys });
  assert.deepEqual(verdict.findings, []);
  assert.ok(verdict.chains >= kills + 2);
  const standing = new Map<string, number>();
  for (const name of ["token_revoked", "person_blocked"]) {
    let after: string | undefined;
    do {
      const page = await store.findAudit({ name }, { order: "oldest", limit: 1000, after });
      for (const { facts } of page.records)
        standing.set(String(facts.detail), (standing.get(String(facts.detail)) ?? 0) + 1);
      after = page.next;
    } while (after !== undefined);
  }
  const wrong = [...new Set(acknowledged)].filter((each) => standing.get(each) !== 1);
  assert.deepEqual(wrong, [], "each that was acknowledged stands once");
  assert.ok([...standing.values()].every((count) => count === 1));
  assert.equal(new Set(acknowledged).size, acknowledged.length);
  assert.ok(acknowledged.length > kills);
}

test("Z-n9 while one of several writers is killed over and over every chain verifies, and each acknowledged revocation stands once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-killed-"));
  after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "gatehouse.db");
  const store = await openSqliteStore({ path });
  await killed("sqlite", path, store, 50);
  await store.close();
});

test("the same on PostgreSQL", async () => {
  const postgres = await startPostgres();
  after(() => postgres.stop());
  const url = await postgres.createDatabase();
  const store = await openPostgresStore({ url });
  await killed("postgres", url, store, 8);
  await store.close();
});
