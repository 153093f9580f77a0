import type { AuditRecord } from "../../../oauth/audit-record.ts";
import type { AuditQuery } from "../../../oauth/store/audit.ts";
import { type DoctorCheck, type Finding, findingsOf } from "../check.ts";

/** What the audit trail knows of what happened. */
export interface DoctorHistory {
  /** The newest records that match, at most so many. */
  readonly find: (query: AuditQuery, limit: number) => Promise<readonly AuditRecord[]>;
  /** What is not as it was written since then; and how many records were looked at. */
  readonly verify: (
    since: number,
  ) => Promise<{ readonly records: number; readonly problems: readonly string[] }>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Each MCP server: its name, identifier and short id. */
  readonly resources: () => Promise<readonly KnownResource[]>;
}

export interface KnownResource {
  readonly identifier: string;
  readonly name: string;
  /** `rs_542864ce8ed5` */
  readonly shortId: string;
}

export const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
/** Of a kind of record so many are looked at. */
const maxRecords = 2000;
/** Sign-ins whose claims are looked at. */
const lookedAtSignIns = 20;

export function historyChecks(history: DoctorHistory): DoctorCheck[] {
  const checks = {
    "provider.claims": claims,
    "resource.credential": credentials,
    limits,
    "audit.chain": chain,
  };
  return Object.entries(checks).map(([id, run]) => ({
    id,
    needs: ["config.valid", "db.schema"],
    run: () => run(history),
  }));
}

async function claims({ find }: DoctorHistory): Promise<Finding> {
  const { ok, warn, skipped } = findingsOf("provider.claims");
  const [signedIn, denied] = await Promise.all([
    find({ name: "sign_in" }, lookedAtSignIns),
    find({ name: "sign_in_denied" }, lookedAtSignIns),
  ]);
  const latest = [...signedIn, ...denied]
    .toSorted((one, other) => other.time - one.time)
    .slice(0, lookedAtSignIns);
  if (latest.length === 0) return skipped("Nobody has signed in yet.");
  const lacking = latest.filter(({ reason }) => reason === "address not proven" || reason === "no address");
  if (lacking.length > 0) {
    const of = `${lacking.length} of the last ${several(latest.length, "sign-in")}`;
    const why = lacking[0]?.facts.detail;
    return warn(
      `${of} came without a proven address${why === undefined ? "" : ` (${why})`}.`,
      "See the page of your provider in docs/providers/.",
    );
  }
  return ok(
    latest.length === 1
      ? "The last sign-in carried a proven address."
      : `Each of the last ${latest.length} sign-ins carried a proven address.`,
  );
}

async function credentials({ find, now, resources }: DoctorHistory): Promise<readonly Finding[]> {
  const { ok, warn, fail } = findingsOf("resource.credential");
  const since = now() - dayMs;
  const [known, refused, accepted, old] = await Promise.all([
    resources(),
    find({ name: "introspection_refused", since }, maxRecords),
    find({ name: "introspection_accepted", since }, maxRecords),
    find({ name: "previous_credential_used", since }, maxRecords),
  ]);
  const findings: Finding[] = [];
  const mended: Finding[] = [];
  // A token for another server may be a client's fault, not a credential's.
  const misplaced = refused.find(({ reason, time }) => reason === "resource" && time > now() - hourMs);
  if (misplaced !== undefined) {
    findings.push(
      warn(
        `${capital(String(misplaced.facts.detail ?? "").split(": ")[0] ?? "")}, ${ago(now() - misplaced.time)} last.`,
        "If that server is the one the token is for, give it that one's credential: `gatehouse resources rotate`. Else an app sends its tokens to the wrong server.",
      ),
    );
  }
  const ofCredentials = refused.filter(({ reason }) => reason !== "resource");
  for (const [who, records] of grouped(ofCredentials, (record) => callerOf(record, known))) {
    const [latest] = records;
    const why = latest?.facts.detail ?? "no such credential";
    const resource = known.find(({ name }) => name === who);
    const was = `${capital(who)} was refused in ${several(records.length, "minute")} of the last day, ${ago(now() - (latest?.time ?? 0))} last`;
    const since = accepted.find((record) => callerOf(record, known) === who)?.time ?? 0;
    if (latest !== undefined && since >= latest.time) {
      mended.push(ok(`${was}, and is answered again since.`));
      continue;
    }
    findings.push(
      fail(
        `${was} (${why}, from ${latest?.address ?? "nowhere"}), and was not answered since: its server has another credential.`,
        `\`gatehouse resources rotate ${resource?.identifier ?? "<that server>"} --keep 24h\`, and give it the new one. Its next question tells whether that was it.`,
      ),
    );
  }
  for (const [who, records] of grouped(old, (record) => callerOf(record, known))) {
    findings.push(
      warn(
        `${capital(who)} still asks with its old credential, ${ago(now() - (records[0]?.time ?? 0))} last (${records[0]?.facts.detail ?? ""}).`,
        "Give its server the new one before the old one ends: `gatehouse resources list` says when.",
      ),
    );
  }
  if (findings.length + mended.length > 0) return [...findings, ...mended];
  if (known.length === 0) return [ok("There is no MCP server that could ask.")];
  return [ok("No MCP server was refused in the last day, and none asks with an old credential.")];
}

/** The name of the MCP server that asked, as far as it can be told. */
function callerOf({ resource, client, address }: AuditRecord, known: readonly KnownResource[]): string {
  const found = known.find(
    ({ identifier, shortId }) => identifier === resource || identifier === client || shortId === client,
  );
  return found?.name ?? `a server at ${address ?? "an unknown address"}`;
}

async function limits({ find, now }: DoctorHistory): Promise<readonly Finding[]> {
  const { ok, warn } = findingsOf("limits");
  const reached = await find({ name: "limit_reached", since: now() - dayMs }, maxRecords);
  if (reached.length === 0) return [ok("No budget was reached in the last day.")];
  return [...grouped(reached, ({ reason }) => reason ?? "another")].map(([budget, records]) => {
    const byWhom = grouped(records, ({ address }) => address ?? "somebody who signed in");
    const [most = ["unknown", []]] = [...byWhom].toSorted(([, one], [, other]) => other.length - one.length);
    const times = records.length === 1 ? "in 1 minute" : `in ${records.length} minutes`;
    const who = byWhom.size === 1 ? `by ${most[0]} alone` : `by ${byWhom.size}, most by ${most[0]}`;
    return warn(
      `\`${budget}\` was reached ${times} of the last day ${who} (log: \`limit_reached\`).`,
      "If that is a proxy of yours: `TRUSTED_PROXIES`. If those are people: the budget's setting.",
    );
  });
}

async function chain({ verify, now }: DoctorHistory): Promise<readonly Finding[]> {
  const { ok, fail } = findingsOf("audit.chain");
  const { records, problems } = await verify(now() - dayMs);
  if (problems.length === 0)
    return [ok(`${records.toLocaleString("en-US")} ${records === 1 ? "record" : "records"}, whole.`)];
  const mend = "`gatehouse audit verify` says all; compare with the heads in the log, and with a backup.";
  return problems.slice(0, 5).map((text) => fail(`${capital(text)}.`, mend));
}

export function grouped<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return groups;
}

export function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "just now";
  return minutes < 60 ? `${minutes} min ago` : `${Math.floor(minutes / 60)} h ago`;
}

const several = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
