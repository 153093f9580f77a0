import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Pool, type PoolClient, type QueryArrayConfig } from "pg";
import { StoreUnavailableError } from "../../oauth/store.ts";
import type { Row, Value } from "../layout.ts";
import type { Connecting } from "./connecting.ts";
import { type ConnectionOptions, connectionSettings, setUpStatement } from "./connection.ts";
import { isConflict, isStatementError, unavailable } from "./errors.ts";

/** A statement that is compiled once a connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export interface Result {
  /** Of columns in the order the statement names them. */
  readonly rows: Row[];
  /** Rows that were inserted, updated or deleted. */
  readonly changes: number;
}

export type Run = (statement: Statement, ...values: Value[]) => Promise<Result>;

/** Ends a transaction as if it had never begun. */
export class Undo<T> {
  /** What the transaction gives. */
  readonly result: T;

  constructor(result: T) {
    this.result = result;
  }
}

/** After so many conflicts the caller is told to try again later. */
const maxAttempts = 50;

/**
 * A PostgreSQL or CockroachDB. Statements and transactions run at the database's own isolation level and are
 * right at each: at READ COMMITTED, PostgreSQL's, because they take the row that decides before they do
 * anything else and then wait for each other; at SERIALIZABLE, CockroachDB's, because one of two in conflict
 * is undone, and runs again here.
 */
export class Database {
  readonly #pool: Pool;
  readonly #timeout: number;
  readonly #connecting: Connecting | undefined;

  /**
   * @param connecting of a database that may not be there yet: until it is every operation throws
   * {@link StoreUnavailableError}
   */
  constructor(options: ConnectionOptions, connecting?: Connecting) {
    this.#connecting = connecting;
    const { poolSize = 10, statementTimeout = 5000 } = options;
    const connection = connectionSettings(options);
    this.#timeout = statementTimeout;
    // The server gives up first, so that a statement that takes too long does not cost the connection.
    const text = setUpStatement({ statement_timeout: Math.ceil(statementTimeout * 0.9) });
    const setUp = { text, query_timeout: connection.connectionTimeoutMillis };
    this.#pool = new Pool({
      ...connection,
      max: poolSize,
      idleTimeoutMillis: 60_000,
      onConnect: async (client) => void (await client.query(setUp)),
    });
    // A connection that breaks is replaced by the next operation; without a listener it would end the
    // process.
    this.#pool.on("error", () => undefined);
    this.#pool.on("connect", (client) => client.on("error", () => undefined));
  }

  /** A statement for {@link run} and {@link transaction}. */
  prepare(text: string): Statement {
    return { name: createHash("sha256").update(text).digest("base64url").slice(0, 20), text };
  }

  /** Runs one statement, which is a transaction by itself. */
  run(statement: Statement, ...values: Value[]): Promise<Result> {
    return this.#untilDone((client, deadline) => query(client, deadline, statement, values));
  }

  /**
   * Runs several statements that happen as a whole or not at all. `work` may run more than once, so it must
   * do nothing but statements; it may throw {@link Undo}.
   */
  transaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
    return this.#untilDone(async (client, deadline) => {
      await query(client, deadline, begin);
      try {
        const result = await work((statement, ...values) => query(client, deadline, statement, values));
        await query(client, deadline, commit);
        return result;
      } catch (error) {
        const undo = error instanceof Undo;
        if (undo || isStatementError(error)) await query(client, deadline, rollback);
        if (undo) return error.result as T;
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    this.#connecting?.stop();
    if (!this.#pool.ending) await this.#pool.end();
  }

  /**
   * Again as long as others are in the way, within bounds. What is not known to have been undone is never run
   * again.
   */
  async #untilDone<T>(work: (client: PoolClient, deadline: number) => Promise<T>): Promise<T> {
    this.#connecting?.requireConnected();
    const deadline = performance.now() + this.#timeout;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(deadline, work);
      } catch (error) {
        const delay = Math.random() * Math.min(2 ** attempt, 100);
        const again = isConflict(error) && attempt < maxAttempts && performance.now() + delay < deadline;
        if (!again) throw unavailable(error);
        await pause(delay);
      }
    }
  }

  async #once<T>(deadline: number, work: (client: PoolClient, deadline: number) => Promise<T>): Promise<T> {
    const client = await this.#connection(deadline);
    let broken = false;
    try {
      return await work(client, deadline);
    } catch (error) {
      broken = !isStatementError(error);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async #connection(deadline: number): Promise<PoolClient> {
    const connecting = this.#pool.connect();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        // When it comes after all, it is for somebody else.
        connecting.then((client) => client.release()).catch(() => undefined);
        reject(new StoreUnavailableError("no connection to the database became free"));
      }, deadline - performance.now());
    });
    try {
      return await Promise.race([connecting, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

const begin = { text: "begin" };
const commit = { text: "commit" };
const rollback = { text: "rollback" };

/** The statements of {@link Database} itself. */
export const ownStatements: readonly string[] = [begin, commit, rollback].map(({ text }) => text);

async function query(
  client: PoolClient,
  deadline: number,
  statement: { readonly text: string; readonly name?: string },
  values: readonly Value[] = [],
): Promise<Result> {
  const left = deadline - performance.now();
  if (left <= 0) throw new StoreUnavailableError("the database took too long");
  return await answerTo(client, { ...statement, values: [...values], rowMode: "array" }, left);
}

/**
 * What a statement gives, within so many milliseconds. By the driver's callbacks: of what it answers by
 * promises, or bounds by its own `query_timeout`, much lives on until a full collection of garbage.
 */
function answerTo(client: PoolClient, statement: QueryArrayConfig, milliseconds: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), milliseconds);
    client.query<unknown[]>(statement, (error, result) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve({ rows: result.rows, changes: result.rowCount ?? 0 });
    });
  });
}
