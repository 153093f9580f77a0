import type { AuditRecord } from "../../oauth/audit-record.ts";
import { type Store, StoreUnavailableError } from "../../oauth/store.ts";
import { mendForLimit, mendForOutage } from "./outage-mends.ts";

/** What may be behind a reference of which nothing is known by itself. */
export interface Trouble {
  readonly means: string;
  readonly mend: string;
}

const dayMs = 24 * 60 * 60_000;
/** The latest of a day are looked at, and of these so many limits told of. */
const maxRecords = 100;
const maxLimits = 3;

/**
 * What keeps requests out without a trace of each: the database that could not be used, now and in the last
 * day, and limits that were reached. The audit trail has them once for all that meet the same.
 * @param now milliseconds since 1970
 */
export async function troubleLately(
  store: Pick<Store, "findAudit" | "findProblems">,
  now: number,
): Promise<readonly Trouble[]> {
  const latest = async (name: string, limit: number) =>
    (await store.findAudit({ name, since: now - dayMs }, { order: "newest", limit })).records;
  const [[outage], [back], limits] = await Promise.all([
    latest("store_unavailable", 1),
    latest("store_back", 1),
    latest("limit_reached", maxRecords),
  ]);
  return [
    ...(await troubleNow(store)),
    ...(outage === undefined ? [] : [ofOutage(outage, back)]),
    ...eachOnce(limits).slice(0, maxLimits).map(ofLimit),
  ];
}

async function troubleNow(store: Pick<Store, "findProblems">): Promise<readonly Trouble[]> {
  try {
    const problems = await store.findProblems();
    return problems
      .filter(({ isWarning }) => isWarning !== true)
      .map(({ text, check }) => ({
        means: `At this moment: ${text}.`,
        mend: check === "disk" ? mendForOutage("full") : "gatehouse doctor says what to do.",
      }));
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return [{ means: `At this moment: ${error.message}.`, mend: mendForOutage(error.kind) }];
  }
}

function ofOutage({ time, reason = "", facts }: AuditRecord, back: AuditRecord | undefined): Trouble {
  const until =
    back !== undefined && back.time >= time
      ? `It was back at ${clockOf(back.time)} (${back.facts.detail}).`
      : "Nothing says that it is back.";
  const means = `${momentOf(time)}: the database could not be used, ${reason} (${facts.detail}). ${until}`;
  return { means, mend: mendForOutage(reason) };
}

function ofLimit({ time, reason, address = "somebody", facts }: AuditRecord): Trouble {
  const detail = String(facts.detail ?? "");
  const means = `${momentOf(time)}: ${address} reached the limit ${reason}: ${detail}.`;
  return { means, mend: mendForLimit(detail) };
}

/** The latest of each limit and address. */
function eachOnce(limits: readonly AuditRecord[]): readonly AuditRecord[] {
  const seen = new Map<string, AuditRecord>();
  for (const record of limits) {
    const key = `${record.reason} ${record.address}`;
    if (!seen.has(key)) seen.set(key, record);
  }
  return [...seen.values()];
}

const momentOf = (time: number) => `${new Date(time).toISOString().slice(0, 10)} ${clockOf(time)}`;
const clockOf = (time: number) => `${new Date(time).toISOString().slice(11, 19)} UTC`;
