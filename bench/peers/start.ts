import { join } from "node:path";
import type { Operation, Plan, Running, Workload } from "../contenders/contender.ts";
import { freePort, type ServerProcess, startServer } from "../process.ts";
import { everything, type Filling, nothing, toArguments } from "./filling.ts";

export interface Peer {
  /** Its server, a file beside this one. */
  readonly script: string;
  /** Where the first answer is asked for. */
  readonly path: string;
  readonly workloads: Partial<Record<Operation, Workload>>;
}

/**
 * A peer whose store is its memory: how long it takes to start is seen without what fills it, which no server
 * in use does then.
 */
export async function startInMemory(peer: Peer, plan: Plan): Promise<Running> {
  const first = await start(peer, plan, nothing);
  await first.server.stop();
  return { ...running(peer, await start(peer, plan, everything(plan))), startUp: first.server.startUp };
}

/** A peer whose store is a file, which the first start makes and fills and the second finds. */
export async function startOnFile(peer: Peer, plan: Plan): Promise<Running> {
  const first = await start(peer, plan, everything(plan));
  await first.server.stop();
  return running(peer, await start(peer, plan, nothing));
}

interface Started {
  readonly port: number;
  readonly server: ServerProcess;
}

async function start({ script, path }: Peer, { core, folder }: Plan, filling: Filling): Promise<Started> {
  const port = await freePort();
  const server = await startServer({
    args: [join(import.meta.dirname, script), ...toArguments({ port, filling, folder })],
    environment: {},
    core,
    firstAnswer: `http://127.0.0.1:${port}${path}`,
  });
  return { port, server };
}

function running({ workloads }: Peer, { port, server }: Started): Running {
  return {
    host: "127.0.0.1",
    port,
    pids: [server.pid],
    startUp: server.startUp,
    workload: (operation) => workloads[operation],
    stop: server.stop,
  };
}
