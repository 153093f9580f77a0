import { Client, DatabaseError } from "pg";
import { type Ledger, type Migration, newestOf, pendingAfter, readMigrations } from "../migration.ts";
import { DatabaseRefusedError } from "../refused.ts";
import { watch } from "./blockers.ts";
import { type ConnectionOptions, connectionSettings, setUpStatement } from "./connection.ts";
import { isMissingTable, refusal, unavailable } from "./errors.ts";
import { SchemaChange, type SchemaChangeOptions } from "./schema-change.ts";

/** All migrations this version knows, in order. */
export const knownMigrations = (): Migration[] => readMigrations("postgres");

/**
 * A migration's statements, which run one by one: CockroachDB wants it so. Each ends with `;` at the end of a
 * line.
 */
export function statementsOf({ sql }: Migration): string[] {
  return sql
    .replaceAll(/^\s*--.*$/gm, "")
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

/**
 * What has not been applied to this database yet. Changes nothing.
 * @throws StoreUnavailableError; DatabaseRefusedError; WrongVersionError when the database was written by a
 * newer version
 */
export function pendingMigrations(options: ConnectionOptions): Promise<Migration[]> {
  return connected(options, (client) => pending(client, knownMigrations()));
}

/**
 * Applies what is pending, to a database in use as well. Several processes may do so at once, and what one
 * left half done the next completes.
 * @throws StoreUnavailableError when it cannot be reached, or when others are in the way for too long;
 * DatabaseRefusedError; WrongVersionError
 */
export function migrate(
  options: ConnectionOptions & SchemaChangeOptions,
  known = knownMigrations(),
): Promise<Migration[]> {
  return connected(options, async (client) => {
    const todo = await pending(client, known);
    if (todo.length === 0) return todo;
    const watcher = await watch(options, client);
    try {
      const change = new SchemaChange(client, watcher, options);
      if (todo[0]?.number === 1) for (const statement of originStatements) await change.apply(statement);
      await apply(todo, change);
    } catch (error) {
      throw await explainRefusal(client, error);
    } finally {
      await watcher.close();
    }
    return todo;
  });
}

async function apply(migrations: readonly Migration[], change: SchemaChange): Promise<void> {
  await change.apply(createLedger);
  for (const migration of migrations) {
    for (const statement of statementsOf(migration)) await change.apply(statement);
    const { number, name, needs } = migration;
    // A column that one of them adds.
    if (needs === undefined) await change.apply(note, [number, name]);
    else await change.apply(noteNeeds, [number, name, needs]);
  }
}

/** "must be owner of table user_tokens" says what is missing, but not to whom, nor what to do. */
async function explainRefusal(client: Client, error: unknown): Promise<unknown> {
  if (!(error instanceof DatabaseError && error.code === "42501")) return error;
  const { rows } = await client.query<{ name: string }>("select current_user as name");
  const user = rows[0]?.name ?? "";
  return new DatabaseRefusedError(
    `the database user "${user}" may not do what the upgrade needs: ${error.message}. Let it own the tables (alter table … owner to "${user}") and create tables in their schema, or run gatehouse migrate once with the URL of a user that does`,
    { cause: error },
  );
}

/** The number of the latest migration of a database. */
export const latest = "select max(number) as latest from gatehouse_migrations";
/** The migration that a program has to know which knows all up to $1. */
export const needed =
  "select max(coalesce(needs, number)) as needed from gatehouse_migrations where number > $1";
const createLedger =
  "create table if not exists gatehouse_migrations (number int primary key, name text not null, applied_at timestamptz not null default now())";
const note =
  "insert into gatehouse_migrations (number, name) values ($1, $2) on conflict (number) do nothing";
const noteNeeds =
  "insert into gatehouse_migrations (number, name, needs) values ($1, $2, $3) on conflict (number) do nothing";

/**
 * What only shows before our first migration: whether the tables were there already, made by the service
 * before us. What another process noted stays.
 */
const originStatements = [
  "create table if not exists gatehouse_origin (was_originals bool not null)",
  `insert into gatehouse_origin (was_originals)
   select exists (select table_name from information_schema.tables where table_schema = current_schema() and table_name = 'user_tokens')
   where not exists (select was_originals from gatehouse_origin)`,
];

export const ledgerStatements: readonly string[] = [
  latest,
  needed,
  createLedger,
  note,
  noteNeeds,
  ...originStatements,
];

async function pending(client: Client, known: readonly Migration[]): Promise<Migration[]> {
  await checkRights(client);
  return pendingAfter(await readLedger(client, newestOf(known)), known);
}

/**
 * LEGACY: of a table that is not ours we need rights as well; without them its refresh tokens would be
 * unknown here, and nobody would know why.
 */
async function checkRights(client: Client): Promise<void> {
  const asked = { text: rights, query_timeout: maxAnswerMs };
  const { rows } = await client
    .query<{ enough: boolean | null; name: string }>(asked)
    .catch((error: unknown) => {
      if (error instanceof DatabaseError) return { rows: [] }; // a database that cannot tell
      throw error;
    });
  const [found] = rows;
  if (found?.enough !== false) return;
  throw new DatabaseRefusedError(
    `the database user "${found.name}" may not use refresh_tokens of the service before Gatehouse: grant select, delete on refresh_tokens to "${found.name}"`,
  );
}

// Another application may have a table of this name: it is meant when it has these columns.
const rights = `select current_user as name,
  (select count(*) from pg_attribute where attrelid = to_regclass('refresh_tokens')
     and attname in ('token', 'email', 'client_id', 'created_at', 'expires_at')) < 5
  or (has_table_privilege(to_regclass('refresh_tokens'), 'select')
      and has_table_privilege(to_regclass('refresh_tokens'), 'delete')) as enough`;

async function readLedger(client: Client, newest: number): Promise<Ledger> {
  const number = async (text: string, values: number[] = []) => {
    const asked = { text, values, rowMode: "array", query_timeout: maxAnswerMs } as const;
    return (await client.query<[number | null]>(asked)).rows[0]?.[0] ?? 0;
  };
  try {
    const at = await number(latest);
    return { latest: at, needed: at <= newest ? at : await number(needed, [newest]) };
  } catch (error) {
    if (isMissingTable(error)) return { latest: 0, needed: 0 }; // no ledger yet
    throw error;
  }
}

/** After so long a database that does not answer what needs no work counts as out of reach. */
const maxAnswerMs = 5000;

/** @throws StoreUnavailableError, DatabaseRefusedError, and what the work throws */
export async function connected<T>(
  options: ConnectionOptions,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client(connectionSettings(options));
  client.on("error", () => undefined);
  try {
    await client.connect();
    // No bound on how long a statement takes: building an index may.
    const text = setUpStatement({ statement_timeout: 0 });
    const setUp = { text, query_timeout: maxAnswerMs };
    await client.query(setUp);
    return await work(client);
  } catch (error) {
    throw refusal(error, options.url) ?? unavailable(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
