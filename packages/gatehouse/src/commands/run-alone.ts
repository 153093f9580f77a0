import type { Config } from "../config/config.ts";
import { type Overrides, startGatehouse } from "../gatehouse.ts";
import type { Log } from "../telemetry/log.ts";
import { explainListenError } from "./listen-errors.ts";
import type { Reloaded, Reloader } from "./reload.ts";
import { type Hangups, settleMs, unlessInterrupted } from "./signals.ts";

/**
 * Serves in this process alone until it is told to stop; at a hangup it reads the configuration again.
 * @param onListening told once it listens, with where
 * @throws Refusal when the port cannot be had; DatabaseRefusedError, also long after the start
 */
export async function runAlone(
  config: Config,
  log: Log,
  { interrupted, hangups }: { readonly interrupted: Promise<void>; readonly hangups: Hangups },
  overrides: Pick<Overrides, "acceptNewKey" | "announce">,
  reloading: (running: Reloaded) => Reloader,
  onListening: (url: string) => void,
): Promise<void> {
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => undefined); // looked at once it listens
  const told = { onDatabaseRefused: refused.reject, settleMs, ...overrides };
  const starting = startGatehouse(config, log, told).catch((error: unknown) => {
    throw explainListenError(error, { ...config.listen, portVariable: "PORT" });
  });
  const gatehouse = await unlessInterrupted(starting, interrupted, () => log.info("stopping"));
  onListening(gatehouse.url);
  const { reload } = reloading(gatehouse);
  hangups.each(() => void reload().then(gatehouse.onReload));
  try {
    await Promise.race([interrupted, refused.promise]);
  } finally {
    log.info("stopping");
    await gatehouse.stop();
  }
}
