import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { createDatabase } from "./postgres.ts";

/*
 * A fresh database for one server under test: embedded, or, where `TEST_POSTGRES` names a
 * PostgreSQL, one of that (`flows-on-postgres.test.ts` runs other tests so).
 */

/** A row of `user_tokens` as the old service writes it; instants in seconds since 1970. */
export interface OldToken {
  readonly token: string;
  readonly email: string;
  readonly expiresAt: number;
  readonly createdAt: number;
  readonly projectId: number | null;
}

export interface TestDatabase {
  readonly url: string;
  /** What other services on the same database do. */
  insertToken(row: OldToken): Promise<void>;
  findToken(token: string): Promise<Omit<OldToken, "createdAt"> | undefined>;
  /**
   * Copies all grants. @returns what brings them back as they were, as restoring a backup does beside a
   * running server
   */
  backUpGrants(): Promise<() => Promise<void>>;
  remove(): void;
}

const columns = "token, email, expires_at, created_at, scope_project_id";

export async function aTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_POSTGRES;
  return server === undefined ? embedded() : onPostgres(await createDatabase(server));
}

/** What a server under test uses when nobody else looks into its database. */
export async function anyDatabaseUrl(): Promise<string> {
  const server = process.env.TEST_POSTGRES;
  return server === undefined ? "sqlite::memory:" : createDatabase(server);
}

export function embedded(): TestDatabase {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-database-"));
  const path = join(folder, "gatehouse.db");
  const within = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    url: `sqlite:${path}`,
    insertToken: async ({ token, email, expiresAt, createdAt, projectId }) =>
      within((database) => {
        database
          .prepare(`insert into user_tokens (${columns}) values (?, ?, ?, ?, ?)`)
          .run(token, email, expiresAt, createdAt, projectId);
      }),
    findToken: async (token) =>
      within((database) => {
        const row = database.prepare(`select ${columns} from user_tokens where token = ?`).get(token);
        return row && toToken(row, Number(row.expires_at));
      }),
    backUpGrants: () => backUpGrants(async (statement) => within((database) => database.exec(statement))),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export function onPostgres(url: string): TestDatabase {
  const run = async (text: string, values: (string | number | null)[]) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    url,
    async insertToken({ token, email, expiresAt, createdAt, projectId }) {
      const values = "$1, $2, to_timestamp($3), to_timestamp($4), $5";
      await run(`insert into user_tokens (${columns}) values (${values})`, [
        token,
        email,
        expiresAt,
        createdAt,
        projectId,
      ]);
    },
    async findToken(token) {
      const [row] = await run(`select ${columns} from user_tokens where token = $1`, [token]);
      return row && toToken(row, (row.expires_at as Date).getTime() / 1000);
    },
    backUpGrants: () => backUpGrants((statement) => run(statement, [])),
    remove: () => {},
  };
}

function toToken(row: Record<string, unknown>, expiresAt: number): Omit<OldToken, "createdAt"> {
  return {
    token: String(row.token),
    email: String(row.email),
    expiresAt,
    projectId: row.scope_project_id === null ? null : Number(row.scope_project_id),
  };
}

async function backUpGrants(run: (statement: string) => Promise<unknown>): Promise<() => Promise<void>> {
  const copy = `backup_${randomUUID().replaceAll("-", "_")}`;
  await run(`create table ${copy} as select * from gatehouse_grants`);
  return async () => {
    await run("delete from gatehouse_grants");
    await run(`insert into gatehouse_grants select * from ${copy}`);
  };
}
