import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const resource = "https://notes.example.com/mcp";
const aClient = [
  ...["clients", "add", "--id", "web", "--auth-method", "none"],
  ...["--redirect-uri", "https://app.example.com/cb"],
];
const commands = [
  ["resources", "add", resource],
  ["resources", "list"],
  ["resources", "rotate", resource],
  ["resources", "remove", resource, "--yes"],
  aClient,
  ["clients", "list"],
  ["clients", "show", "web"],
  ["clients", "rotate-secret", "web"],
  ["clients", "vouch", "web"],
  ["clients", "remove", "web"],
  ["people", "show", "alice@example.com"],
  ["people", "remove", "alice@example.com"],
  ["migrate", "finalize"],
];

test("no command makes a database in the wrong folder: each says where it looked, and makes not even the folder", async (t) => {
  const { path, remove } = await aDatabase();
  t.after(remove);
  const elsewhere = join(dirname(path), "wrong", "gatehouse.db");
  for (const sqlUrl of [`sqlite:${elsewhere}`, `sqlite:${relative(process.cwd(), elsewhere)}`]) {
    for (const command of commands) {
      const { code, out, err } = await runCommand(command, { SQL_URL: sqlUrl });
      assert.equal(code, 1, command.join(" "));
      assert.equal(out, "");
      assert.ok(
        err.startsWith(`gatehouse: the database ${elsewhere} cannot be opened: it does not exist`),
        err,
      );
    }
    assert.equal((await runCommand(["migrate", "--dry-run"], { SQL_URL: sqlUrl })).code, 0);
  }
  assert.deepEqual(readdirSync(dirname(path)), []);
  assert.ok(!existsSync(dirname(elsewhere)));
});

test("a file without tables is no database yet, and one in memory is nobody else's", async (t) => {
  const { path, environment, remove } = await aDatabase();
  t.after(remove);
  writeFileSync(path, "");
  const empty = await runCommand(["resources", "add", resource], environment);
  assert.equal(empty.code, 1);
  assert.match(empty.err, /run gatehouse migrate/);
  const inMemory = await runCommand(["resources", "add", resource], { SQL_URL: "sqlite::memory:" });
  assert.equal(inMemory.code, 2);
  assert.match(inMemory.err, /a database in memory/);
});

test("what changes something says which database it changed; what looks, fails or finds nothing to do does not", async (t) => {
  const { path, remove } = await aDatabase();
  t.after(remove);
  const environment = { SQL_URL: `sqlite:${relative(process.cwd(), path)}` };
  const changed = `Changed the database ${path}\n`;
  assert.ok((await runCommand(["migrate"], environment)).err.startsWith(changed));
  const quiet = [["migrate"], ["migrate", "finalize"], ["resources", "list"], ["clients", "list"]];
  for (const command of quiet)
    assert.doesNotMatch((await runCommand(command, environment)).err, /Changed/, command.join(" "));

  assert.ok((await runCommand(["resources", "add", resource], environment)).err.startsWith(changed));
  const again = await runCommand(["resources", "add", resource], environment);
  assert.equal(again.code, 1);
  assert.doesNotMatch(again.err, /Changed/);
  const rotated = await runCommand(["resources", "rotate", resource, "--json"], environment);
  assert.equal(rotated.err, changed, "also for a script, beside what it reads");
  assert.ok(JSON.parse(rotated.out).introspection_credential);
  const removals = [
    ["clients", "remove", "web", "--yes"],
    ["resources", "remove", resource, "--yes"],
  ];
  for (const command of [aClient, ...removals]) {
    assert.ok((await runCommand(command, environment)).err.includes(changed), command.join(" "));
  }
  const store = await openSqliteStore({ path });
  assert.deepEqual(await store.listResources(), []);
  await store.close();
});
