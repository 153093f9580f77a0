import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { looseRecords } from "../support/loose-records.ts";
import { aPublicClient, isActive, refresh, resource, tokensFor } from "../support/oauth-client.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";
import { aDatabase, command, runCommand, startCommand } from "./command-line.ts";

const key = "the secret key of these tests has more than 32 characters";

/** A database with a person's grant in it, and a backup of it; nobody has it open. */
async function aBackup() {
  const { path, environment, remove } = await aDatabase();
  const settings = { ...environment, SECRET_KEY: key };
  const server = await startTestGatehouse(settings);
  await server.addResource(resource);
  const client = await aPublicClient(server);
  await tokensFor(server, client);
  await server.stop();
  const file = join(dirname(path), "backup");
  assert.equal((await runCommand(["backup", file], settings)).code, 0);
  return { path, folder: dirname(path), file, settings, remove };
}

const query = (path: string, sql: string) => {
  const database = new DatabaseSync(path);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
};

/** All rows, but for the audit trail, which has what was refused as well. */
const contentOf = (path: string) =>
  query(path, "select name from sqlite_schema where type = 'table' and name not like 'gatehouse_audit%'").map(
    ({ name }) => query(path, `select * from "${name}"`),
  );

const change = (path: string, sql: string) => {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
};

