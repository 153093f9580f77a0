import { readConfig } from "../config.ts";
import { openStore } from "../gatehouse.ts";
import type { Store } from "../oauth/ports.ts";
import type { Shell } from "./shell.ts";

/** Opens the configured store for one command, beside a server that may be running on it, and closes it whatever happens. */
export async function withStore<T>(shell: Shell, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(readConfig(shell.environment, "command"));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
