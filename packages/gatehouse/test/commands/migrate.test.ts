import assert from "node:assert/strict";
import { test } from "node:test";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aClient } from "../contract/records.ts";
import { aDatabase, runCommand } from "./command-line.ts";

test("LEGACY finalize hashes what is left in clear text, drops it, and says that there is no way back", async (t) => {
  const { environment, path, remove } = await aDatabase();
  t.after(remove);
  const store = await openSqliteStore({ path });
  t.after(() => store.close());
  const legacy = { authMethod: "client_secret_post", dynamicallyRegistered: false } as const;
  const client = aClient({ ...legacy, clearSecret: "the old secret" });
  await store.addClient(client);
  const done = await runCommand(["migrate", "finalize"], environment);
  assert.equal(done.code, 0, done.err);
  assert.match(
    done.err,
    /Dropped the clear-text secret of 1 client; .*cannot be run on this database any more/,
  );
  const { clearSecret, secretHash } = (await store.findClient(client.id)) ?? assert.fail();
  assert.equal(clearSecret, undefined);
  assert.equal(secretHash, hashSecret("the old secret"));
  const again = await runCommand(["migrate", "finalize", "--json"], environment);
  assert.deepEqual(JSON.parse(again.out), { dropped: 0 });
});

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
  assert.deepEqual(again, { code: 0, out: "", err: "The database is up to date.\n" });
  assert.deepEqual(await runCommand(["migrate", "--dry-run"], environment), again);
});