/** So many rows, of some 6 kB each with their index, in its order: so it is quick. */
const fill = (path: string, rows: number) =>
  change(
    path,
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
     insert into gatehouse_client_assertions select printf('%08d', i) || hex(randomblob(1500)), 9999999999 from n`,
  );

test("Y26 backup copies a large database beside a server that writes all the time, into one whole private file, and never over another", async (t) => {
  const { path, environment, remove } = await aDatabase();
  t.after(remove);
  const settings = { ...environment, SECRET_KEY: key };
  const server = await startTestGatehouse(settings);
  t.after(() => server.stop());
  await server.addResource(resource);
  const client = await aPublicClient(server);
  let tokens = await tokensFor(server, client);
  // The copy takes far longer than the time between two writes.
  fill(path, 5_000);
  const file = join(dirname(path), "copy");
  const child = startCommand(["backup", "--json", file], settings);
  const ended = once(child, "close");
  let out = "";
  child.stdout?.on("data", (chunk) => {
    out += String(chunk);
  });
  let refreshes = 0;
  while (child.exitCode === null) {
    const { status, body } = await refresh(server, client, tokens.refresh_token);
    assert.equal(status, 200);
    tokens = body as unknown as typeof tokens;
    refreshes++;
  }
  assert.deepEqual(await ended, [0, null]);
  assert.ok(refreshes > 3, `${refreshes} refreshes`);
  const told = JSON.parse(out) as { file: string; bytes: number; seconds: number };
  assert.equal(told.file, file);
  assert.equal(told.bytes, statSync(file).size);
  assert.ok(told.seconds > 0);
  if (process.platform !== "win32") assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(query(file, "pragma integrity_check").map(Object.values), [["ok"]]);
  assert.deepEqual(query(file, "select count(*) as n from gatehouse_client_assertions").map(Object.values), [
    [5_000],
  ]);
  assert.deepEqual(
    readdirSync(dirname(path)).filter((name) => name.startsWith("copy")),
    ["copy"],
  );

  const before = readFileSync(file);
  const again = await runCommand(["backup", file], settings);
  assert.equal(again.code, 1);
  assert.match(again.err, /copy exists; name another file, or say --overwrite/);
  assert.ok(readFileSync(file).equals(before));
  const over = await runCommand(["backup", "--overwrite", file], settings);
  assert.equal(over.code, 0, over.err);
  assert.match(over.err, /^Backed up .* to .*copy\n[\d.]+ MB in [\d.]+ s/);
  assert.match(over.err, /secret key is not in it/);
  assert.equal(await isActive(server, tokens.access_token), true);
});

test("Y-n15 a backup onto the live database, its journals, its key or a link to it is refused, and one that is killed or finds the disk full leaves no file of that name", async (t) => {
  const { path, folder, settings, remove } = await aBackup();
  t.after(remove);
  const server = await startTestGatehouse(settings);
  t.after(() => server.stop());
  writeFileSync(`${path}.key`, key);
  const links = [join(folder, "symbolic"), join(folder, "hard")] as const;
  symlinkSync(path, links[0]);
  linkSync(path, links[1]);
  for (const target of [path, `${path}-wal`, `${path}-shm`, `${path}.key`, ...links]) {
    const { ino } = statSync(target);
    const { code, err } = await runCommand(["backup", "--overwrite", target], settings);
    assert.equal(code, 1, target);
    assert.match(err, /itself, which a backup never replaces/);
    // That it was refused is written to the audit trail in it.
    assert.equal(statSync(target).ino, ino, target);
    assert.ok(statSync(target).size > 0, target);
  }
  const nowhere = await runCommand(["backup", join(folder, "no", "such", "folder")], settings);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.err, /^gatehouse: .*no such file or directory.*\n$/);

  fill(path, 10_000);
  const target = join(folder, "killed");
  const child = startCommand(["backup", target], settings);
  const ended = once(child, "close");
  const isUnderWay = () =>
    readdirSync(folder).some((name) => name.startsWith("killed.") && statSync(join(folder, name)).size > 0);
  while (!isUnderWay()) await new Promise(setImmediate);
  child.kill("SIGKILL");
  assert.deepEqual(await ended, [null, "SIGKILL"]);
  assert.ok(!existsSync(target));
  await server.addResource("https://other.example.com/mcp"); // the server writes on
  assert.equal((await runCommand(["backup", target], settings)).code, 0);

  await t.test("a disk that is full", async (t) => {
    const disk = mountSmallDisk(t, 4);
    if (disk === undefined) return t.skip(noSmallDisk);
    const full = await runCommand(["backup", join(disk.folder, "copy")], settings);
    assert.equal(full.code, 1);
    assert.match(full.err, /^gatehouse: the disk has no room for .*copy; .*\n$/);
    assert.deepEqual(readdirSync(disk.folder), []);
    const elsewhere = { ...settings, SQL_URL: `sqlite:${disk.folder}/gatehouse.db` };
    const restored = await runCommand(["restore", target], elsewhere);
    assert.equal(restored.code, 1);
    assert.match(restored.err, /^gatehouse: the disk has no room for .*\n$/);
    assert.deepEqual(readdirSync(disk.folder), []);
  });
  await t.test("a file that may not grow", async (t) => {
    if (process.platform === "win32") return t.skip("no limit of a file's size there");
    const limited = spawn(
      "sh",
      ["-c", 'ulimit -f 4000; exec "$@"', "sh", process.execPath, command, "backup", `${target}-2`],
      {
        env: settings,
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const [err, [code]] = await Promise.all([text(limited.stderr), once(limited, "close")]);
    assert.equal(code, 1);
    assert.match(err, /^gatehouse: the disk refuses to read .*gatehouse\.db, or to write .*killed-2\n$/);
  });
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("killed-2")),
    [],
  );
  await server.addResource("https://third.example.com/mcp");
  assert.deepEqual(query(path, "pragma integrity_check").map(Object.values), [["ok"]]);
});

test("Y27 restore puts a backup in place under the tokens made since, keeps what was there, and refuses while a server has it open", async (t) => {
  const { path, environment, remove } = await aDatabase();
  t.after(remove);
  const settings = { ...environment, SECRET_KEY: key };
  const file = join(dirname(path), "backup");
  const first = await startTestGatehouse(settings);
  await first.addResource(resource);
  const client = await aPublicClient(first);
  const atBackup = await tokensFor(first, client);
  assert.equal((await runCommand(["backup", file], settings)).code, 0);
  let newest = atBackup;
  for (const _ of [1, 2, 3]) {
    newest = (await refresh(first, client, newest.refresh_token)).body as unknown as typeof newest;
  }
  const { ino } = statSync(path);
  const refused = await runCommand(["restore", file], settings);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /a process has .*gatehouse\.db open: stop the server/);
  assert.equal(statSync(path).ino, ino);
  assert.equal(await isActive(first, newest.access_token), true, "the server goes on");
  await first.stop();

  const asked = await runCommand(["restore", file], settings);
  assert.equal(asked.code, 2);
  assert.match(
    asked.err,
    /gatehouse\.db, which has 1 live grant; those that the backup lacks end: give --yes/,
  );
  assert.equal(statSync(path).ino, ino);
  const { code, err } = await runCommand(["restore", file, "--yes"], settings);
  assert.equal(code, 0, err);
  assert.match(err, /^Restored .*gatehouse\.db from .*backup\nPeople with a live grant in it: 1\n/);
  assert.match(err, /What was revoked, removed or retired since is there again/);
  const copy = /kept as (.+)$/m.exec(err)?.[1] ?? "";
  assert.deepEqual(query(copy, "select generation from gatehouse_grants").map(Object.values), [[4]]);
  assert.deepEqual(query(path, "select generation from gatehouse_grants").map(Object.values), [[1]]);
  if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(
    readdirSync(dirname(path)).filter((name) => name.includes("unfinished")),
    [],
  );

  const second = await startTestGatehouse(settings);
  t.after(() => second.stop());
  assert.equal(await isActive(second, newest.access_token), true, "its grant is in the backup");
  assert.equal((await refresh(second, client, newest.refresh_token)).status, 200, "moved forward");
});

test("a restored database has a place to go to: none that is there, or another computer's folder", async (t) => {
  const { path, folder, file, settings, remove } = await aBackup();
  t.after(remove);
  const elsewhere = join(folder, "new", "machine", "gatehouse.db");
  const { code, out } = await runCommand(["restore", "--json", file], {
    ...settings,
    SQL_URL: `sqlite:${elsewhere}`,
  });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), { file, replaced: null, pending: 0, people: 1 });
  assert.ok(existsSync(elsewhere));
  // A copy made while the server ran, with its write-ahead log beside it.
  const server = await startTestGatehouse(settings);
  await server.addResource("https://other.example.com/mcp");
  const copy = join(folder, "copied");
  for (const ending of ["", "-wal"]) copyFileSync(`${path}${ending}`, `${copy}${ending}`);
  await server.stop();
  assert.equal(
    (await runCommand(["restore", copy, "--yes"], { ...settings, SQL_URL: `sqlite:${elsewhere}` })).code,
    0,
  );
  const [{ n } = {}] = query(elsewhere, "select count(*) as n from gatehouse_resources");
  assert.equal(n, 2);
});

test("Y-n16 restore refuses what is damaged, foreign, newer, of another key, or has a trigger or view, and the database stays in place", async (t) => {
  const { path, folder, file, settings, remove } = await aBackup();
  t.after(remove);
  const spoilt = (name: string, spoil: (copy: string) => void) => {
    const copy = join(folder, name);
    copyFileSync(file, copy);
    spoil(copy);
    return copy;
  };
  const text = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const cases: [file: string, sentence: RegExp, environment?: Record<string, string>][] = [
    [join(folder, "missing"), /there is no file/],
    [folder, /is not a file/],
    [path, /is the database itself/],
    [text("text", "SQLite is not what this is".repeat(400)), /is not a database, or is damaged/],
    [text("empty", ""), /is not a database of Gatehouse: it has no gatehouse_migrations/],
    [spoilt("short", (copy) => truncateSync(copy, statSync(copy).size - 4096)), /damaged/],
    [
      spoilt("foreign", (copy) => change(copy, "drop table gatehouse_migrations; create table notes (x)")),
      /is not a database of Gatehouse/,
    ],
    [
      spoilt("renamed", (copy) =>
        change(copy, "update gatehouse_migrations set name = 'x' where number = 2"),
      ),
      /is not a database of Gatehouse: migration 2/,
    ],
    [
      spoilt("trigger", (copy) =>
        change(
          copy,
          "create trigger theft after insert on user_tokens begin delete from gatehouse_grants; end",
        ),
      ),
      /its trigger theft is not one that Gatehouse makes/,
    ],
    [spoilt("view", (copy) => change(copy, "create view v as select 1")), /its view v is not one/],
    [
      spoilt("lacking", (copy) => change(copy, "drop table gatehouse_consents")),
      /it has no table gatehouse_consents/,
    ],
    [
      spoilt("newer", (copy) =>
        change(
          copy,
          "insert into gatehouse_migrations (number, name, applied_at) values ((select max(number) + 1 from gatehouse_migrations), '9999-later.sql', 0)",
        ),
      ),
      /run a newer gatehouse/,
    ],
    [file, /none of the configured keys made the refresh tokens/, { SECRET_KEY: `another-${key}` }],
  ];
  const { ino } = statSync(path);
  const before = contentOf(path);
  const names = readdirSync(folder);
  for (const [each, sentence, environment] of cases) {
    const { code, out, err } = await runCommand(["restore", each], { ...settings, ...environment });
    assert.equal(code, 1, `${each}: ${err}`);
    assert.match(err, sentence);
    assert.equal(out, "");
    assert.equal(statSync(path).ino, ino);
    assert.deepEqual(contentOf(path), before, each);
    assert.deepEqual(readdirSync(folder), names, each);
  }
  const headsOf = (chains: string) =>
    query(path, `select number, chain from gatehouse_audit_chains ${chains}`).map(
      ({ number, chain }) => `${number}:${chain}-`,
    );
  const [lost] = headsOf("order by number desc limit 1");
  const knowingly = await runCommand(["restore", "--yes", "--accept-new-key", file], {
    ...settings,
    SECRET_KEY: `another-${key}`,
  });
  assert.equal(knowingly.code, 0, knowingly.err);
  const database = new DatabaseSync(path, { readOnly: true });
  const restored = looseRecords(database).filter(({ name }) => name === "backup_restored");
  database.close();
  const [record, ...more] = restored;
  assert.deepEqual(more, []);
  const { facts, actor } = JSON.parse(String(record?.body));
  assert.equal(actor.kind, "operator");
  assert.ok(facts.detail.startsWith(`${file}; its trail ends at `), facts.detail);
  assert.ok(facts.heads.includes(lost), "the head of the trail that was replaced");
});

test("a database in place that is too damaged to tell who has it open is not replaced until it is moved away", async (t) => {
  const { path, file, settings, remove } = await aBackup();
  t.after(remove);
  writeFileSync(path, "no database any more".repeat(1000));
  const { code, err } = await runCommand(["restore", file], settings);
  assert.equal(code, 1);
  assert.match(err, /see to it that none has, move it away/);
  assert.match(readFileSync(path, "utf8"), /^no database/);
});

test("with PostgreSQL backup and restore name its own tools, without the password, and do nothing", async () => {
  const environment = { SQL_URL: "postgres://gatehouse:very-secret@db.example.com:5432/gatehouse" };
  for (const [command, tool] of [
    ["backup", "pg_dump --format=custom --file=x.dump postgres://db.example.com:5432/gatehouse"],
    ["restore", "pg_restore --clean --if-exists --dbname=postgres://db.example.com:5432/gatehouse x.dump"],
  ] as const) {
    const { code, out, err } = await runCommand([command, "x.dump"], environment);
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.ok(err.includes(tool), err);
    assert.doesNotMatch(err, /very-secret/);
  }
  assert.equal((await runCommand(["backup", "x"], { SQL_URL: "sqlite::memory:" })).code, 2);
});
