/**
 * Does a look-up get slower with the number of tokens? Fills a store with ten thousand and with ten million
 * live tokens and asks it for random ones, as introspection does, directly and 32 at a time. Prints what a
 * row takes as well.
 *
 *   cd bench && npm run tokens -- [--tokens 10000000] [--few 10000] [--store sqlite|postgres]
 *
 * PostgreSQL is a fresh one in a temporary folder, without fsync; nothing here writes while it is measured.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { Client } from "pg";
import type { Store } from "../packages/gatehouse/src/oauth/store.ts";
import { hashSecret } from "../packages/gatehouse/src/oauth/tokens/secret.ts";
import { seconds } from "../packages/gatehouse/src/oauth/values.ts";
import { openPostgresStore } from "../packages/gatehouse/src/storage/postgres/store.ts";
import { openSqliteStore } from "../packages/gatehouse/src/storage/sqlite/store.ts";
import { startPostgres } from "../packages/gatehouse/test/support/postgres.ts";
import { fillPostgres, fillSqlite } from "./fill.ts";
import { accessToken, tokenRows } from "./live-tokens.ts";

const { values: options } = parseArgs({
  options: {
    tokens: { type: "string", default: "10000000" },
    few: { type: "string", default: "10000" },
    store: { type: "string", default: "sqlite" },
  },
});

interface Filled {
  readonly store: Store;
  /** Bytes of a row with its part of the indexes. */
  readonly bytesPerRow: number;
  readonly size: string;
  close(): Promise<void>;
}

async function openSqlite(count: number): Promise<Filled> {
  const folder = mkdtempSync(join(tmpdir(), "tokens-"));
  const path = join(folder, "tokens.db");
  const store = await openSqliteStore({ path });
  await fillSqlite(path, (fill) => fill("user_tokens", tokenRows(count)));
  const database = new DatabaseSync(path);
  const sizes = database
    .prepare(
      "select name, sum(pgsize) as bytes from dbstat where name like '%user_tokens%' group by name order by name",
    )
    .all();
  database.close();
  return {
    store,
    bytesPerRow: sizes.reduce((sum, { bytes }) => sum + Number(bytes), 0) / count,
    size: `${(statSync(path).size / 1e9).toFixed(2)} GB; ${sizes.map(({ name, bytes }) => `${name} ${(Number(bytes) / count).toFixed(0)}`).join(", ")} bytes a row`,
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function openPostgres(count: number): Promise<Filled> {
  // As much of it in memory as a server of that size would be given.
  const postgres = await startPostgres({ shared_buffers: "6GB" });
  const url = await postgres.createDatabase();
  const store = await openPostgresStore({ url });
  await fillPostgres(url, (fill) => fill("user_tokens", tokenRows(count)));
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ heap: string; name: string; bytes: string }>(
    `select pg_relation_size('user_tokens') as heap, indexrelname as name, pg_relation_size(indexrelid) as bytes
     from pg_stat_user_indexes where relname = 'user_tokens' order by 2`,
  );
  await client.end();
  const heap = Number(rows[0]?.heap);
  const total = rows.reduce((sum, { bytes }) => sum + Number(bytes), heap);
  const parts = [{ name: "user_tokens", bytes: heap }, ...rows];
  return {
    store,
    bytesPerRow: total / count,
    size: `${(total / 1e9).toFixed(2)} GB; ${parts.map(({ name, bytes }) => `${name} ${(Number(bytes) / count).toFixed(0)}`).join(", ")} bytes a row`,
    close: async () => {
      await store.close();
      await postgres.stop();
    },
  };
}

/** Milliseconds of a look-up, median and 99th percentile, and look-ups a second. */
async function measure(store: Store, count: number, atOnce: number) {
  const times: number[] = [];
  const until = performance.now() + 6000;
  const begun = performance.now();
  const worker = async () => {
    while (performance.now() < until) {
      const hash = hashSecret(accessToken(Math.floor(Math.random() * count)));
      const start = performance.now();
      if ((await store.findAccessToken(hash, now)) === undefined) throw new Error("a token is missing");
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const elapsed = (performance.now() - begun) / 1000;
  times.sort((left, right) => left - right);
  const at = (part: number) => times[Math.floor(times.length * part)] ?? 0;
  return { median: at(0.5), p99: at(0.99), rate: times.length / elapsed };
}

const now = seconds(Date.now() / 1000);
const open = options.store === "postgres" ? openPostgres : openSqlite;
const medians: Record<number, number[]> = { 1: [], 32: [] };
console.log(`| tokens | at once | median | p99 | look-ups a second |\n|---:|---:|---:|---:|---:|`);
for (const count of [Number(options.few), Number(options.tokens)]) {
  const filled = await open(count);
  for (const atOnce of [1, 32]) {
    await measure(filled.store, count, atOnce); // warms what any server has warm
    const { median, p99, rate } = await measure(filled.store, count, atOnce);
    medians[atOnce]?.push(median);
    const micro = (milliseconds: number) => `${(milliseconds * 1000).toFixed(0)} µs`;
    console.log(`| ${count} | ${atOnce} | ${micro(median)} | ${micro(p99)} | ${rate.toFixed(0)} |`);
  }
  console.log(`\n${options.store}: ${filled.size}; ${filled.bytesPerRow.toFixed(0)} bytes a token in all\n`);
  await filled.close();
}
for (const [atOnce, [few = 1, many = 1]] of Object.entries(medians)) {
  console.log(
    `${atOnce} at once: the median with many tokens is ${(many / few).toFixed(2)} times the one with few`,
  );
}
