import assert from "node:assert/strict";
import { test } from "node:test";
import { aDatabase, runCommand } from "./command-line.ts";

test("a dry run shows the SQL and changes nothing; then the database is brought up to date, once", async (t) => {
  const { environment, remove } = await aDatabase();
  t.after(remove);
  const dry = await runCommand(["migrate", "--dry-run"], environment);
  assert.equal(dry.code, 0, dry.err);
  assert.match(dry.out, /^-- 0*1.*\n[\s\S]*create table/im);
  assert.deepEqual(await runCommand(["migrate", "--dry-run"], environment), dry);

  const { applied } = JSON.parse((await runCommand(["migrate", "--json"], environment)).out);
  assert.ok(applied.length > 0);
  const again = await runCommand(["migrate"], environment);
  assert.deepEqual(again, { code: 0, out: "The database is up to date.\n", err: "" });
  assert.equal((await runCommand(["migrate", "--dry-run"], environment)).out, again.out);
});
