import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { traceLaterEvent } from "../insight/trace/later-events.ts";
import { trimmingAsItGrows, trimTraces } from "../insight/trace/limits.ts";
import { createTraceWriter, type TraceWriter } from "../insight/trace/writer.ts";
import { oneLine, withoutSecrets } from "../oauth/harmless.ts";
import type { Clock, Events, Trace } from "../oauth/ports.ts";
import type { Store } from "../oauth/store.ts";
import { instanceName } from "./instance.ts";
import { systemClock } from "./system.ts";

/** Where attempts to authorize are remembered, step by step. */
export function startTrace(config: Config, store: Store, clock: Clock, log: Logger): TraceWriter {
  const now = milliseconds(clock);
  const makeRoom = trimmingAsItGrows(config.traces.bytes, () =>
    trim(config, store, clock).catch((error: unknown) => {
      log.warn({ err: error }, "old traces could not be removed; housekeeping tries again");
    }),
  );
  return createTraceWriter({
    store,
    now,
    instance: instanceName,
    harmless: oneLine,
    withoutSecrets: withoutSecrets(config.settings.tokenPrefixes),
    onWritten: makeRoom,
    onLost: (count) => log.warn({ count }, "steps of traces were lost: the database did not take them"),
  });
}

/** What is told of a grant stands in the trace of its attempt as well, where it ends or refuses something. */
export function tracedEvents(events: Events, trace: Trace): Events {
  return {
    emit(event) {
      traceLaterEvent(trace, event);
      events.emit(event);
    },
    record(event) {
      traceLaterEvent(trace, event);
      return events.record(event);
    },
  };
}

/** Removes the traces that are too old or too many. */
export async function trim(
  { traces }: Pick<Config, "traces">,
  store: Store,
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  await trimTraces(store, traces, milliseconds(clock)(), signal);
}

/** The protocol's clock knows seconds; of the computer's own there are milliseconds. */
const milliseconds = (clock: Clock) => (clock === systemClock ? Date.now : () => clock.now() * 1000);
