import { type Store, StoreUnavailableError } from "../oauth/ports.ts";

export interface DeferredStoreOptions {
  /** Opens the real one; tried again for as long as it throws {@link StoreUnavailableError}. */
  readonly open: () => Promise<Store>;
  /** Milliseconds between two attempts, at most. */
  readonly longestWait: number;
  /** Told each time it could not be opened, with the milliseconds until the next attempt. */
  readonly onRetry: (error: StoreUnavailableError, wait: number) => void;
  /** Told of what no waiting mends, such as a database that a newer version wrote. */
  readonly onFailure: (error: unknown) => void;
  /** Waits so many milliseconds; handed in by tests. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

const shortestWait = 250;

/**
 * A store that may be used before its database can be reached: until then every operation throws {@link StoreUnavailableError}, which the server
 * answers with 503. So a server starts, says that it is alive and not ready, and needs nobody once the database is there.
 *
 * Resolves once it has been tried for the first time, with whatever outcome: when all is well nobody is told to come again.
 */
export async function deferStore(options: DeferredStoreOptions): Promise<Store> {
  const { open, longestWait, onRetry, onFailure, sleep = wait } = options;
  const tried = Promise.withResolvers<void>();
  let opened: Store | undefined;
  let closed = false;
  const opening = (async () => {
    for (let attempt = 0; !closed; attempt++) {
      try {
        const store = await open();
        if (closed) await store.close();
        else opened = store;
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) return onFailure(error);
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

  await Promise.race([opening, tried.promise]);
  return new Proxy({} as Store, {
    get(_target, name: keyof Store | "then") {
      if (name === "then") return undefined; // it is awaited, and is no promise
      if (name === "close") return close;
      if (opened !== undefined) return opened[name];
      return () => Promise.reject(new StoreUnavailableError("the database cannot be reached yet"));
    },
  });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
