import type { Command } from "commander";
import { type Config, loadConfig } from "../config/config.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

/** Milliseconds. */
const timeout = 3000;

export function addHealthCommand(program: Command, shell: Shell): void {
  program
    .command("health")
    .description(
      "ask the server on this machine, at PORT, whether it is alive; for containers' health checks",
    )
    .option("--ready", "whether it can do its work")
    .action((options: { ready?: true }) => askHealth(shell, options.ready ? "readyz" : "healthz"));
}

async function askHealth(shell: Shell, name: string): Promise<void> {
  const url = `${localUrl(loadConfig(shell, "command"))}/${name}`;
  const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeout) }).catch(
    (error: unknown) => {
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Refusal(1, `${url}: ${reason instanceof Error ? reason.message : String(reason)}`);
    },
  );
  const answer = await response.text();
  if (response.status !== 200) throw new Refusal(1, `${url}: ${response.status} ${answer.slice(0, 500)}`);
  shell.print(answer);
}

/** Where a server with this configuration can be reached from its own machine. */
function localUrl({ listen: { host, port } }: Config): string {
  if (port === 0) throw new Refusal(2, "PORT is 0, so nobody knows where the server listens");
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
