import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { Tracing } from "../insight/spans/tracing.ts";
import { programVersion } from "../shipped-files.ts";

/** Loaded where spans are to be sent, and nowhere else (Z29). */
export async function startSpans(
  { openTelemetry, settings, storage }: Config,
  log: Logger,
): Promise<Tracing | undefined> {
  const { traces, resource } = openTelemetry;
  if (traces === undefined) return undefined;
  const { createTracing } = await import("../insight/spans/tracing.ts");
  const { sampler, ...target } = traces;
  return createTracing({
    target,
    sampler,
    resource,
    version: programVersion(),
    issuer: settings.issuer,
    database: storage.kind === "sqlite" ? "sqlite" : "postgresql",
    onTrouble: (why) =>
      log.warn({ collector: new URL(target.url).host }, `spans cannot be sent to the collector: ${why}`),
    onRecovery: (dropped) => log.info({ dropped }, "spans are sent to the collector again"),
  });
}

/** Tells what of the standard variables is not followed; once for all processes. */
export function warnOfOpenTelemetry({ openTelemetry }: Config, log: Pick<Logger, "warn">): void {
  for (const warning of openTelemetry.warnings) log.warn(warning);
}
