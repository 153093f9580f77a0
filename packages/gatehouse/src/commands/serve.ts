import cluster from "node:cluster";
import type { Command } from "commander";
import { loadConfig } from "../config/config.ts";
import { startGatehouse } from "../gatehouse.ts";
import { createLog } from "../telemetry/log.ts";
import { explainListenError } from "./listen-errors.ts";
import { type AcceptNewKeyOption, acceptingNewKey } from "./options.ts";
import type { Shell } from "./shell.ts";
import { unlessInterrupted, untilInterrupted } from "./signals.ts";
import { describeStart } from "./start-line.ts";
import { runWorkers, serveAsWorker } from "./workers.ts";

export function addServeCommand(program: Command, shell: Shell): void {
  program
    .command("serve")
    .description("run the authorization server, configured by the environment and gatehouse.yaml")
    .addOption(acceptingNewKey())
    .action((options: AcceptNewKeyOption) => serve(shell, options));
}

async function serve(shell: Shell, { acceptNewKey = false }: { acceptNewKey?: boolean }): Promise<void> {
  const config = loadConfig(shell, "serve");
  const log = createLog({ ...config.log, tokenPrefixes: config.settings.tokenPrefixes });
  if (cluster.isWorker) return serveAsWorker(config, log, acceptNewKey);
  const interrupted = untilInterrupted();
  if (config.workers > 1) return runWorkers(config, log, interrupted, acceptNewKey);
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => undefined); // looked at once it listens
  const overrides = { onDatabaseRefused: refused.reject, acceptNewKey };
  const starting = startGatehouse(config, log, overrides).catch((error: unknown) => {
    throw explainListenError(error, { ...config.listen, portVariable: "PORT" });
  });
  const gatehouse = await unlessInterrupted(starting, interrupted, () => log.info("stopping"));
  log.info(describeStart(config, gatehouse.url), "listening");
  try {
    await Promise.race([interrupted, refused.promise]);
  } finally {
    log.info("stopping");
    await gatehouse.stop();
  }
}
