import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { warnOfAccent } from "./brand.ts";
import { warnOfOpenDoors } from "./open-doors.ts";
import { warnOfOpenTelemetry } from "./spans.ts";

/** What holds, and may not be meant: told once at each start, by one process. */
export function warnAtStart(config: Config, log: Pick<Logger, "warn">): void {
  warnOfOpenDoors(config, log);
  warnOfAccent(config, log);
  warnOfOpenTelemetry(config, log);
}
