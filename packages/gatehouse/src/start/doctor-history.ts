import type { Config } from "../config/config.ts";
import { auditKeyOf } from "../insight/audit/seals.ts";
import { verifyAudit } from "../insight/audit/verify.ts";
import type { DoctorHistory } from "../insight/doctor/checks/history.ts";
import type { DoctorRegistrations } from "../insight/doctor/checks/registrations.ts";
import type { DoctorTelemetry } from "../insight/doctor/checks/telemetry.ts";
import type { DoctorTokens } from "../insight/doctor/checks/tokens.ts";
import type { AuditRecord } from "../oauth/audit-record.ts";
import { hasLeft } from "../oauth/declarations.ts";
import type { Clock } from "../oauth/ports.ts";
import { shortIdOf } from "../oauth/resource.ts";
import { type GrantId, seconds } from "../oauth/values.ts";
import type { LookedAtDatabase } from "./doctor-database.ts";
import { configuredKeys } from "./keyed-store.ts";

const pageSize = 500;

/** What the audit trail and the records of resources say of what happened. */
export function historyToLookAt(
  config: Config,
  database: LookedAtDatabase | undefined,
  clock: Clock,
): DoctorHistory {
  return {
    async find(query, limit) {
      const store = await database?.open();
      const found = [];
      let after: string | undefined;
      do {
        const order = "newest" as const;
        const page = await store?.findAudit(query, { order, limit: Math.min(pageSize, limit), after });
        found.push(...(page?.records ?? []));
        after = page?.next;
      } while (after !== undefined && found.length < limit);
      return found;
    },
    async verify(since) {
      const store = await database?.open();
      if (store === undefined) return { records: 0, problems: [] };
      const { keys } = await configuredKeys(config);
      const known = keys.flatMap(({ readings }) => readings.map(auditKeyOf));
      const { records, findings } = await verifyAudit({ store, keys: known, since });
      return { records, problems: findings.map(({ text }) => text) };
    },
    now: () => clock.now() * 1000,
    resources: async () =>
      (await known(database)).map(({ identifier, name }) => ({
        ...{ identifier, name: name ?? identifier },
        shortId: shortIdOf(identifier),
      })),
  };
}

async function known(database: LookedAtDatabase | undefined) {
  const all = (await (await database?.open())?.listResources()) ?? [];
  return all.filter((resource) => !hasLeft(resource));
}

const hourMs = 60 * 60_000;
/** Sign-ins, of several providers the last may be further back. */
const lookedAt = 50;

/** What was wrong with the last sign-in, where that was a clock. */
export async function lastClockFailure(history: DoctorHistory): Promise<string | undefined> {
  const failed = await lastFailure(history, "clock");
  // Its advice stands in the finding's own.
  return failed?.detail.replace(/^.*? refused: |\. Its clock .*$/g, "");
}

/**
 * The last sign-in, where it failed for this reason, less than an hour ago. Of a database that cannot be
 * asked nothing is known.
 * @param provider whose sign-in; any when left out
 */
export async function lastFailure(
  { find, now }: DoctorHistory,
  reason: string,
  provider?: string,
): Promise<{ readonly detail: string; readonly ago: string } | undefined> {
  const isIts = ({ facts }: AuditRecord) => provider === undefined || facts.provider === provider;
  try {
    const [failures, signIns] = await Promise.all([
      find({ name: "sign_in_failed", since: now() - hourMs }, lookedAt),
      find({ name: "sign_in", since: now() - hourMs }, lookedAt),
    ]);
    const failed = failures.find(isIts);
    if (failed?.reason !== reason || failed.time < (signIns.find(isIts)?.time ?? 0)) return undefined;
    const minutes = Math.floor((now() - failed.time) / 60_000);
    return {
      detail: String(failed.facts.detail ?? ""),
      ago: minutes < 1 ? "just now" : `${minutes} min ago`,
    };
  } catch {
    return undefined;
  }
}

/** The same, with what grants say of their refreshes. */
export function tokensToLookAt(
  { settings }: Config,
  database: LookedAtDatabase | undefined,
  history: DoctorHistory,
): DoctorTokens {
  return {
    ...history,
    findGrant: async (id) =>
      (await database?.open())?.findGrant(id as GrantId, seconds(history.now() / 1000)),
    tokenLifetime: settings.lifetimes.accessToken,
  };
}

/** The same, with how old the database is. */
export function registrationsToLookAt(
  { clientIdle, clientUnused }: Config,
  database: LookedAtDatabase | undefined,
  history: DoctorHistory,
): DoctorRegistrations {
  return {
    ...history,
    forgottenAfter: Math.min(clientIdle, clientUnused) * 1000,
    async bornAt() {
      const store = await database?.open();
      if (store === undefined) return undefined;
      // Of either the oldest may be gone: a key that was removed, a record that was trimmed.
      const [{ known }, { records }] = await Promise.all([
        store.findKeys(seconds(history.now() / 1000)),
        store.findAudit({}, { order: "oldest", limit: 1 }),
      ]);
      const times = [
        ...known.flatMap(({ since }) => (since === undefined ? [] : since * 1000)),
        ...records.map(({ time }) => time),
      ];
      return times.length === 0 ? undefined : Math.min(...times);
    },
  };
}

export const resourcesOf = async (database: LookedAtDatabase | undefined) =>
  (await known(database)).map(({ identifier }) => identifier);

export function telemetryToLookAt({ metrics }: Config, view: DoctorTelemetry["view"]): DoctorTelemetry {
  const host = metrics && ({ "0.0.0.0": "127.0.0.1", "::": "::1" }[metrics.host] ?? metrics.host);
  const metricsUrl = metrics && `http://${host?.includes(":") ? `[${host}]` : host}:${metrics.port}/metrics`;
  return {
    metricsUrl,
    view,
    async askMetrics(signal) {
      if (metricsUrl === undefined) throw new Error("there are none");
      const answer = await fetch(metricsUrl, { signal, redirect: "manual" });
      await answer.body?.cancel();
      return answer.status;
    },
  };
}
