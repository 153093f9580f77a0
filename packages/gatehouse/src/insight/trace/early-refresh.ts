import type { AuditRecord } from "../../oauth/audit-record.ts";
import type { Store } from "../../oauth/store.ts";

/** An app that refreshes so soon after its first tokens was most likely told that they are worth nothing. */
const earlyMs = 10_000;
/** Clocks of several processes may be so far apart. */
const apartMs = 2000;
/** Around an attempt others are looked for, before and after it. */
const aroundMs = 24 * 60 * 60_000;
/** As many of the others are looked at. */
const maxOthers = 200;
/** For a list, as many looks are taken, at as many refreshes together, the latest. */
const maxLooks = 8;
const maxListed = 5000;
/** Times that are no further apart are looked at in one. */
const togetherMs = 10 * 60_000;

export interface EarlyRefresh {
  /** After the first tokens, milliseconds. */
  readonly after: number;
  /** Sign-ins to the same MCP server in which the same happened. */
  readonly others: number;
}

/**
 * Whether the app of an attempt refreshed at once: the one sign on our side that an MCP server refuses tokens
 * that are good here, since it does so by itself. The audit trail has the first refresh of each grant.
 * @param events of the attempt
 */
export async function earlyRefreshOf(
  store: Pick<Store, "findAudit">,
  events: readonly AuditRecord[],
): Promise<EarlyRefresh | undefined> {
  const issued = events.find(({ name }) => name === "code_redeemed");
  if (issued?.grant === undefined || isDoctors(issued)) return undefined;
  const { time, grant, resource } = issued;
  const find = async (query: { grant?: string; resource?: string; name: string }, from: number, to: number) =>
    (await store.findAudit({ ...query, since: from, until: to }, { order: "oldest", limit: maxOthers }))
      .records;
  const name = "token_refreshed";
  const [own] = await find({ grant, name }, time - apartMs, time + earlyMs);
  if (own === undefined) return undefined;
  const around = [time - aroundMs, time + aroundMs] as const;
  const [signIns, refreshes] = await Promise.all([
    resource === undefined ? [] : find({ resource, name: "code_redeemed" }, ...around),
    find({ name }, ...around),
  ]);
  const refreshed = new Map(refreshes.map((each) => [each.grant, each.time]));
  const others = signIns.filter(
    (each) =>
      each.grant !== grant && (refreshed.get(each.grant) ?? Number.POSITIVE_INFINITY) < each.time + earlyMs,
  );
  return { after: Math.max(0, own.time - time), others: others.length };
}

/** Doctor's own tokens are refreshed at once, to see whether that works. */
export const isDoctors = ({ userAgent = "" }: Pick<AuditRecord, "userAgent">): boolean =>
  userAgent.includes("gatehouse-doctor");

/**
 * The same for the attempts of a list, in a few short looks into the trail however many they are: those whose
 * tokens are older than a day are left out, in the busiest hours those of which the refreshes are not among
 * the latest ones, and of one client or person, whose attempts stand far apart among others', those before
 * the latest few times.
 * @param issued their first tokens
 * @param now milliseconds since 1970
 * @returns how long after its first tokens, milliseconds, by grant
 */
export async function earlyRefreshesAmong(
  store: Pick<Store, "findAudit">,
  issued: readonly AuditRecord[],
  { client, subject }: { readonly client?: string | undefined; readonly subject?: string | undefined },
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map(
    issued
      .filter((each) => each.time > now - aroundMs && !isDoctors(each))
      .flatMap(({ grant, time }) => (grant === undefined ? [] : [[grant, time] as const])),
  );
  const early = new Map<string, number>();
  if (times.size === 0) return early;
  const isOfAll = client === undefined && subject === undefined;
  const spans = spansOf([...times.values()], isOfAll ? maxLooks : times.size).slice(-maxLooks);
  const limit = Math.floor(maxListed / spans.length);
  const looks = spans.map(([first, last]) => {
    const within = { since: first - apartMs, until: last + earlyMs };
    const query = { name: "token_refreshed", client, subject, ...within };
    return store.findAudit(query, { order: "newest", limit });
  });
  // The earliest comes last.
  for (const { grant = "", time } of (await Promise.all(looks)).flatMap(({ records }) => records)) {
    const first = times.get(grant);
    if (first === undefined || time < first - apartMs || time >= first + earlyMs) continue;
    early.set(grant, Math.max(0, time - first));
  }
  return early;
}

/** First and last of times that stand together, in so many parts at most, cut where the gaps are widest. */
function spansOf(times: readonly number[], parts: number): (readonly [number, number])[] {
  const sorted = times.toSorted((a, b) => a - b);
  const gaps = sorted.map((time, at) => time - (sorted[at - 1] ?? time));
  const widest = gaps.toSorted((a, b) => b - a)[parts - 1] ?? 0;
  const starts = sorted.flatMap((_, at) =>
    at === 0 || (gaps[at] ?? 0) > Math.max(widest, togetherMs) ? [at] : [],
  );
  return starts.map((start, at) => [sorted[start] ?? 0, sorted[(starts[at + 1] ?? sorted.length) - 1] ?? 0]);
}

/** What an attempt came to whose tokens the MCP server does not seem to take. */
export function meaningOfEarlyRefresh(
  { after, others }: EarlyRefresh,
  resource: string | undefined,
): { readonly means: string; readonly mend: string } {
  const also = others === 1 ? "1 other sign-in" : `${others} other sign-ins`;
  const within = `${(after / 1000).toFixed(1)} s after its first tokens`;
  return {
    means: `The app is connected, and had to refresh ${within}${others === 0 ? ": the MCP server may have refused them." : `, as in ${also} to this MCP server within a day: the MCP server seems to refuse the tokens.`}`,
    mend: `The MCP server's own log says why. Often its resource identifier differs from the one here, if only by a slash at the end: set it to ${resource ?? "the one here"}, to the letter, and restart the MCP server. If it has an issuer set, that is this server's BASE_URL. Nothing is to be set here.`,
  };
}
