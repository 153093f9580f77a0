import type { Command } from "commander";
import { type Config, describeStorage, loadConfig } from "../config/config.ts";
import { type RunningGatehouse, startGatehouse } from "../gatehouse.ts";
import { canonicalResource } from "../oauth/resource.ts";
import type { Store } from "../oauth/store.ts";
import { resourceCredentialPrefix } from "../oauth/tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../oauth/tokens/secret.ts";
import type { ResourceIdentifier } from "../oauth/values.ts";
import { openStore } from "../start/store.ts";
import { createLog } from "../telemetry/log.ts";
import { clientLines } from "./client-lines.ts";
import { explainListenError } from "./listen-errors.ts";
import { type AcceptNewKeyOption, acceptingNewKey } from "./options.ts";
import type { Shell } from "./shell.ts";
import { unlessInterrupted, untilInterrupted } from "./signals.ts";
import { describeSignIn } from "./start-line.ts";

export function addDevCommand(program: Command, shell: Shell): void {
  program
    .command("dev")
    .description("run it on this computer for development, with a demo MCP server behind it")
    .addOption(acceptingNewKey())
    .action((options: AcceptNewKeyOption) => develop(shell, options));
}

async function develop(shell: Shell, { acceptNewKey = false }: { acceptNewKey?: boolean }): Promise<void> {
  const config = loadConfig(shell, "dev");
  const log = createLog({ ...config.log, tokenPrefixes: config.settings.tokenPrefixes });
  const interrupted = untilInterrupted(shell);
  const resource = canonicalResource(`http://localhost:${config.demoPort}/mcp`);
  const { gatehouse, demo } = await unlessInterrupted(start(), interrupted, () => undefined);
  shell.print(welcome(config, gatehouse, resource));
  await interrupted;
  shell.print("\nStopping …");
  await demo.close();
  await gatehouse.stop();

  async function start() {
    const store = await openStore(config, log);
    const gatehouse = await startGatehouse(config, log, {
      store,
      acceptNewKey,
      announce: (text) => shell.print(text),
    }).catch((error: unknown) => {
      throw explainListenError(error, { ...config.listen, portVariable: "PORT" });
    });
    const demo = await startDemo(shell, config, store, resource).catch(async (error: unknown) => {
      await gatehouse.stop();
      throw explainListenError(error, { port: config.demoPort, portVariable: "DEMO_PORT" });
    });
    return { gatehouse, demo };
  }
}

/**
 * The demo MCP server gets a fresh introspection credential at each start: nothing has to be remembered
 * outside the database.
 */
async function startDemo(shell: Shell, config: Config, store: Store, resource: ResourceIdentifier) {
  const credential = mintSecret(shell.random, resourceCredentialPrefix);
  const description = {
    identifier: resource,
    name: "Demo MCP server",
    scopes: [{ name: "mcp", sentence: "Call its tools as you" }],
    createdAt: shell.clock.now(),
  };
  if (!(await store.addResource(description, hashSecret(credential)))) {
    await store.replaceResourceCredential(resource, hashSecret(credential));
  }
  // Loaded here alone: nobody else needs the MCP SDK.
  const { startDemoServer } = await import("../demo/mcp-server.ts");
  const { issuer } = config.settings;
  return startDemoServer({ issuer, resource, credential, port: config.demoPort, host: "127.0.0.1" });
}

function welcome(config: Config, gatehouse: RunningGatehouse, resource: string): string {
  return `
Gatehouse is running, for development on this computer only.

  Authorization server  ${config.settings.issuer}  (listening on ${gatehouse.url}; ${describeSignIn(config)})
  Demo MCP server       ${resource}
  Data                  ${describeStorage(config.storage)}

Point an MCP client at the demo server:

${clientLines("gatehouse-demo", resource)}

It opens your browser: sign in, approve, and ask it to call the tool whoami.
What happens is told below. Ctrl-C stops everything.
`;
}
