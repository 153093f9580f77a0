import type { AuditRecord } from "../../../oauth/audit-record.ts";
import type { Grant } from "../../../oauth/records.ts";
import { isDoctors } from "../../trace/early-refresh.ts";
import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";
import { ago, type DoctorHistory, grouped, hourMs } from "./history.ts";

export interface DoctorTokens extends DoctorHistory {
  /** A grant that lives. */
  readonly findGrant: (id: string) => Promise<Pick<Grant, "generation" | "rotatedAt"> | undefined>;
  /** How long an access token lives, seconds. */
  readonly tokenLifetime: number;
}

/** No token ends so soon: who gets another was refused with the first. */
const hastyMs = 10_000;
/** Refreshes an hour, in the lifetime of a token, that lost answers and several windows explain. */
const usual = 4;
/** Of an MCP server so many grants are looked at, the newest. */
const maxGrants = 5;
/** With so many newer ones that went well it is past. */
const enoughGood = 3;
const maxRecords = 2000;

/**
 * Of the last day's grants, those whose app got new tokens long before the old ones ended: an MCP server that
 * refuses tokens by itself says so to nobody but the app, which then refreshes.
 */
export function refusedTokensCheck(tokens: DoctorTokens): DoctorCheck {
  const { ok } = findingsOf("resource.tokens");
  return {
    id: "resource.tokens",
    needs: ["config.valid", "db.schema"],
    async run() {
      const { find, now, resources } = tokens;
      const since = now() - 24 * hourMs;
      const [known, redeemed, refreshed] = await Promise.all([
        resources(),
        find({ name: "code_redeemed", since }, maxRecords),
        find({ name: "token_refreshed", since }, maxRecords),
      ]);
      const ofApps = redeemed.filter((each) => !isDoctors(each));
      if (ofApps.length === 0) throw new SkippedCheck("No app was given tokens in the last day.");
      const byResource = grouped(ofApps, ({ resource }) => resource ?? "");
      const judged = known.map(async ({ identifier, name }) => {
        const grants = byResource.get(identifier)?.slice(0, maxGrants) ?? [];
        return (
          hastyOf(identifier, name, grants, refreshed, now()) ?? restless(identifier, name, grants, tokens)
        );
      });
      const findings = (await Promise.all(judged)).filter((finding) => finding !== undefined);
      return findings.length > 0 ? findings : ok("No app needs new tokens before the old ones end.");
    },
  };
}

/** @param grants their first tokens, newest first */
function hastyOf(
  identifier: string,
  name: string,
  grants: readonly AuditRecord[],
  refreshed: readonly AuditRecord[],
  now: number,
): Finding | undefined {
  const looked = grants.map(({ grant, time }) => {
    // Of a grant only the first refresh of a day is recorded, and the count says which one that was.
    const first = refreshed.find((each) => each.grant === grant && each.facts.count === 1);
    return { after: first === undefined ? Number.POSITIVE_INFINITY : first.time - time, time };
  });
  const hasty = looked.filter(({ after }) => after <= hastyMs);
  const [last] = hasty;
  if (last === undefined || looked.indexOf(last) >= enoughGood) return undefined;
  const soonest = Math.min(...hasty.map(({ after }) => after)) / 1000;
  const of = grants.length === 1 ? "The last grant" : `${hasty.length} of the last ${grants.length} grants`;
  const was = hasty.length === 1 ? "was" : "were";
  return warn(
    identifier,
    `${of} for ${name} ${was} refreshed within ${Math.max(1, Math.ceil(soonest))} s of the first tokens, ${ago(now - last.time)} last`,
  );
}

async function restless(
  identifier: string,
  name: string,
  grants: readonly AuditRecord[],
  { findGrant, now, tokenLifetime }: DoctorTokens,
): Promise<Finding | undefined> {
  for (const { grant = "", time } of grants) {
    const found = await findGrant(grant);
    if (found === undefined || now() - found.rotatedAt * 1000 > hourMs) continue;
    const hours = Math.max(1, (now() - time) / hourMs);
    const refreshes = found.generation - 1;
    if (refreshes <= usual * hours * Math.max(1, 3600 / tokenLifetime)) continue;
    const span = Math.max(1, Math.round((now() - time) / 60_000));
    return warn(identifier, `A grant for ${name} was refreshed ${refreshes} times in ${span} min`);
  }
  return undefined;
}

const warn = (identifier: string, what: string) =>
  findingsOf("resource.tokens").warn(
    `${what}: the server seems to refuse the tokens that its apps are given here.`,
    `See its own log. Often its own resource identifier differs, to the letter, from \`${identifier}\`, as by a slash at the end.`,
  );
