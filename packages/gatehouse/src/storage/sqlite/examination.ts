import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { openDatabase } from "./store.ts";

/** Milliseconds each of three reads took. @throws StoreUnavailableError */
export async function timeSqliteReads(path: string): Promise<readonly number[]> {
  const database = await openDatabase(path, { create: false });
  try {
    const count = database.prepare("select count(*) from sqlite_schema");
    const readMs: number[] = [];
    for (let at = 0; at < 3; at++) {
      const begun = performance.now();
      await database.read(() => count.get());
      readMs.push(performance.now() - begun);
    }
    return readMs;
  } finally {
    database.close();
  }
}

/**
 * Table by table, because a thread cannot be stopped within one. In a thread of its own: it holds up whoever
 * calls it for as long as it reads. The single executable has no files, so its code is a text.
 */
const checkTables = `
const { parentPort, workerData } = require("node:worker_threads");
const { DatabaseSync } = require("node:sqlite");
const damage = [];
try {
  const database = new DatabaseSync(workerData, { readOnly: true, timeout: 5000 });
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
  for (const { name } of [{ name: "sqlite_schema" }, ...tables]) {
    const quoted = "'" + name.replaceAll("'", "''") + "'";
    for (const row of database.prepare("pragma quick_check(" + quoted + ")").all()) {
      const [text] = Object.values(row);
      if (text !== "ok") damage.push(String(text));
    }
  }
  database.close();
} catch (error) {
  damage.push(error.message);
}
parentPort.postMessage(damage.slice(0, 20));
`;

/**
 * What is damaged in a database file, in SQLite's words; empty: it is whole. A server may be using it.
 * @param signal ends it after the table it is at
 */
export async function findSqliteDamage(path: string, signal: AbortSignal): Promise<readonly string[]> {
  const worker = new Worker(checkTables, { eval: true, workerData: path });
  worker.unref();
  try {
    const [damage] = (await once(worker, "message", { signal })) as [readonly string[]];
    return damage;
  } finally {
    void worker.terminate(); // within a table that takes as long as that does
  }
}
