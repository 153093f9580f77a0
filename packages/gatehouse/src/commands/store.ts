import { readConfig } from "../config.ts";
import { openStore } from "../gatehouse.ts";
import type { Store } from "../oauth/ports.ts";
import type { Shell } from "./shell.ts";

/**
 * Opens the configured store for one command, beside a server that may be running on it, and closes it whatever happens. A database that others share is not
 * brought up to date by the way: that is for `serve` and `migrate`.
 */
export async function withStore<T>(shell: Shell, use: (store: Store) => Promise<T>): Promise<T> {
  const { storage } = readConfig(shell.environment, "command");
  const migrate = storage.migrate && storage.kind === "sqlite";
  const store = await openStore({ storage: { ...storage, migrate } });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
