import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { newKeyText } from "../../src/oauth/tokens/secret-keys.ts";
import { openCommandAudit } from "../../src/start/audit.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { changeRecords } from "../support/loose-records.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const actor = { kind: "operator", id: "root", how: "unverified" } as const;

/** A database with an act of the command line in its trail, sealed with this key. */
async function aTrail(t: TestContext, secretKey: string) {
  const { path, environment, remove } = await aDatabase();
  t.after(remove);
  const store = await openSqliteStore({ path });
  const keyed = { ...environment, SECRET_KEY: secretKey };
  const audit = await openCommandAudit(loadConfig({ environment: keyed }, "command"), store);
  for (const subject of ["user_1", "user_2"]) {
    await audit.record({ name: "person_blocked", request: "-", subject, actor });
  }
  await audit.close();
  await store.close();
  return {
    path,
    verify: (args: readonly string[], key = secretKey) =>
      runCommand(["audit", "verify", ...args], { ...environment, SECRET_KEY: key }),
  };
}

test("audit verify ends with 0 for a whole trail, with 1 for one that is not, and with 2 for a head that is none", async (t) => {
  const { path, verify } = await aTrail(t, newKeyText());
  const whole = await verify([]);
  assert.deepEqual([whole.code, whole.out], [0, "2 records in 1 chain, whole\n"]);
  const [, head = ""] = /^The latest head: (1:\w{12}-2-[\w-]{22})$/m.exec(whole.err) ?? [];
  const held = await verify(["--head", head, "--json"]);
  assert.equal(held.code, 0);
  assert.deepEqual(JSON.parse(held.out), {
    whole: true,
    records: 2,
    chains: 1,
    findings: [],
    notes: [`the head ${head} is there`],
    heads: [head],
  });
  const strange = await verify(["--head", "nonsense"]);
  assert.equal(strange.code, 2);
  assert.match(strange.err, /--head "nonsense": give it as audit_head in the log has it/);

  const connection = new DatabaseSync(path);
  changeRecords(connection, "update loose_records set subject = 'user_eve' where sequence = 2");
  connection.close();
  const edited = await verify([]);
  assert.equal(edited.code, 1);
  assert.match(edited.out, /^record \w{12}-2 was edited\n$/);
  const told = await verify(["--json"]);
  assert.equal(told.code, 1);
  const { whole: isWhole, findings } = JSON.parse(told.out);
  assert.deepEqual([isWhole, findings[0].kind, findings[0].sequence], [false, "edited", 2]);
});

test("a key that is out of use goes on verifying, in SECRET_KEY or in a file beside", async (t) => {
  const [old, newer] = [newKeyText(), newKeyText()];
  const { path, verify } = await aTrail(t, old);
  assert.equal((await verify([], `${newer},${old}`)).code, 0);
  const without = await verify([], newer);
  assert.equal(without.code, 1);
  assert.match(without.out, /^1 chain is sealed with the key \w{8}, which is not configured/);
  const file = `${path}.older-keys`;
  await writeFile(file, `${old}\n`);
  assert.equal((await verify(["--older", file], newer)).code, 0);
  const missing = await verify(["--older", `${file}.none`], newer);
  assert.equal(missing.code, 2);
});
