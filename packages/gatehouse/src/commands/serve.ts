import cluster from "node:cluster";
import type { Command } from "commander";
import { type Config, loadSettings } from "../config/config.ts";
import { startGatehouse } from "../gatehouse.ts";
import { createLog } from "../telemetry/log.ts";
import { explainListenError } from "./listen-errors.ts";
import { type AcceptNewKeyOption, acceptingNewKey } from "./options.ts";
import { createReloader } from "./reload.ts";
import type { Shell } from "./shell.ts";
import { rememberHangups, unlessInterrupted, untilInterrupted } from "./signals.ts";
import { describeStart } from "./start-line.ts";
import { inputOfWorker, runWorkers, serveAsWorker } from "./workers.ts";

export function addServeCommand(program: Command, shell: Shell): void {
  program
    .command("serve")
    .description("run the authorization server, configured by the environment and gatehouse.yaml")
    .addOption(acceptingNewKey())
    .action((options: AcceptNewKeyOption) => serve(shell, options));
}

async function serve(shell: Shell, { acceptNewKey = false }: { acceptNewKey?: boolean }): Promise<void> {
  const hangups = rememberHangups();
  const input = cluster.isWorker ? await inputOfWorker(shell) : shell;
  const loaded = loadSettings(input, "serve");
  const { config } = loaded;
  const log = createLog({ ...config.log, tokenPrefixes: config.settings.tokenPrefixes });
  const reloading = (apply: (config: Config) => Promise<void>) => createReloader(loaded, input, log, apply);
  if (cluster.isWorker) return serveAsWorker(config, log, acceptNewKey, reloading);
  const interrupted = untilInterrupted();
  const announce = (text: string) => shell.complain(text);
  if (config.workers > 1) {
    return runWorkers(config, log, { interrupted, hangups }, { acceptNewKey, announce }, reloading);
  }
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => undefined); // looked at once it listens
  const overrides = { onDatabaseRefused: refused.reject, acceptNewKey, announce };
  const starting = startGatehouse(config, log, overrides).catch((error: unknown) => {
    throw explainListenError(error, { ...config.listen, portVariable: "PORT" });
  });
  const gatehouse = await unlessInterrupted(starting, interrupted, () => log.info("stopping"));
  log.info(describeStart(config, gatehouse.url), "listening");
  const { reload } = reloading(gatehouse.reload);
  hangups.each(() => void reload().then(gatehouse.onReload));
  try {
    await Promise.race([interrupted, refused.promise]);
  } finally {
    log.info("stopping");
    await gatehouse.stop();
  }
}
