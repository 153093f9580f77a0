/*
 * What the bench asks of whoever takes part. A contender is a server in a process of its own, plus the
 * knowledge how to speak to it.
 */

export const operations = [
  "metadata",
  "introspect",
  "stored",
  "garbage",
  "refresh",
  "code",
  "register",
] as const;
export type Operation = (typeof operations)[number];

export interface Contender {
  /** Short, for the command line and the tables: `gatehouse-sqlite`, `oidc-provider`. */
  readonly name: string;
  /** What it does or leaves out compared to the others, one sentence an entry; stands beside the figures. */
  readonly notes: readonly string[];
  /** Starts it, filled with what the operations need. */
  start(plan: Plan): Promise<Running>;
}

export interface Plan {
  /** The CPU the server is pinned to; undefined where there is no `taskset`. */
  readonly core: number | undefined;
  /** How many access tokens live in its store while it is measured, and as many grants. */
  readonly tokens: number;
  /** How many requests are under way at once, each on a connection ("lane") of its own: 0 … lanes - 1. */
  readonly lanes: number;
  /** How many authorization codes to have ready. */
  readonly codes: number;
  /** Grants of a client besides, which is removed while others go on; none when left out. */
  readonly doomed?: number;
  /** See `GrantsOptions`. */
  readonly notTodayOneIn?: number;
  /** A folder of this run's own, removed afterwards. */
  readonly folder: string;
}

export interface Running {
  readonly host: string;
  readonly port: number;
  /** The server's processes whose CPU time counts as its own. */
  readonly pids: readonly number[];
  /** Of its database, as it is told; where it has one that others can open. */
  readonly sqlUrl?: string;
  /** Where its processes note their event loop's pauses, if they do: see `watch-loop.mjs`. */
  readonly pauses?: string;
  /** Milliseconds from the start of the process to its first answer, with the database already there. */
  readonly startUp: number;
  /** The requests of an operation; undefined when it has none that compares. */
  workload(operation: Operation): Workload | undefined;
  stop(): Promise<void>;
}

/** A stream of requests for each lane. */
export interface Workload {
  /**
   * The lane's next request, whole and ready to be written (HTTP/1.1, keep-alive); undefined when nothing is
   * left to ask for.
   */
  next(lane: number): string | Buffer | undefined;
  /** The status every answer must have; another one ends the run. */
  readonly status: number;
  /** Given when the next request depends on the answer: called with each body before `next`. */
  readonly learn?: (lane: number, body: string) => void;
}
