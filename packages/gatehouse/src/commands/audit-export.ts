import { readFile, rename, writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { beginning, CursorError, type ExportCursor } from "../insight/export/cursor.ts";
import { published } from "../insight/export/published.ts";
import type { AuditRecord } from "../oauth/audit-record.ts";
import { programVersion } from "../shipped-files.ts";
import { readLimit } from "./audit-search.ts";
import { readMoment } from "./moments.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { withStore } from "./store.ts";

interface ExportOptions {
  readonly format: "jsonl" | "ocsf";
  readonly after?: string;
  readonly cursorFile?: string;
  readonly since?: string;
  readonly limit?: string;
}

const pageSize = 500;

export function addAuditExportCommand(audit: Command, shell: Shell): void {
  audit
    .command("export")
    .description(
      "print records of the audit trail as lines of JSON, nearly in the order of their times; says at the end from where to go on, without a gap or a repetition, whatever is written meanwhile",
    )
    .addOption(
      new Option("--format <format>", "jsonl, or events of the Open Cybersecurity Schema Framework")
        .choices(["jsonl", "ocsf"])
        .default("jsonl"),
    )
    .option("--after <cursor>", "go on from where an earlier export said that it ended")
    .option("--cursor-file <file>", "the same, read from this file if it is there, and written to it")
    .option("--since <time>", "leave out what is older: 7d, or 2026-11-26T10:00")
    .option("--limit <number>", "so many records at most")
    .action((options: ExportOptions) => exportTrail(shell, options));
}

async function exportTrail(shell: Shell, options: ExportOptions): Promise<void> {
  const { after, cursorFile, since, limit } = options;
  if (after !== undefined && cursorFile !== undefined) {
    throw new Refusal(2, "--after and --cursor-file both say where to go on: give one of them");
  }
  const most = limit === undefined ? Number.POSITIVE_INFINITY : readLimit(limit);
  const from = since === undefined ? 0 : readMoment(shell, "--since", since);
  const [{ createAuditReader }, { readCursor, writeCursor }, format] = await Promise.all([
    import("../insight/export/reader.ts"),
    import("../insight/export/cursor.ts"),
    formatOf(options),
  ]);
  const begin = after ?? (cursorFile && (await readText(cursorFile)));
  await refusingCursor(() =>
    withStore(shell, async (store) => {
      const cursor: ExportCursor = begin === undefined ? beginning : readCursor(begin);
      const reader = createAuditReader(store, cursor, Date.now, from);
      for (let left = most; left > 0; ) {
        const records = await reader.next(Math.min(pageSize, left));
        if (records.length === 0) break;
        shell.print(records.map((record) => JSON.stringify(format(record))).join("\n"));
        left -= records.length;
        // What is printed is exported, also when the rest fails.
        if (cursorFile !== undefined) await replaceFile(cursorFile, `${writeCursor(reader.cursor())}\n`);
      }
      if (cursorFile === undefined) {
        shell.complain(`Go on from here: gatehouse audit export --after ${writeCursor(reader.cursor())}`);
      }
    }),
  );
}

async function formatOf({ format }: ExportOptions): Promise<(record: AuditRecord) => object> {
  if (format === "jsonl") return published;
  const { asOcsf } = await import("../insight/export/ocsf.ts");
  const version = programVersion();
  return (record) => asOcsf(record, version);
}

/** `undefined` where there is none, or nothing in it. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

async function refusingCursor(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CursorError) throw new Refusal(1, error.message);
    throw error;
  }
}
