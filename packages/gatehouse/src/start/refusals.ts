import type { HandlerOptions } from "../http/handler.ts";
import type { Clock, Events } from "../oauth/ports.ts";
import { createBoundedEvents } from "../telemetry/bounded-events.ts";

/** Tells of what the edge refuses before it reaches an endpoint; of a flood a part. */
export function tellOfRefusals(events: Events, clock: Clock): NonNullable<HandlerOptions["onRefused"]> {
  const refused = createBoundedEvents(events, clock);
  const lost = createBoundedEvents(events, clock, 1);
  return ({ id, status, error, method, path, address, userAgent, budget, note, wrongAddress }) => {
    const detail = [`${status} ${method} ${path}`, ...(note === undefined ? [] : [note])].join("; ");
    const about = { request: id, address, userAgent, error, detail };
    if (wrongAddress !== undefined) {
      const seen = `it came by ${wrongAddress.theirs}, and BASE_URL is ${wrongAddress.ours}`;
      const reason = "host or path differs from BASE_URL";
      lost("", { name: "not_found", ...about, reason, detail: `${detail}; ${seen}` });
    } else if (budget !== undefined) events.emit({ name: "limit_reached", ...about, reason: budget });
    else refused(`${status} ${address}`, { name: "request_refused", ...about });
  };
}
