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
 */
export function deferStore(options: DeferredStoreOptions): Store {
  const { open, longestWait, onRetry, onFailure, sleep = wait } = options;
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

  return new Proxy({} as Store, {
    get(_target, name: keyof Store | "then") {
      if (name === "then") return undefined; // it may be awaited, and is no promise
      if (name === "close") return close;
      if (opened !== undefined) return opened[name].bind(opened);
      return () => Promise.reject(new StoreUnavailableError("the database cannot be reached yet"));
    },
  });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
