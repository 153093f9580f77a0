import type { Config } from "../config/config.ts";
import { auditKeyOf } from "../insight/audit/seals.ts";
import { verifyAudit } from "../insight/audit/verify.ts";
import type { DoctorHistory } from "../insight/doctor/checks/history.ts";
import type { DoctorTelemetry } from "../insight/doctor/checks/telemetry.ts";
import { hasLeft } from "../oauth/declarations.ts";
import type { Clock } from "../oauth/ports.ts";
import { shortIdOf } from "../oauth/resource.ts";
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

/**
 * What was wrong with the last sign-in, where that was a clock, less than an hour ago. Of a database that
 * cannot be asked nothing is known.
 */
export async function lastClockFailure({ find, now }: DoctorHistory): Promise<string | undefined> {
  try {
    const [[failed], [signedIn]] = await Promise.all([
      find({ name: "sign_in_failed", since: now() - hourMs }, 1),
      find({ name: "sign_in" }, 1),
    ]);
    if (failed?.reason !== "clock" || failed.time < (signedIn?.time ?? 0)) return undefined;
    // Its advice stands in the finding's own.
    return String(failed.facts.detail ?? "").replace(/^.*? refused: |\. Its clock .*$/g, "");
  } catch {
    return undefined;
  }
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
