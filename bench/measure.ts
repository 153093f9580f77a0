import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import type { Contender, Operation, Plan, Running } from "./contenders/contender.ts";
import { measureFlushes } from "./flushes.ts";
import { type LoadOptions, load } from "./load.ts";
import type { Options } from "./options.ts";
import { memory } from "./process.ts";
import { type ContenderResults, type OperationResults, type Round, summarise } from "./results.ts";

/** What each round is compared with. */
export interface Beside {
  readonly bare: Running;
  readonly working: Running;
}

/**
 * Measures one contender, each operation with bare `node:http` beside it. Tells on the standard error how it
 * goes.
 */
export async function measure(
  contender: Contender,
  beside: Beside,
  plan: Plan,
  options: Options,
): Promise<ContenderResults> {
  console.error(`${contender.name}: starting`);
  const server = await contender.start(plan);
  // What filled the database is on its way to the disk for half a minute otherwise, and every commit waits
  // behind it.
  spawnSync("sync");
  const flushes = measureFlushes(plan.folder);
  try {
    const sizes = () => ({
      own: sum(server.pids.map((pid) => memory(pid).own)),
      file: sum(server.pids.map((pid) => memory(pid).file)),
    });
    const atRest = sizes();
    const operations: ContenderResults["operations"] = {};
    for (const operation of options.only) {
      try {
        const measured = await measureOperation(operation, server, beside, options);
        if (measured !== undefined) operations[operation] = measured;
      } catch (error) {
        // What the others take long to find out is not thrown away for it.
        console.error(`  ${operation.padEnd(10)} failed: ${error instanceof Error ? error.message : error}`);
      }
    }
    const { name, notes } = contender;
    return { name, notes, flushes, startUp: server.startUp, memory: { atRest, after: sizes() }, operations };
  } finally {
    await server.stop();
  }
}

async function measureOperation(
  operation: Operation,
  server: Running,
  { bare, working }: Beside,
  options: Options,
): Promise<OperationResults | undefined> {
  const workload = server.workload(operation);
  const [plain, work] = [bare.workload(operation), working.workload(operation)];
  if (workload === undefined || plain === undefined || work === undefined) return undefined;
  const { lanes, warmUp, seconds } = options;
  const how: LoadOptions = { lanes, warmUpSeconds: 0.5, seconds };
  // Bare node:http has served all that was measured before; the other one begins this operation with code
  // that was not compiled yet.
  await load(server, workload, { ...how, warmUpSeconds: warmUp });
  const measureRound = async (how: LoadOptions): Promise<Round> => ({
    bare: await load(bare, plain, how),
    working: await load(working, work, how),
    own: await load(server, workload, how),
  });
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) rounds.push(await measureRound(how));
  const { rate, cpu, cpuRatio, workRatio } = summarise({ rounds });
  console.error(
    `  ${operation.padEnd(10)} ${cpuRatio.median.toFixed(3)} of bare by CPU, ${workRatio.median.toFixed(3)} of the same work, ${cpu.median.toFixed(0)} µs, ${Math.round(rate.median)}/s`,
  );
  const otherLanes = [];
  for (const others of options.otherLanes) {
    otherLanes.push({ lanes: others, ...(await measureRound({ ...how, lanes: others })) });
  }
  if (!options.atHalf) return { rounds, atHalf: undefined, otherLanes };
  const begun = Date.now();
  const half = { ...how, rate: rate.median / 2 };
  const own = await load(server, workload, half);
  const pause = longestPause(server, begun);
  return { rounds, atHalf: { ...own, longestPause: pause, bare: await load(bare, plain, half) }, otherLanes };
}

/** Milliseconds, of the server's event loops since then; `undefined` where nobody watches. */
function longestPause({ pauses, pids }: Running, since: number): number | undefined {
  if (pauses === undefined) return undefined;
  const noted = pids
    .map((pid) => `${pauses}.${pid}`)
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, "utf8").trim().split("\n"))
    .map((line) => line.split(" ").map(Number))
    .filter(([at = 0]) => at > since + 750);
  return Math.max(0, ...noted.map(([, most = 0]) => most));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
