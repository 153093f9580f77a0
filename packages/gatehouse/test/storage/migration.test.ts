import assert from "node:assert/strict";
import { test } from "node:test";
import { appliedOf, type Migration, WrongVersionError } from "../../src/storage/migration.ts";

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
