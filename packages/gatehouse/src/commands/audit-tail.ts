import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import { type ExportCursor, endOf } from "../insight/export/cursor.ts";
import { published } from "../insight/export/published.ts";
import { createAuditReader } from "../insight/export/reader.ts";
import type { AuditRecord } from "../oauth/audit-record.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import { recordAsLine } from "./audit-lines.ts";
import { findNewest, readLimit } from "./audit-search.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import type { Shell } from "./shell.ts";
import { interruption } from "./signals.ts";
import { withStore } from "./store.ts";

interface TailOptions extends JsonOption {
  readonly follow?: true;
  readonly limit: string;
}

/** Milliseconds between two looks. */
const lookEvery = 1000;
const pageSize = 500;

export function addAuditTailCommand(audit: Command, shell: Shell): void {
  audit
    .command("tail")
    .description("show the latest records of the audit trail, the newest last")
    .option("--follow", "go on with what is written from now on, by any process, until interrupted")
    .option("--limit <number>", "so many", "20")
    .addOption(asJson())
    .action((options: TailOptions) => tail(shell, options));
}

async function tail(shell: Shell, { follow, json, limit: text }: TailOptions): Promise<void> {
  const limit = readLimit(text);
  const show = (records: readonly AuditRecord[]) => {
    for (const record of records) {
      if (json) printJson(shell, published(record));
      else shell.print(recordAsLine(record));
    }
  };
  await withStore(shell, async (store) => {
    const end = follow && endOf((await store.findAuditChains()).chains);
    const latest = (await findNewest(store, {}, limit)).toReversed();
    show(latest);
    if (end) await followFrom(shell, store, end, new Set(latest.map(({ id }) => id)), show);
    else if (latest.length === 0) shell.complain("Nothing has been recorded yet.");
  });
}

/** @param shown what was shown although it is from after that end */
async function followFrom(
  shell: Shell,
  store: Store,
  end: ExportCursor,
  shown: ReadonlySet<string>,
  show: (records: readonly AuditRecord[]) => void,
): Promise<void> {
  const interrupted = interruption(shell);
  const reader = createAuditReader(store, end, Date.now);
  let isAway = false;
  while (!interrupted.aborted) {
    try {
      const records = await reader.next(pageSize);
      isAway = false;
      show(records.filter(({ id }) => !shown.has(id)));
      if (records.length === pageSize) continue;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      if (!isAway) shell.complain("The database cannot answer; waiting for it.");
      isAway = true;
    }
    await wait(lookEvery, undefined, { signal: interrupted }).catch(() => undefined); // interrupted
  }
}
