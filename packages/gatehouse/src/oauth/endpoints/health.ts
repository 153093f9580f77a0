import { json, noStore } from "../messages/response.ts";
import type { Endpoint, Services } from "../services.ts";
import { type Store, StoreUnavailableError } from "../store.ts";

/** `GET /healthz`: the process runs. */
export function healthEndpoint(): Endpoint {
  return async () => json(200, { status: "ok" });
}

/**
 * `GET /readyz`: the server can do its work; 503 with what is wrong while it cannot. Anybody may ask, so the
 * store is asked once a second at most, and nothing is said of paths, addresses and versions. The log is told
 * when it changes, not each time.
 */
export function readinessEndpoint({ clock, events, store, warnings }: Services): Endpoint {
  let asking: Promise<State> | undefined;
  let answered: (State & { readonly at: number }) | undefined;

  async function ask(request: string): Promise<State> {
    const state = await stateOf(store, warnings);
    const before = answered?.problems.join("; ") ?? "";
    const detail = state.problems.join("; ");
    answered = { at: clock.now(), ...state };
    if (detail !== before) {
      events.emit(detail === "" ? { name: "ready_again", request } : { name: "not_ready", request, detail });
    }
    return state;
  }

  return async ({ id }) => {
    if (asking === undefined && answered?.at !== clock.now()) {
      asking = ask(id).finally(() => {
        asking = undefined;
      });
    }
    const { problems = [], warnings = [] } = (await asking) ?? answered ?? {};
    const told = {
      ...(problems.length > 0 && { problems }),
      ...(warnings.length > 0 && { warnings }),
    };
    return problems.length === 0
      ? json(200, { status: "ready", ...told })
      : json(503, { status: "not ready", ...told }, { ...noStore, "Retry-After": "1" });
  };
}

interface State {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

async function stateOf(store: Store, warnings: Services["warnings"]): Promise<State> {
  try {
    const problems = await store.findProblems();
    return { problems, warnings: problems.length === 0 ? await warnings() : [] };
  } catch (error) {
    if (error instanceof StoreUnavailableError) return { problems: [error.message], warnings: [] };
    throw error;
  }
}
