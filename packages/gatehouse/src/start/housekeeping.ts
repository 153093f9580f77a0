import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { startHousekeeping } from "../housekeeping.ts";
import type { Clock } from "../oauth/ports.ts";
import type { Store } from "../oauth/store.ts";
import type { Warnings } from "../readiness.ts";
import type { StartedAudit } from "./audit.ts";
import { trim } from "./trace.ts";

const housekeepingFails = "housekeeping failed: what has died stays in the database until it succeeds";

/** @param warnings where it stands while the latest round has failed */
export function keepHouse(
  config: Config,
  log: Logger,
  { store, clock, audit }: { readonly store: Store; readonly clock: Clock; readonly audit: StartedAudit },
  warnings: Warnings,
) {
  const { clientIdle, clientUnused } = config;
  return startHousekeeping({
    store,
    clock,
    clientIdle,
    clientUnused,
    trims: [(signal) => trim(config, store, clock, signal), audit.trim],
    onRound: ({ swept, error }) => {
      if (error !== undefined) {
        warnings.set(housekeepingFails, "database");
        log.error({ err: error }, "housekeeping failed; it tries again later");
      } else {
        warnings.delete(housekeepingFails);
        log.debug({ swept }, "housekeeping");
      }
    },
  });
}
