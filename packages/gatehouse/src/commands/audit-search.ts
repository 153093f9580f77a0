import { type Command, Option } from "commander";
import { published } from "../insight/export/published.ts";
import { auditEventNames } from "../oauth/audit-events.ts";
import type { AuditRecord } from "../oauth/audit-record.ts";
import { oneLine } from "../oauth/harmless.ts";
import { parseReference } from "../oauth/reference.ts";
import type { AuditQuery } from "../oauth/store/audit.ts";
import type { Store } from "../oauth/store.ts";
import { recordAsLine } from "./audit-lines.ts";
import { readMoment } from "./moments.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { subjectsOf } from "./person.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { withStore } from "./store.ts";

interface SearchOptions extends JsonOption {
  readonly person?: string;
  readonly client?: string;
  readonly resource?: string;
  readonly event?: string;
  readonly address?: string;
  readonly reference?: string;
  readonly grant?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
}

/** Records that are asked for at once. */
const pageSize = 500;

export function addAuditSearchCommand(audit: Command, shell: Shell): void {
  audit
    .command("search")
    .description("find records of the audit trail, the newest first; all that is given must fit")
    .option("--person <person>", "about this person, by address or subject (user_…)")
    .option("--client <id>", "about this client")
    .option("--resource <url>", "about this MCP server")
    .addOption(new Option("--event <name>", "with this name, such as sign_in_failed"))
    .option("--address <address>", "from this network address")
    .option("--reference <reference>", "of the request or attempt with this reference")
    .option("--grant <id>", "about this grant")
    .option("--since <time>", "of the last 30m, 2h, 7d, or since 2026-11-26T10:00")
    .option("--until <time>", "from before that")
    .option("--limit <number>", "so many at most", "50")
    .addOption(asJson())
    .action((options: SearchOptions) => search(shell, options));
}

async function search(shell: Shell, options: SearchOptions): Promise<void> {
  const limit = readLimit(options.limit);
  const query = queryOf(shell, options);
  await withStore(shell, async (store) => {
    const subjects =
      options.person === undefined
        ? [undefined]
        : await subjectsOf(store, options.person, "gatehouse audit search --event sign_in_denied");
    const found = await Promise.all(
      subjects.map((subject) => findNewest(store, { ...query, subject }, limit)),
    );
    const records = found
      .flat()
      .toSorted((a, b) => b.time - a.time)
      .slice(0, limit);
    if (options.json) return printJson(shell, records.map(published), 2);
    if (records.length === 0) return shell.complain("No such records.");
    shell.print(records.map(recordAsLine).join("\n"));
    if (records.length === limit) shell.complain(`These are the newest ${limit}: --limit gives more.`);
  });
}

export function readLimit(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Refusal(2, "--limit: give a number from 1 to 999999");
}

function queryOf(shell: Shell, options: SearchOptions): AuditQuery {
  const { client, resource, event, address, reference: typed, grant, since, until } = options;
  if (event !== undefined && !(auditEventNames as readonly string[]).includes(event)) {
    throw new Refusal(2, `--event ${oneLine(event, 40)}: there is no such event; docs/audit.md lists them`);
  }
  const reference = typed === undefined ? undefined : parseReference(typed);
  if (typed !== undefined && reference === undefined) {
    throw new Refusal(2, `--reference ${oneLine(typed, 40)}: one looks like K7QM-2XDA-94TB`);
  }
  return {
    client,
    resource,
    name: event,
    address,
    reference,
    grant,
    since: since === undefined ? undefined : readMoment(shell, "--since", since),
    until: until === undefined ? undefined : readMoment(shell, "--until", until),
  };
}

export async function findNewest(store: Store, query: AuditQuery, limit: number): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  let after: string | undefined;
  do {
    const page = { order: "newest", limit: Math.min(pageSize, limit - found.length), after } as const;
    const { records, next } = await store.findAudit(query, page);
    for (const record of records) found.push(record);
    after = next;
  } while (after !== undefined && found.length < limit);
  return found;
}
