import type { ConnectionOptions } from "./connection.ts";
import { connected } from "./migrations.ts";

/** What a look at the database shows, whatever its schema is. */
export interface PostgresLook {
  /** Milliseconds each of three reads took. */
  readonly readMs: readonly number[];
  /** Milliseconds by which its clock is ahead of ours. */
  readonly clockAheadMs: number;
  /** `undefined`: it knows no standbys. */
  readonly isStandby: boolean | undefined;
  /** Tables of ours that belong to a user whose rights we have not. */
  readonly ofOthers: readonly string[];
}

const ofOthers = String.raw`select tablename::text as name from pg_tables
  where schemaname = current_schema() and tablename like 'gatehouse\_%'
  and not pg_has_role(current_user, tableowner, 'USAGE') order by tablename`;

/** Changes nothing. @throws StoreUnavailableError; DatabaseRefusedError */
export function examinePostgres(options: ConnectionOptions): Promise<PostgresLook> {
  return connected(options, async (client) => {
    const readMs: number[] = [];
    for (let at = 0; at < 3; at++) {
      const begun = performance.now();
      await client.query("select 1");
      readMs.push(performance.now() - begun);
    }
    const asked = Date.now();
    const { rows } = await client.query<{ ms: unknown }>(
      "select floor(extract(epoch from clock_timestamp()) * 1000)::text as ms",
    );
    const clockAheadMs = Number(rows[0]?.ms) - (asked + Date.now()) / 2;
    // Not every database that speaks as PostgreSQL does has these.
    const standby = await client
      .query<{ standby: boolean }>("select pg_is_in_recovery() as standby")
      .catch(() => undefined);
    const owned = await client.query<{ name: string }>(ofOthers).catch(() => undefined);
    return {
      readMs,
      clockAheadMs,
      isStandby: standby?.rows[0]?.standby,
      ofOthers: owned?.rows.map(({ name }) => name) ?? [],
    };
  });
}
