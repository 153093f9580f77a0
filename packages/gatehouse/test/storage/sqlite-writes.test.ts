import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, beforeEach, test } from "node:test";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { Database } from "../../src/storage/sqlite/database.ts";

/* Which writes share a transaction, and with it a flush of the disk. */

const folder = mkdtempSync(join(tmpdir(), "gatehouse-writes-"));
let database: Database;
let other: DatabaseSync;
before(() => {
  database = new Database(join(folder, "gatehouse.db"));
  database.exec("create table told (word text not null) strict");
  other = new DatabaseSync(join(folder, "gatehouse.db"));
});
beforeEach(() => database.exec("delete from told"));
after(() => {
  other.close();
  database.close();
  rmSync(folder, { recursive: true });
});

const tell = (word: string) => () => database.prepare("insert into told values (?)").run(word).changes;
/** What another process sees, and with each commit it sees more. */
const seen = () =>
  other
    .prepare("select word from told order by rowid")
    .all()
    .map(({ word }) => word);

/** What stood there after each commit. */
async function commits(writes: readonly Promise<unknown>[]): Promise<unknown[][]> {
  const states: unknown[][] = [];
  const look = () => {
    const state = seen();
    if (JSON.stringify(state) !== JSON.stringify(states.at(-1) ?? [])) states.push(state);
  };
  await Promise.all(writes.map((write) => write.then(look, look)));
  return states;
}

test("a write that nobody waits for goes with the next one, behind it, whichever comes first", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] }); // which a busy machine lets pass before the next write's turn
  const first = [database.writeWithOthers(tell("record")), database.write(tell("code"))];
  assert.deepEqual(await commits(first), [["code", "record"]]);
  const second = [database.write(tell("grant")), database.writeWithOthers(tell("step"))];
  assert.deepEqual(await commits(second), [["code", "record", "grant", "step"]]);
});

test("by itself it is written soon, and those that wait with it share its transaction", async () => {
  const alone = ["a", "b", "c"].map((word) => database.writeWithOthers(tell(word)));
  assert.deepEqual(await commits(alone), [["a", "b", "c"]]);
});

test("one that fails takes nobody down, and nobody takes it down", async () => {
  const fails = () => database.exec("insert into told values (null)");
  const notNull = { message: /NOT NULL/ };
  const code = database.write(tell("code"));
  await assert.rejects(database.writeWithOthers(fails), notNull);
  await code;
  assert.deepEqual(seen(), ["code"]);
  const record = database.writeWithOthers(tell("record"));
  await assert.rejects(database.write(fails), notNull);
  await record;
  assert.deepEqual(seen(), ["code", "record"]);
});

test("while another process writes it waits like all others, and is refused with them", async () => {
  const hasty = new Database(join(folder, "gatehouse.db"), { busyTimeoutMs: 30 });
  const add = () => hasty.exec("insert into told values ('late')");
  other.exec("begin immediate");
  await assert.rejects(hasty.writeWithOthers(add), StoreUnavailableError);
  const waits = hasty.writeWithOthers(add);
  setTimeout(() => other.exec("commit"), 10);
  await waits;
  hasty.close();
  assert.deepEqual(seen(), ["late"]);
});

test("what waits is written before the database is closed", async () => {
  const path = join(folder, "closed.db");
  const closing = new Database(path);
  closing.exec("create table told (word text) strict");
  const record = closing.writeWithOthers(() => closing.exec("insert into told values ('record')"));
  await closing.write(() => undefined);
  closing.close();
  await record;
  const reopened = new DatabaseSync(path);
  assert.deepEqual(reopened.prepare("select word from told").all().map(Object.values), [["record"]]);
  reopened.close();
});
