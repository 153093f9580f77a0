import type { Contender, Plan, Running } from "./contenders/contender.ts";
import { type LoadOptions, load } from "./load.ts";
import type { Options } from "./options.ts";
import { memory } from "./process.ts";
import { type ContenderResults, type OperationResults, type Round, summarise } from "./results.ts";

/** Measures one contender, each operation with bare `node:http` beside it. Tells on the standard error how it goes. */
export async function measure(
  contender: Contender,
  bare: Running,
  plan: Plan,
  options: Options,
): Promise<ContenderResults> {
  console.error(`${contender.name}: starting`);
  const server = await contender.start(plan);
  try {
    const sizes = () => ({
      own: sum(server.pids.map((pid) => memory(pid).own)),
      file: sum(server.pids.map((pid) => memory(pid).file)),
    });
    const atRest = sizes();
    const operations: ContenderResults["operations"] = {};
    for (const operation of options.only) {
      const [workload, plain] = [server.workload(operation), bare.workload(operation)];
      if (workload === undefined || plain === undefined) continue;
      const how: LoadOptions = {
        lanes: options.lanes,
        warmUpSeconds: options.warmUp,
        seconds: options.seconds,
      };
      const rounds: Round[] = [];
      for (let round = 0; round < options.rounds; round++) {
        const beside = await load(bare, plain, { ...how, warmUpSeconds: 0.5 });
        const own = await load(server, workload, how);
        rounds.push({ own, bare: beside });
      }
      const { rate, cpu, cpuRatio } = summarise({ rounds, atHalf: undefined });
      const atHalf = options.atHalf
        ? await load(server, workload, { ...how, rate: rate.median / 2 })
        : undefined;
      operations[operation] = { rounds, atHalf } satisfies OperationResults;
      console.error(
        `  ${operation.padEnd(10)} ${cpuRatio.median.toFixed(3)} of bare by CPU, ${cpu.median.toFixed(0)} µs, ${Math.round(rate.median)}/s`,
      );
    }
    const { name, notes } = contender;
    return { name, notes, startUp: server.startUp, memory: { atRest, after: sizes() }, operations };
  } finally {
    await server.stop();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
