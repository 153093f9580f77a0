import { spawnSync } from "node:child_process";
import type { Contender, Operation, Plan, Running } from "./contenders/contender.ts";
import { type LoadOptions, load } from "./load.ts";
import type { Options } from "./options.ts";
import { memory } from "./process.ts";
import { type ContenderResults, type OperationResults, type Round, summarise } from "./results.ts";

/**
 * Measures one contender, each operation with bare `node:http` beside it. Tells on the standard error how it
 * goes.
 */
export async function measure(
  contender: Contender,
  bare: Running,
  plan: Plan,
  options: Options,
): Promise<ContenderResults> {
  console.error(`${contender.name}: starting`);
  const server = await contender.start(plan);
  // What filled the database is on its way to the disk for half a minute otherwise, and every commit waits
  // behind it.
  spawnSync("sync");
  try {
    const sizes = () => ({
      own: sum(server.pids.map((pid) => memory(pid).own)),
      file: sum(server.pids.map((pid) => memory(pid).file)),
    });
    const atRest = sizes();
    const operations: ContenderResults["operations"] = {};
    for (const operation of options.only) {
      try {
        const measured = await measureOperation(operation, server, bare, options);
        if (measured !== undefined) operations[operation] = measured;
      } catch (error) {
        // What the others take long to find out is not thrown away for it.
        console.error(`  ${operation.padEnd(10)} failed: ${error instanceof Error ? error.message : error}`);
      }
    }
    const { name, notes } = contender;
    return { name, notes, startUp: server.startUp, memory: { atRest, after: sizes() }, operations };
  } finally {
    await server.stop();
  }
}

async function measureOperation(
  operation: Operation,
  server: Running,
  bare: Running,
  options: Options,
): Promise<OperationResults | undefined> {
  const [workload, plain] = [server.workload(operation), bare.workload(operation)];
  if (workload === undefined || plain === undefined) return undefined;
  const { lanes, warmUp, seconds } = options;
  const how: LoadOptions = { lanes, warmUpSeconds: 0.5, seconds };
  // Bare node:http has served all that was measured before; the other one begins this operation with code
  // that was not compiled yet.
  await load(server, workload, { ...how, warmUpSeconds: warmUp });
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const beside = await load(bare, plain, how);
    const own = await load(server, workload, how);
    rounds.push({ own, bare: beside });
  }
  const { rate, cpu, cpuRatio } = summarise({ rounds, atHalf: undefined });
  console.error(
    `  ${operation.padEnd(10)} ${cpuRatio.median.toFixed(3)} of bare by CPU, ${cpu.median.toFixed(0)} µs, ${Math.round(rate.median)}/s`,
  );
  const atHalf = options.atHalf ? await load(server, workload, { ...how, rate: rate.median / 2 }) : undefined;
  return { rounds, atHalf };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
