import type { Store } from "../../oauth/store.ts";
import type { CurrentSpan } from "./requests.ts";
import { spanKinds } from "./span.ts";

type Operation = (...values: unknown[]) => unknown;

/** A store whose operations are spans of the request they are done for; of their values nothing is told. */
export function tracedStore(store: Store, current: CurrentSpan, database: "sqlite" | "postgresql"): Store {
  const operations = store as unknown as Record<string, Operation>;
  const kind = database === "sqlite" ? spanKinds.internal : spanKinds.client;
  const traced = Object.keys(store).map((name) => {
    const operation = operations[name] as Operation;
    const attributes = { "db.system.name": database, "db.operation.name": name };
    const perform = (...values: unknown[]) => {
      const span = current.getStore()?.span.child({ name, kind, attributes });
      const answer = operation.apply(store, values);
      if (!(answer instanceof Promise)) {
        span?.end();
        return answer;
      }
      if (span !== undefined)
        answer.then(
          () => span.end(),
          (error: unknown) => span.end(nameOf(error)),
        );
      return answer;
    };
    return [name, perform];
  });
  return Object.fromEntries(traced) as Store; // the same operations under the same names
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : "Error");
