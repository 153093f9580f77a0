import { setTimeout as pause } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import { StoreUnavailableError } from "../../oauth/store.ts";
import type { Watcher } from "./blockers.ts";

/*
 * Changes the schema of a database that others are using. No statement holds up anybody for as much as a
 * second: it waits for a table half a second at most, then leaves it alone for longer than that, and indexes
 * of large tables are built beside the writing.
 */

export interface SchemaChangeOptions {
  /**
   * Milliseconds that one statement may be in others' way, or they in its, before it gives up; two minutes
   * when left out.
   */
  readonly waitMs?: number;
  /** Told who is in the way, once a while. */
  readonly onWait?: (message: string) => void;
}

type Parameters = readonly (string | number)[];

/** Everyone else who wants the table waits behind us for so long. */
const lockTimeoutMs = 500;
/** And then at least so long not; longer each time, up to five times that. */
const pauseMs = 1000;
/** How often somebody looks who is in the way; before the lock is given up for the first time. */
const lookMs = 250;
const tellMs = 5000;

/**
 * What two of us who change the schema at once may be told, although every statement first asks whether there
 * is anything to do: conflict, deadlock, table in use, and four ways to say that it exists by now.
 */
const passing = ["40001", "40P01", "55P03", "23505", "42P07", "42701", "42710", "XX000"];

/**
 * A table with fewer bytes has its index in a fraction of a second, while nobody writes to it; readers are
 * not in the way of that.
 */
const largeBytes = 32 * 1024 * 1024;

export class SchemaChange {
  readonly #client: Client;
  readonly #watcher: Watcher;
  readonly #waitMs: number;
  readonly #onWait: (message: string) => void;
  #inTheWay: string | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param watcher of `client`, which does nothing else meanwhile */
  constructor(client: Client, watcher: Watcher, options: SchemaChangeOptions) {
    const { waitMs = 120_000, onWait = () => undefined } = options;
    this.#client = client;
    this.#watcher = watcher;
    this.#waitMs = waitMs;
    this.#onWait = onWait;
  }

  /**
   * Applies one statement, which may have been applied before.
   * @throws StoreUnavailableError when others are in the way for too long
   */
  async apply(statement: string, values: Parameters = []): Promise<void> {
    const deadline = performance.now() + this.#waitMs;
    const [, index = "", table = ""] = /^create index if not exists (\w+) on (\w+)/.exec(statement) ?? [];
    if (index !== "" && (await isLarge(this.#client, table)))
      return this.#buildIndex(index, statement, deadline);
    if (await addsWhatIsThere(this.#client, statement)) return;
    const text = statement.startsWith("drop index") ? concurrently(statement) : statement;
    await this.#insist(deadline, () => this.#run(text, lockTimeoutMs, deadline, values));
  }

  /**
   * An index of a large table, beside the writing. It is there once it is valid: one whose making was cut off
   * is made anew, one that another process is making is waited for.
   */
  async #buildIndex(index: string, statement: string, deadline: number): Promise<void> {
    for (;;) {
      const valid = await isValid(this.#client, index);
      if (valid === true) return;
      if (valid === false) {
        const drop = concurrently(`drop index if exists ${index}`);
        await this.#insist(deadline, () => this.#run(drop, lockTimeoutMs, deadline));
      } else {
        // Nobody waits behind this one, so it may wait for long readers as long as there is time.
        const left = Math.max(lockTimeoutMs, Math.ceil(deadline - performance.now()));
        await this.#insist(deadline, () => this.#run(concurrently(statement), left, deadline));
      }
    }
  }

  /** Again as long as others are in the way. */
  async #insist(deadline: number, attempt: () => Promise<void>): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof DatabaseError) || !passing.includes(error.code ?? "")) throw error;
        const inUse = error.code === "55P03";
        const wait = inUse
          ? pauseMs * Math.min(attempts, 5)
          : Math.random() * Math.min(2 ** attempts, pauseMs);
        if (performance.now() + wait >= deadline) throw this.#tooLong(error);
        await pause(wait);
      }
    }
  }

  async #run(
    statement: string,
    lockTimeout: number,
    deadline: number,
    values: Parameters = [],
  ): Promise<void> {
    await this.#client.query(`set lock_timeout = ${lockTimeout}`);
    this.#inTheWay = undefined;
    let looking = false;
    const timer = setInterval(async () => {
      if (looking) return;
      looking = true;
      const found = await this.#watcher.findBlockers();
      looking = false;
      if (found !== undefined) this.#tell(found, deadline);
    }, lookMs);
    try {
      await this.#client.query(statement, [...values]);
    } finally {
      clearInterval(timer);
    }
  }

  #tell(found: string, deadline: number): void {
    this.#inTheWay = found;
    const now = performance.now();
    if (now - this.#toldAt < tellMs) return;
    this.#toldAt = now;
    const left = Math.max(0, Math.round((deadline - now) / 1000));
    this.#onWait(`waiting for ${found}; trying for ${left} seconds more`);
  }

  #tooLong(cause: DatabaseError): StoreUnavailableError {
    const who = this.#inTheWay ?? "somebody else";
    return new StoreUnavailableError(
      `the database cannot be brought up to date while it is in use by ${who}. What was done so far stays and is in nobody's way: run gatehouse migrate when they have finished, or give it longer (--wait)`,
      { cause },
    );
  }
}

/** So that nobody who writes waits meanwhile. */
function concurrently(statement: string): string {
  return statement.replace(/^(create|drop) index if/, "$1 index concurrently if");
}

/** Where the database does not say, it builds every index beside the writing anyhow: CockroachDB. */
async function isLarge(client: Client, table: string): Promise<boolean> {
  try {
    const { rows } = await client.query<{ bytes: number | null }>(
      "select pg_relation_size(to_regclass($1)) as bytes",
      [table],
    );
    return (rows[0]?.bytes ?? 0) > largeBytes;
  } catch (error) {
    if (error instanceof DatabaseError) return false;
    throw error;
  }
}

/** `undefined`: there is none. On CockroachDB none is ever invalid. */
async function isValid(client: Client, index: string): Promise<boolean | undefined> {
  const { rows } = await client.query<{ valid: boolean }>(
    "select indisvalid as valid from pg_index as i join pg_class as c on c.oid = i.indexrelid where c.relname = $1 and pg_table_is_visible(c.oid)",
    [index],
  );
  return rows[0]?.valid;
}

/** A column that exists already would still need the table for a moment. */
async function addsWhatIsThere(client: Client, statement: string): Promise<boolean> {
  const [, table, column] = /^alter table (\w+) add column if not exists (\w+)/.exec(statement) ?? [];
  if (table === undefined || column === undefined) return false;
  const { rows } = await client.query(
    "select 1 from information_schema.columns where table_schema = current_schema() and table_name = $1 and column_name = $2",
    [table, column],
  );
  return rows.length > 0;
}
