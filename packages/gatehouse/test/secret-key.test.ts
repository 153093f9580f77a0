import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { loadSecretKeys } from "../src/secret-key.ts";

const folder = await mkdtemp(join(tmpdir(), "gatehouse-key-"));
after(() => rm(folder, { recursive: true }));

test("a configured key is used, and no file is made", async () => {
  const configured = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const;
  assert.equal(await loadSecretKeys(configured, join(folder, "configured.db")), configured);
  assert.deepEqual(await readdir(folder), []);
});

test("without one, a key file is made beside the database, for its owner only, and found again", async () => {
  const database = join(folder, "deep", "gatehouse.db");
  const [first] = await loadSecretKeys(undefined, database);
  const [again] = await loadSecretKeys(undefined, database);
  assert.equal(first.length, 32);
  assert.deepEqual(again, first);
  assert.equal((await stat(`${database}.key`)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(folder, "deep")), ["gatehouse.db.key"], "no draft is left behind");
});

test("of many who start at once, all get the same key", async () => {
  const database = join(folder, "race.db");
  const keys = await Promise.all(Array.from({ length: 50 }, () => loadSecretKeys(undefined, database)));
  assert.equal(new Set(keys.map(([key]) => key.toString("hex"))).size, 1);
  const written = Buffer.from(await readFile(`${database}.key`, "ascii"), "base64url");
  assert.deepEqual(keys[0]?.[0], written);
});

test("a damaged key file is never replaced in silence: every refresh token would die", async () => {
  const database = join(folder, "damaged.db");
  await writeFile(`${database}.key`, "", { mode: 0o600 });
  await assert.rejects(loadSecretKeys(undefined, database), /damaged\.db\.key is damaged/);
  assert.equal((await stat(`${database}.key`)).size, 0);
});

test("a key file that any account can read is refused", { skip: process.platform === "win32" }, async () => {
  const database = join(folder, "open.db");
  await loadSecretKeys(undefined, database);
  await chmod(`${database}.key`, 0o644);
  await assert.rejects(loadSecretKeys(undefined, database), /chmod 600/);
});

test("a database in memory leaves nothing on disk", async () => {
  const [one] = await loadSecretKeys(undefined, ":memory:");
  const [other] = await loadSecretKeys(undefined, ":memory:");
  assert.notDeepEqual(one, other);
});
