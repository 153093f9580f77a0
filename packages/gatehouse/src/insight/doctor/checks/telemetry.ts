import { type DoctorCheck, type Finding, findingsOf, SkippedCheck } from "../check.ts";
import type { ServersView } from "../servers-view.ts";

export interface DoctorTelemetry {
  /** Where metrics are told; `undefined`: nowhere. */
  readonly metricsUrl: string | undefined;
  /** The status with which that answers. Rejects when nothing does. */
  readonly askMetrics: (signal: AbortSignal) => Promise<number>;
  readonly view: () => Promise<ServersView | undefined>;
}

const usuallyWaiting = 100;

export function telemetryCheck({ metricsUrl, askMetrics, view }: DoctorTelemetry): DoctorCheck {
  const { ok, warn } = findingsOf("telemetry");
  return {
    id: "telemetry",
    needs: ["config.valid"],
    async run(signal) {
      const seen = await view();
      if (seen === undefined) throw new SkippedCheck("No running server answers.");
      const findings: Finding[] = [];
      if (metricsUrl !== undefined) {
        const status = await askMetrics(signal).catch((error: unknown) =>
          error instanceof Error && "code" in error ? String(error.code) : "no answer",
        );
        if (status !== 200) {
          findings.push(
            warn(
              `Metrics do not answer at ${metricsUrl} (${status}).`,
              "See the log for a taken port: `METRICS_LISTEN`, or `METRICS_LISTEN=off`.",
            ),
          );
        }
      }
      const { waiting, lost, sinks } = seen.audit;
      if (lost > 0) {
        findings.push(
          warn(
            `${several(lost, "event")} of the audit trail are lost.`,
            "See `db.write`: the database refused them.",
          ),
        );
      }
      for (const { name, dropped } of sinks) {
        if (dropped === 0) continue;
        findings.push(
          warn(
            `The sink ${name} has dropped ${several(dropped, "event")} since its server started; the database has them.`,
            "See the log for what it answers; `gatehouse audit export` sends them again.",
          ),
        );
      }
      if (findings.length > 0) return findings;
      const metrics = metricsUrl === undefined ? "Metrics are off" : "Metrics answer";
      const waits = waiting + sinks.reduce((sum, sink) => sum + sink.waiting, 0);
      // Those of the last second always do.
      return ok(`${metrics}; ${waits < usuallyWaiting ? "no event is held up" : `${waits} events wait`}.`);
    },
  };
}

const several = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
