import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "../../src/oauth/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aClient } from "../contract/records.ts";
import { mountSmallDisk, noSmallDisk } from "../support/small-disk.ts";

/* What becomes of the store when something happens to its files. */

const folder = mkdtempSync(join(tmpdir(), "gatehouse-files-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const aPath = () => join(folder, `${++count}.db`);

async function aStore(path = aPath()) {
  const notices: string[] = [];
  const store = await openSqliteStore({ path, onNotice: (level, text) => notices.push(`${level}: ${text}`) });
  return { path, store, notices };
}

/** What a crash leaves: copies of the files while they are open, some of it only in the write-ahead log. */
async function afterCrash(write: (store: Store, path: string) => Promise<void>): Promise<string> {
  const { path, store } = await aStore();
  await write(store, path);
  const left = aPath();
  for (const suffix of ["", "-wal"]) copyFileSync(path + suffix, left + suffix);
  await store.close();
  return left;
}

/** By a copy, as one does who restores a backup. */
function replace(path: string): void {
  copyFileSync(path, `${path}.new`);
  renameSync(`${path}.new`, path);
}

const ghost = { name: "StoreUnavailableError", message: /deleted or replaced/ };

for (const [what, happens] of [
  ["deleted", (path: string) => rmSync(path)],
  ["replaced", (path: string) => replace(path)],
  ["parted from its write-ahead log", (path: string) => rmSync(`${path}-wal`)],
] as const) {
  test(`a database file that is ${what} while it is open is not served from, and that is told once`, async () => {
    const { path, store, notices } = await aStore();
    const client = aClient();
    await store.addClient(client);
    assert.deepEqual(await store.findProblems(), []);
    happens(path);
    await assert.rejects(store.addClient(aClient()), ghost);
    await assert.rejects(store.findClient(client.id), ghost, "what it once held is a ghost as well");
    await assert.rejects(store.findProblems(), ghost);
    assert.equal(notices.length, 1, notices.join());
    assert.match(notices[0] ?? "", new RegExp(`^error: the database file ${path}.* deleted or replaced`));
    await store.close();
  });
}

test("a database file that is put back is served from again, and that is told too", async () => {
  const { path, store, notices } = await aStore();
  const client = aClient();
  await store.addClient(client);
  renameSync(path, `${path}.away`);
  await assert.rejects(store.addClient(aClient()), ghost);
  renameSync(`${path}.away`, path);
  assert.deepEqual(await store.findClient(client.id), client);
  await store.addClient(aClient());
  assert.equal(notices.length, 2, notices.join());
  assert.match(notices[1] ?? "", /^info: .* in its place again/);
  await store.close();
});

test("closing a ghost leaves the files that took its place alone", async () => {
  const { path, store } = await aStore();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix);
  const { store: heir } = await aStore(path);
  const client = aClient();
  await heir.addClient(client);
  await store.close();
  const { store: third } = await aStore(path);
  assert.deepEqual(await third.findClient(client.id), client);
  await third.close();
  await heir.close();
});

test("a store whose schema is older or newer than this version has a problem", async () => {
  const { path, store } = await aStore();
  const change = (sql: string) => {
    const other = new DatabaseSync(path);
    other.exec(sql);
    other.close();
  };
  change("insert into gatehouse_migrations (number, name, applied_at) values (9999, 'later', 0)");
  assert.match(
    (await store.findProblems()).map(({ text }) => text).join(),
    /at migration 9999.*run a newer gatehouse/,
  );
  change(
    "delete from gatehouse_migrations where number >= (select max(number) from gatehouse_migrations where number < 9999)",
  );
  assert.match((await store.findProblems()).map(({ text }) => text).join(), /run gatehouse migrate/);
  change("drop table gatehouse_migrations");
  assert.match(
    (await store.findProblems()).map(({ text }) => text).join(),
    /at migration 0.*run gatehouse migrate/,
  );
  await store.close();
});

test("on a full disk a store says so, goes on reading, and takes writes again once there is room", async (t) => {
  const disk = mountSmallDisk(t, 3);
  if (disk === undefined) return t.skip(noSmallDisk);
  const { store } = await aStore(join(disk.folder, "gatehouse.db"));
  const client = aClient();
  await store.addClient(client);
  assert.deepEqual(await store.findProblems(), []);
  const makeRoom = disk.fill();
  assert.match(String(await store.findProblems().catch(String)), /the disk is full/);
  const big = aClient({ metadata: { name: "x".repeat(20_000) } });
  await assert.rejects(store.addClient(big), { name: "StoreUnavailableError", message: /the disk is full/ });
  assert.deepEqual(await store.findClient(client.id), client);
  makeRoom();
  assert.deepEqual(await store.findProblems(), []);
  assert.equal(await store.addClient(big), true);
  await store.close();
});

const mentionsCut = /^warn: the write-ahead log of .* was cut: its last \d+ bytes/;

test("a write-ahead log that was cut off is mentioned, and what was complete is there", async () => {
  const [first, second] = [aClient(), aClient()];
  const left = await afterCrash(async (store) => {
    await store.addClient(first);
    await store.addClient(second);
  });
  truncateSync(`${left}-wal`, statSync(`${left}-wal`).size - 100);
  const { store, notices } = await aStore(left);
  assert.equal(notices.length, 1, notices.join());
  assert.match(notices[0] ?? "", mentionsCut);
  assert.deepEqual(await store.findClient(first.id), first);
  assert.equal(await store.findClient(second.id), undefined);
  await store.close();
  const again = await aStore(left);
  assert.deepEqual(again.notices, [], "once");
  await again.store.close();
});

test("a write-ahead log with a damaged page, or a damaged head, is mentioned", async () => {
  for (const at of [-2000, 4]) {
    const left = await afterCrash(async (store) => void (await store.addClient(aClient())));
    const log = `${left}-wal`;
    const bytes = readFileSync(log);
    const place = at < 0 ? bytes.length + at : at;
    bytes.writeUInt32BE(~bytes.readUInt32BE(place) >>> 0, place);
    writeFileSync(log, bytes);
    // A damaged head takes the tables along that only the log had, and they are made anew.
    const { store, notices } = await aStore(left);
    assert.match(notices.join(), mentionsCut);
    await store.close();
  }
});

test("a write-ahead log that a crash left whole is not mentioned", async () => {
  const client = aClient();
  const whole = await afterCrash(async (store) => void (await store.addClient(client)));
  const reused = await afterCrash(async (store, path) => {
    for (let at = 0; at < 20; at++) await store.addClient(aClient());
    const other = new DatabaseSync(path);
    other.exec("pragma wal_checkpoint(restart)");
    other.close();
    await store.addClient(client); // overwrites the beginning; frames of the earlier run stay behind it
  });
  for (const left of [whole, reused]) {
    const { store, notices } = await aStore(left);
    assert.deepEqual(notices, []);
    assert.deepEqual(await store.findClient(client.id), client);
    await store.close();
  }
});

test("the write-ahead log is copied back behind the answers, and stays short; what a reader still needs waits for it", async () => {
  const { store } = await aStore(join(folder, "copied.db"));
  const log = () => statSync(join(folder, "copied.db-wal")).size / 4120;
  const many = async () => {
    for (let some = 0; some < 40; some++)
      await Promise.all(Array.from({ length: 25 }, () => store.addClient(aClient())));
  };
  for (let times = 0; times < 6; times++) await many();
  assert.ok(log() < 4000, `${log()} pages, of some 9000 that were written`);
  const reader = new DatabaseSync(join(folder, "copied.db"));
  reader.exec("begin");
  const count = () => reader.prepare("select count(*) as count from oauth2_clients").get()?.count;
  assert.equal(count(), 6000);
  for (let times = 0; times < 3; times++) await many();
  const longest = log();
  assert.ok(longest > 4000, `${longest} pages`);
  assert.equal(count(), 6000);
  reader.exec("commit");
  for (let times = 0; times < 3; times++) await many();
  assert.ok(log() < longest + 4000, `${log()} pages after ${longest}`);
  // Nobody of ours goes on reading once nobody writes.
  await pause(100);
  const emptied = reader.prepare("pragma wal_checkpoint(truncate)").get();
  assert.deepEqual({ ...emptied }, { busy: 0, log: 0, checkpointed: 0 });
  assert.equal(count(), 12_000);
  reader.close();
  await many();
  await store.close();
  await store.close(); // whoever stops twice
});

test("where another process writes as well all of the log is copied at once, and it stays short", async () => {
  const path = join(folder, "shared.db");
  const { store } = await aStore(path);
  const other = new DatabaseSync(path);
  other.exec("pragma wal_autocheckpoint = 0; create table of_another (id integer)");
  for (let some = 0; some < 80; some++) {
    await Promise.all(Array.from({ length: 25 }, () => store.addClient(aClient())));
    other.exec("insert into of_another values (1)");
  }
  const pages = statSync(`${path}-wal`).size / 4120;
  assert.ok(pages < 400, `${pages} pages`);
  other.close();
  await store.close();
});

test("where no file can be made a store is refused at once", { timeout: 20_000 }, async (t) => {
  const open = (path: string) => {
    // In a process of its own: one that spins cannot be stopped from within.
    const script = `
      const { openSqliteStore } = await import(${JSON.stringify(new URL("../../src/storage/sqlite/store.ts", import.meta.url).href)});
      await openSqliteStore({ path: ${JSON.stringify(path)} }).catch((error) => console.log(error.name, error.cause.message));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 10_000,
      killSignal: "SIGKILL",
    });
    return stdout;
  };
  writeFileSync(join(folder, "file"), "");
  assert.match(open(join(folder, "file", "x", "y.db")), /^StoreUnavailableError ENOTDIR/);
  assert.match(open(folder), /^StoreUnavailableError .*is not a file/);
  const pipe = join(folder, "pipe");
  if (spawnSync("mkfifo", [pipe]).status === 0) {
    assert.match(open(pipe), /^StoreUnavailableError .*is not a file/);
  }
  if (!existsSync("/proc/self")) return t.skip("no /proc here");
  assert.match(open("/proc/x/y.db"), /^StoreUnavailableError ENOENT/);
});
