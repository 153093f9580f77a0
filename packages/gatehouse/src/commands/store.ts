import { type Config, describeStorage, loadConfig, type StorageConfig } from "../config/config.ts";
import type { Store } from "../oauth/store.ts";
import { openExistingStore } from "../start/store.ts";
import { type Done, recordingActs } from "./acts.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

/**
 * Opens the configured store for one command that looks, beside a server that may be running on it, and
 * closes it whatever happens. A database that is not there is not made, and an old one not brought up to
 * date: that is for `serve`, `dev` and `migrate`.
 */
export function withStore<T>(shell: Shell, use: (store: Store) => Promise<T>): Promise<T> {
  return useStore(loadConfig(shell, "command"), use);
}

/**
 * The same for a command that changes something, which then says where: the folder it was called in decides,
 * or `SQL_URL`. What it did it says to `done` before it says so to anybody else.
 */
export async function changeStore<T>(
  shell: Shell,
  use: (store: Store, done: Done) => Promise<T>,
): Promise<T> {
  const config = loadConfig(shell, "command");
  let isChanged = false;
  const result = await useStore(config, (store) =>
    recordingActs(shell, config, openAlready(store), (done) =>
      use(store, (act) => {
        isChanged = true;
        return done(act);
      }),
    ),
  );
  if (isChanged) tellChanged(shell, config.storage);
  return result;
}

/** For {@link recordingActs}, where the store is open anyway. */
export const openAlready = (store: Store) => async () => ({ store, close: async () => {} });

/** The store that is there, for what a command without one has done. */
export async function trailOf(config: Config) {
  const store = await openExistingStore(config);
  return { store, close: () => store.close() };
}

export function tellChanged(shell: Shell, storage: StorageConfig): void {
  shell.complain(`Changed the database ${describeStorage(storage)}`);
}

async function useStore<T>(config: Config, use: (store: Store) => Promise<T>): Promise<T> {
  const { storage } = config;
  if (storage.kind === "sqlite" && storage.path === ":memory:") {
    throw new Refusal(2, "SQL_URL names a database in memory, which only the server that has it can see");
  }
  const store = await openExistingStore(config);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
