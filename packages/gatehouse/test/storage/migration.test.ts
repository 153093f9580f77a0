import assert from "node:assert/strict";
import { test } from "node:test";
import {
  appliedOf,
  type Migration,
  neededBy,
  pendingAfter,
  WrongVersionError,
} from "../../src/storage/migration.ts";

const migration = (number: number, name = `${number}-step`): Migration => ({ number, name, sql: "" });

test("what a ledger notes is told by number and name, also where numbers have gaps", () => {
  const known = [migration(1), migration(2), migration(5), migration(7)];
  const applied = (...ledger: Migration[]) => {
    const found = appliedOf(ledger, known);
    return "strange" in found ? found.strange : found.applied.map(({ number }) => number);
  };
  assert.deepEqual(applied(), []);
  assert.deepEqual(applied(migration(1), migration(2), migration(5)), [1, 2, 5]);
  assert.deepEqual(applied(...known), [1, 2, 5, 7]);
  assert.match(String(applied(migration(1), migration(5))), /^migration 5 is "5-step"$/, "one is left out");
  assert.match(String(applied(migration(1), migration(2), migration(3))), /^migration 3 is/);
  assert.match(String(applied(migration(1), migration(2, "another"))), /^migration 2 is "another"$/);
  assert.throws(() => applied(...known, migration(8)), WrongVersionError);
});

test("a migration says in a line which programs go on after it; one that does not is for those that know it", () => {
  assert.equal(neededBy("-- Whose it is.\n-- Programs that know 0016 go on.\nalter table …"), 16);
  assert.equal(neededBy("-- Whose it is.\nalter table …"), undefined);
  const known = [migration(1), migration(2)];
  assert.deepEqual(pendingAfter({ latest: 4, needed: 2 }, known), []);
  assert.throws(() => pendingAfter({ latest: 4, needed: 3 }, known), {
    name: "WrongVersionError",
    message:
      "the database is at migration 4 and needs a version that knows 3, this version knows 2: run a newer gatehouse",
  });
});
