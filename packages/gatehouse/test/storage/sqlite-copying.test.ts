import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { copyDatabase, LongReaderError } from "../../src/storage/sqlite/copying.ts";

const module = import.meta.resolve("../../src/storage/sqlite/copying.ts");

/** Of all accounts together there is never more or less. */
const accounts = 40_000;
const perAccount = 1000;

/** Where the database is and where the copy goes, an empty file. */
function files(t: TestContext): { readonly path: string; readonly draft: string } {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-copy-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const draft = join(folder, "copy.db");
  closeSync(openSync(draft, "wx"));
  return { path: join(folder, "bank.db"), draft };
}

function aBank(path: string): DatabaseSync {
  const bank = new DatabaseSync(path);
  bank.exec(`pragma journal_mode = wal; pragma wal_autocheckpoint = 200;
    create table accounts (id integer primary key, money integer, filling blob);
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${accounts})
    insert into accounts select i, ${perAccount}, zeroblob(600) from n`);
  return bank;
}

test("a copy made beside one who writes all over the database shows it as it was at one moment", async (t) => {
  const { path, draft } = files(t);
  const bank = aBank(path);
  const pay = bank.prepare("update accounts set money = money + ? where id = ?");
  const last = bank.prepare("insert into accounts (money) values (0)");
  const account = () => 1 + Math.floor(Math.random() * accounts);
  let payments = 0;

  const program = `import { copyDatabase } from ${JSON.stringify(module)}; copyDatabase(${JSON.stringify(path)}, ${JSON.stringify(draft)})`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
  const ended = once(child, "exit");
  while (child.exitCode === null) {
    bank.exec("begin");
    pay.run(-7, account());
    pay.run(7, account());
    last.run();
    bank.exec("commit");
    payments++;
    await new Promise(setImmediate);
  }
  assert.deepEqual(await ended, [0, null]);
  bank.close();
  const copy = new DatabaseSync(draft);
  t.after(() => copy.close());
  assert.deepEqual(Object.values(copy.prepare("pragma integrity_check").get() ?? {}), ["ok"]);
  const found = copy.prepare("select sum(money) as money, count(*) as rows from accounts").get();
  assert.equal(found?.money, accounts * perAccount);
  const seen = Number(found?.rows) - accounts;
  assert.ok(seen > payments / 2 && seen <= payments, `${seen} of ${payments} payments`);
});

test("a copy waits for another's reading transaction, not for ever, and leaves the database as usable as before", (t) => {
  const { path, draft } = files(t);
  const bank = aBank(path);
  t.after(() => bank.close());
  const reader = new DatabaseSync(path);
  t.after(() => reader.close());
  reader.exec("begin; select 1 from accounts limit 1");
  bank.exec("update accounts set money = 0");
  assert.throws(() => copyDatabase(path, draft, 100), LongReaderError);
  bank.exec("update accounts set money = 1");
  reader.exec("commit");
  copyDatabase(path, draft, 10_000);
  const copy = new DatabaseSync(draft);
  t.after(() => copy.close());
  assert.equal(copy.prepare("select sum(money) as money from accounts").get()?.money, accounts);
});
