import type { Context, Endpoint } from "../context.ts";
import { json, noStore } from "../http.ts";
import { type Store, StoreUnavailableError } from "../ports.ts";

/** `GET /healthz`: the process runs. */
export function healthEndpoint(): Endpoint {
  return async () => json(200, { status: "ok" });
}

/**
 * `GET /readyz`: the server can do its work; 503 with what is wrong while it cannot. Anybody may ask, so the store is asked once a second at most, and
 * nothing is said of paths, addresses and versions. The log is told when it changes, not each time.
 */
export function readinessEndpoint({ clock, events, store, warnings }: Context): Endpoint {
  let asking: Promise<readonly string[]> | undefined;
  let answered: { readonly at: number; readonly problems: readonly string[] } | undefined;

  async function ask(request: string): Promise<readonly string[]> {
    const problems = await problemsOf(store);
    const before = answered?.problems.join("; ") ?? "";
    const detail = problems.join("; ");
    answered = { at: clock.now(), problems };
    if (detail !== before) {
      events.emit(detail === "" ? { name: "ready_again", request } : { name: "not_ready", request, detail });
    }
    return problems;
  }

  return async ({ id }) => {
    if (asking === undefined && answered?.at !== clock.now()) {
      asking = ask(id).finally(() => {
        asking = undefined;
      });
    }
    const problems = (await asking) ?? answered?.problems ?? [];
    const told = {
      ...(problems.length > 0 && { problems }),
      ...(warnings().length > 0 && { warnings: warnings() }),
    };
    return problems.length === 0
      ? json(200, { status: "ready", ...told })
      : json(503, { status: "not ready", ...told }, { ...noStore, "Retry-After": "1" });
  };
}

async function problemsOf(store: Store): Promise<readonly string[]> {
  try {
    return await store.findProblems();
  } catch (error) {
    if (error instanceof StoreUnavailableError) return [error.message];
    throw error;
  }
}
