import cluster from "node:cluster";
import type { Command } from "commander";
import { loadSettings } from "../config/config.ts";
import { createLog } from "../telemetry/log.ts";
import { type AcceptNewKeyOption, acceptingNewKey } from "./options.ts";
import { createReloader, type Reloaded } from "./reload.ts";
import { runAlone } from "./run-alone.ts";
import type { Shell } from "./shell.ts";
import { rememberHangups, untilInterrupted } from "./signals.ts";
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
  const reloading = (running: Reloaded) => createReloader(loaded, input, log, running);
  if (cluster.isWorker) return serveAsWorker(config, log, acceptNewKey, reloading);
  const interrupted = untilInterrupted(shell);
  const announce = (text: string) => shell.complain(text);
  if (config.workers > 1) {
    return runWorkers(config, log, { interrupted, hangups }, { acceptNewKey, announce }, reloading);
  }
  await runAlone(config, log, { interrupted, hangups }, { acceptNewKey, announce }, reloading, (url) =>
    log.info(describeStart(config, url), "listening"),
  );
}
