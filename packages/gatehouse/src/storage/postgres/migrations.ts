import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client, DatabaseError } from "pg";
import { type Migration, pendingAfter, readMigrations } from "../migration.ts";
import { type ConnectionOptions, connectionSettings, setUpStatement } from "./connection.ts";
import { isMissingTable, refusal, unavailable } from "./errors.ts";

/** All migrations this version knows, in order. */
export const knownMigrations = (): Migration[] => readMigrations(join(import.meta.dirname, "migrations"));

/** A migration's statements, which run one by one: CockroachDB wants it so. Each ends with `;` at the end of a line. */
export function statementsOf({ sql }: Migration): string[] {
  return sql
    .replaceAll(/^\s*--.*$/gm, "")
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/**
 * What has not been applied to this database yet. Changes nothing.
 * @throws StoreUnavailableError; DatabaseRefusedError; WrongVersionError when the database was written by a newer version
 */
export function pendingMigrations(options: ConnectionOptions): Promise<Migration[]> {
  return connected(options, pending);
}

/** Applies what is pending. Several processes may do so at once, and what one left half done the next completes. */
export function migrate(options: ConnectionOptions): Promise<Migration[]> {
  return connected(options, async (client) => {
    const todo = await pending(client);
    if (todo.length > 0) await insist(client, createLedger);
    for (const migration of todo) {
      for (const statement of statementsOf(migration)) await insist(client, statement);
      await insist(client, note, [migration.number, migration.name]);
    }
    return todo;
  });
}

const latest = "select max(number) as latest from gatehouse_migrations";
const createLedger =
  "create table if not exists gatehouse_migrations (number int primary key, name text not null, applied_at timestamptz not null default now())";
const note =
  "insert into gatehouse_migrations (number, name) values ($1, $2) on conflict (number) do nothing";

export const ledgerStatements: readonly string[] = [latest, createLedger, note];

async function pending(client: Client): Promise<Migration[]> {
  return pendingAfter(await latestApplied(client), knownMigrations());
}

async function latestApplied(client: Client): Promise<number> {
  try {
    const asked = { text: latest, query_timeout: longestAnswer };
    const { rows } = await client.query<{ latest: number | null }>(asked);
    return rows[0]?.latest ?? 0;
  } catch (error) {
    if (isMissingTable(error)) return 0; // no ledger yet
    throw error;
  }
}

/** Milliseconds to wait for a table that is in use, while everyone else who wants it waits behind us. */
const longestWait = 3000;
const mostAttempts = 40;
/** Milliseconds after which a database that does not answer what needs no work counts as out of reach. */
const longestAnswer = 5000;

/**
 * What two of us who change the schema at once may be told, although every statement first asks whether there is anything to do: conflict, deadlock,
 * table in use, and four ways to say that it exists by now.
 */
const passing = ["40001", "40P01", "55P03", "23505", "42P07", "42701", "42710", "XX000"];

async function insist(client: Client, text: string, values: (string | number)[] = []): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(text, values);
      return;
    } catch (error) {
      const again = error instanceof DatabaseError && passing.includes(error.code ?? "");
      if (!again || attempt === mostAttempts) throw error;
      await pause(Math.random() * Math.min(2 ** attempt, 1000));
    }
  }
}

async function connected<T>(options: ConnectionOptions, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(connectionSettings(options));
  client.on("error", () => undefined);
  try {
    await client.connect();
    // No bound on how long a statement takes: building an index may.
    const text = setUpStatement({ lock_timeout: longestWait, statement_timeout: 0 });
    const setUp = { text, query_timeout: longestAnswer };
    await client.query(setUp);
    return await work(client);
  } catch (error) {
    throw refusal(error, options.url) ?? unavailable(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
