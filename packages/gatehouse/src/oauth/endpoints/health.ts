import type { Context, Endpoint } from "../context.ts";
import { json } from "../http.ts";

/** `GET /healthz`: the process runs. */
export function healthEndpoint(): Endpoint {
  return async () => json(200, { status: "ok" });
}

/** `GET /readyz`: the store answers too; 503 while it does not. */
export function readinessEndpoint({ store }: Context): Endpoint {
  return async () => {
    await store.ping();
    return json(200, { status: "ready" });
  };
}
