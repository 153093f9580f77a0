import { type Store, StoreUnavailableError } from "../oauth/ports.ts";
import { WrongVersionError } from "./migration.ts";
import { DatabaseRefusedError } from "./refused.ts";

export interface DeferredStoreOptions {
  /** Opens the real one; tried again for as long as it throws {@link StoreUnavailableError}. */
  readonly open: () => Promise<Store>;
  /** Milliseconds between two attempts, at most. */
  readonly longestWait: number;
  /** Told each time it could not be opened, with the milliseconds until the next attempt. */
  readonly onRetry: (error: StoreUnavailableError, wait: number) => void;
  /** Told when it refuses us, after it could not be reached at first. */
  readonly onRefused: (error: DatabaseRefusedError) => void;
  /** Told of what else no waiting mends, such as a database that a newer version wrote. */
  readonly onFailure: (error: unknown) => void;
  /** Waits so many milliseconds; handed in by tests. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

const shortestWait = 250;
/** Milliseconds that the first attempt is waited for. */
const longestFirstAttempt = 10_000;

/**
 * A store that may be used before its database can be reached: until then every operation throws {@link StoreUnavailableError}, which the server
 * answers with 503. So a server starts, says that it is alive and not ready, and needs nobody once the database is there.
 *
 * Resolves once it has been tried for the first time, with whatever outcome: when all is well nobody is told to come again. A first attempt that takes
 * long, such as a migration of a large database, is not waited for.
 *
 * @throws DatabaseRefusedError when the first attempt meets a database that does not let us in
 */
export async function deferStore(options: DeferredStoreOptions): Promise<Store> {
  const { open, longestWait, onRetry, onRefused, onFailure, sleep = wait } = options;
  const tried = Promise.withResolvers<void>();
  let opened: Store | undefined;
  let closed = false;
  let returned = false;
  let reason = "the database cannot be reached yet";
  const opening = (async () => {
    for (let attempt = 0; !closed; attempt++) {
      try {
        const store = await open();
        if (closed) await store.close();
        else opened = store;
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) {
          reason = "the database cannot be used: the log says why";
          if (error instanceof WrongVersionError) reason = error.message;
          if (!(error instanceof DatabaseRefusedError)) return onFailure(error);
          if (returned) return onRefused(error);
          throw error;
        }
        const pause = Math.min(shortestWait * 2 ** attempt, longestWait);
        onRetry(error, pause);
        tried.resolve();
        await sleep(pause);
      }
    }
  })();

  async function close(): Promise<void> {
    closed = true;
    if (opened === undefined) return;
    await opening;
    await opened.close();
  }

  const late = setTimeout(tried.resolve, longestFirstAttempt);
  await Promise.race([opening, tried.promise]).finally(() => clearTimeout(late));
  returned = true;
  return new Proxy({} as Store, {
    get(_target, name: keyof Store | "then") {
      if (name === "then") return undefined; // it is awaited, and is no promise
      if (name === "close") return close;
      if (opened !== undefined) return opened[name];
      return () => Promise.reject(new StoreUnavailableError(reason));
    },
  });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
