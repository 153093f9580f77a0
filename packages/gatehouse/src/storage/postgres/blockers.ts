import { Client } from "pg";
import { type ConnectionOptions, connectionSettings } from "./connection.ts";

/**
 * Tells who keeps one connection waiting. Asked over a connection of its own, since the one that waits cannot
 * ask.
 */
export interface Watcher {
  /**
   * In words, such as `pg_dump (process 4711, user backup, for 8 minutes)`; `undefined` when nobody does, or
   * where the database cannot tell.
   */
  findBlockers(): Promise<string | undefined>;
  close(): Promise<void>;
}

// CockroachDB has no pg_blocking_pids, and others may not allow it: then nobody is named.
const blockers = `select pid, application_name, usename, client_addr::text, state,
    extract(epoch from clock_timestamp() - coalesce(xact_start, state_change))::int as seconds, substr(query, 1, 40) as query
  from pg_stat_activity where pid = any(pg_blocking_pids($1)) order by xact_start limit 5`;

/** @param waiting the connection that may have to wait, in a moment when it does not */
export async function watch(options: ConnectionOptions, waiting: Client): Promise<Watcher> {
  const client = new Client(connectionSettings(options));
  client.on("error", () => undefined);
  const pid = await connectFor(client, waiting).catch(() => undefined);
  return {
    findBlockers: async () => {
      if (pid === undefined) return undefined;
      try {
        const { rows } = await client.query<Blocker>(blockers, [pid]);
        return rows.length === 0 ? undefined : rows.map(describe).join("; ");
      } catch {
        return undefined;
      }
    },
    close: () => client.end().catch(() => undefined),
  };
}

async function connectFor(client: Client, waiting: Client): Promise<number | undefined> {
  await client.connect();
  const { rows } = await waiting.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid;
}

interface Blocker {
  readonly pid: number;
  readonly application_name: string | null;
  readonly usename: string | null;
  readonly client_addr: string | null;
  readonly state: string | null;
  readonly seconds: number | null;
  readonly query: string | null;
}

/** Of what it does no more than the first word: the rest may hold secrets. */
function describe({ pid, application_name, usename, client_addr, state, seconds, query }: Blocker): string {
  const [verb = "", doing] = [/^\s*([a-z]{1,12})\b/i.exec(query ?? "")?.[1], state ?? "at work"];
  const facts = [
    `process ${pid}`,
    usename && `user ${usename}`,
    client_addr && `from ${client_addr}`,
    seconds !== null && `for ${inWords(seconds)}`,
    `${doing}${verb === "" ? "" : `: ${verb.toUpperCase()}`}`,
  ];
  return `${application_name || "a connection"} (${facts.filter(Boolean).join(", ")})`;
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} minutes` : `${Math.floor(seconds / 3600)} hours`;
}
