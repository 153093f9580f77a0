import type { Store } from "../../../oauth/store.ts";
import { StoreUnavailableError } from "../../../oauth/store.ts";
import { type DoctorCheck, findingsOf, SkippedCheck } from "../check.ts";
import type { ServersView } from "../servers-view.ts";

/** What a first look at a database shows, whatever its schema is. */
export interface DatabaseLook {
  /** Of one read, on a connection that is there: the median of three. */
  readonly readMs: number;
  /** Milliseconds by which its clock is ahead of ours; `undefined`: it has none of its own. */
  readonly clockAheadMs: number | undefined;
  /** Whether it is a standby that may only be read; `undefined`: this kind knows no such thing. */
  readonly isStandby: boolean | undefined;
  /** Tables of ours that belong to another user, who alone can change them. */
  readonly ofOthers: readonly string[];
}

export interface DoctorDatabase {
  /** As people read it: a path, or host and name. */
  readonly name: string;
  /** Names of the migrations that are missing. */
  readonly pending: () => Promise<readonly string[]>;
  /** The same look, however often it is asked for. */
  readonly look: () => Promise<DatabaseLook>;
  /** The same store, however often it is asked for. */
  readonly open: () => Promise<Pick<Store, "findProblems">>;
  /** Of a database in a file. */
  readonly file: DatabaseFile | undefined;
  /** What a failure to reach it is, and what mends it. */
  readonly explain: (error: unknown) => { readonly problem: string; readonly mend: string };
}

export interface DatabaseFile {
  readonly path: string;
  /** Bytes; `undefined`: there is none. */
  readonly size: () => number | undefined;
  /** Which file it is on this computer, whatever it is called: equal for the same file only. */
  readonly identity: () => string | undefined;
  /** Other processes that are writing to it, as far as the system tells: `4711 (sqlite3 gatehouse.db)`. */
  readonly findWriters: () => readonly string[];
  /** What is damaged in it, in the database's words; empty: nothing. */
  readonly findDamage: (signal: AbortSignal) => Promise<readonly string[]>;
}

/** Milliseconds from which on a write is slow enough to be worth a warning. */
const slowWriteMs = 500;
/** Bytes up to which the whole file is read: more could take longer than a check may. */
const maxReadBytes = 2 * 1024 ** 3;

/** @param view what the running server says, which may be down */
export function databaseChecks(
  database: DoctorDatabase | undefined,
  view: () => Promise<ServersView | undefined>,
): DoctorCheck[] {
  const checks = [
    { id: "db.reach", needs: [], run: reach },
    { id: "db.schema", needs: ["db.reach"], run: schema },
    { id: "db.write", needs: ["db.schema"], run: write },
    { id: "db.integrity", needs: ["db.reach"], run: integrity },
  ] as const;
  return checks.map(({ id, needs, run }) => ({
    id,
    needs: ["config.valid", ...needs],
    run: async (signal) => {
      if (database === undefined) {
        throw new SkippedCheck("The database is in memory, which only the server that has it can see.");
      }
      return run(database, signal, view);
    },
  }));
}

async function reach({ name, look, explain }: DoctorDatabase) {
  const { ok, fail } = findingsOf("db.reach");
  try {
    const { readMs } = await look();
    return ok(`${name} answers within ${Math.max(1, Math.round(readMs))} ms.`);
  } catch (error) {
    const { problem, mend } = explain(error);
    return fail(problem, mend);
  }
}

async function schema({ pending, look, explain }: DoctorDatabase) {
  const { ok, warn, fail } = findingsOf("db.schema");
  let missing: readonly string[];
  try {
    missing = await pending();
  } catch (error) {
    const { problem, mend } = explain(error);
    return fail(problem, mend);
  }
  if (missing.length > 0) {
    const names = missing.length === 1 ? missing[0] : `${missing[0]} to ${missing.at(-1)}`;
    return fail(
      `${missing.length === 1 ? "1 migration is" : `${missing.length} migrations are`} missing: ${names}.`,
      "`gatehouse migrate`, or start the server, which does it too.",
    );
  }
  const { ofOthers } = await look();
  if (ofOthers.length > 0) {
    return warn(
      `The schema is as this version wants it, but ${ofOthers.join(", ")} belong to another database user: the next migration will be refused.`,
      "Let the user of `SQL_URL` own them: `alter table … owner to …`.",
    );
  }
  return ok("The schema is as this version wants it.");
}

async function write({ open, file }: DoctorDatabase) {
  const { ok, warn, fail } = findingsOf("db.write");
  const store = await open();
  const begun = performance.now();
  try {
    const problems = await store.findProblems();
    const ms = Math.max(1, Math.round(performance.now() - begun));
    const serious = problems.filter(({ isWarning }) => isWarning !== true);
    if (serious.length > 0) {
      return serious.map(({ text, check }) =>
        fail(`${capital(text)}.`, check === "disk" ? freeSome : "See `db.schema`."),
      );
    }
    if (problems.length > 0)
      return problems.map(({ text }) => warn(`${capital(text)}.`, "Finish the upgrade."));
    if (ms < slowWriteMs) return ok(`A write takes ${ms} ms.`);
    return warn(`A write takes ${ms} ms.`, "See what else writes to its disk, or waits for locks.");
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    if (error.check === "disk") return fail(`${capital(error.message)}.`, freeSome);
    const seconds = Math.round((performance.now() - begun) / 1000);
    if (/another process is writing/.test(error.message)) {
      const writers = file?.findWriters() ?? [];
      const who = writers.length > 0 ? `: ${writers.join(", ")}` : " (a backup, an open `sqlite3`?)";
      return fail(
        `Another process has locked the database for ${seconds} s${who}.`,
        writers.length > 0 ? "End it, by that number." : `End it: \`lsof ${file?.path}\` names it.`,
      );
    }
    return fail(`${capital(error.message)}.`, "See what its own log says.");
  }
}

async function integrity(
  { file, look }: DoctorDatabase,
  signal: AbortSignal,
  view: () => Promise<ServersView | undefined>,
) {
  const { ok, warn, fail, skipped } = findingsOf("db.integrity");
  if (file === undefined) {
    const { isStandby } = await look();
    if (isStandby === undefined) return skipped("The database does not say whether it is a standby.");
    return isStandby
      ? fail("The database is a standby, which may only be read.", "Name the primary in `SQL_URL`.")
      : ok("The database is the primary.");
  }
  const size = file.size() ?? 0;
  const damage = size > maxReadBytes ? [] : await file.findDamage(signal);
  if (damage.length > 0) {
    return fail(
      `The file is damaged: ${damage.slice(0, 3).join("; ")}.`,
      "Stop the server, keep the file, and `gatehouse restore` the last backup.",
    );
  }
  const whole = size > maxReadBytes ? "The file is too large to be read whole here" : "The file is whole";
  const seen = await view();
  if (seen === undefined) return ok(`${whole}; no server answers that could have another one open.`);
  const isReplaced = seen.checks.some(({ details }) =>
    details.some((text) => text.includes("deleted or replaced under the server")),
  );
  if (isReplaced) {
    return fail("The file was deleted or replaced under the running server.", "Restart the server.");
  }
  if (seen.databaseFile !== undefined && seen.databaseFile !== file.identity()) {
    return warn(
      `${whole}, but it is not the one that the running server has open.`,
      "Run this where the server runs, with its `SQL_URL`.",
    );
  }
  return ok(`${whole}, and the one the server has open.`);
}

const freeSome = "Free some space; nothing is lost. `disk.space` names what takes most.";

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
