import { type Config, describeStorage, loadConfig, type StorageConfig } from "../config/config.ts";
import type { Store } from "../oauth/store.ts";
import { openExistingStore } from "../start/store.ts";
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
 * or `SQL_URL`.
 */
export async function changeStore<T>(shell: Shell, use: (store: Store) => Promise<T>): Promise<T> {
  const config = loadConfig(shell, "command");
  const result = await useStore(config, use);
  tellChanged(shell, config.storage);
  return result;
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
