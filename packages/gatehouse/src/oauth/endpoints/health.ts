import { json, noStore } from "../messages/response.ts";
import type { Check } from "../ports.ts";
import type { Endpoint, Services } from "../services.ts";

/** `GET /healthz`: the process runs. */
export function healthEndpoint(): Endpoint {
  return async () => json(200, { status: "ok" });
}

/**
 * `GET /readyz`: how it stands with each thing that serving needs; 503 while one of them has failed (Y34).
 * Anybody may ask, and strangers get names only: what is wrong is told on this computer, and to the log, once
 * when it changes.
 */
export function readinessEndpoint({ checks, events }: Services): Endpoint {
  let told = "";
  return async ({ id, thisComputer }) => {
    const all = await checks();
    const problems = detailsOf(all, "failed");
    const detail = problems.join("; ");
    if (detail !== told) {
      told = detail;
      events.emit(
        detail === "" ? { name: "ready_again", request: id } : { name: "not_ready", request: id, detail },
      );
    }
    const warnings = detailsOf(all, "warning");
    const body = {
      status: problems.length === 0 ? "ready" : "not ready",
      checks: Object.fromEntries(all.map(({ name, state }) => [name, state])),
      ...(thisComputer && problems.length > 0 && { problems }),
      ...(thisComputer && warnings.length > 0 && { warnings }),
    };
    return problems.length === 0 ? json(200, body) : json(503, body, { ...noStore, "Retry-After": "1" });
  };
}

function detailsOf(checks: readonly Check[], wanted: Check["state"]): readonly string[] {
  return checks.flatMap(({ state, details }) => (state === wanted ? details : []));
}
