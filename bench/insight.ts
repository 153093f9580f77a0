/**
 * What it costs to see (Z08): a server as shipped, with audit trail, traces and metrics, and one without any
 * of them, in turns on the same core, with `node:http` that does the same visible work beside them. One
 * process of the same code is up to a tenth dearer than the next, as its memory and its compiled code fell
 * out; so both are started anew several times, and how far the falls of these pairs lie apart is told.
 *
 *   cd bench && npm run insight -- [--on sqlite|postgres] [--only introspect,refresh,…] [--first-of-day]
 *     [--starts 8] [--rounds 12]
 *
 * --first-of-day: each refresh is the first of its grant's day, in the place of one in 24.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { working } from "./contenders/bare.ts";
import type { Operation, Plan, Running } from "./contenders/contender.ts";
import { gatehouseWatched } from "./contenders/gatehouse.ts";
import { type Load, load } from "./load.ts";

const { values } = parseArgs({
  options: {
    on: { type: "string", default: "sqlite" },
    only: { type: "string", default: "introspect,refresh,code,register" },
    "first-of-day": { type: "boolean", default: false },
    starts: { type: "string", default: "8" },
    rounds: { type: "string", default: "12" },
  },
});
const database = values.on === "postgres" ? "postgres" : "sqlite";
const [starts, rounds] = [Number(values.starts), Number(values.rounds)];
const operations = values.only.split(",") as Operation[];
const lanes = 32;
const roundSeconds = 0.7;
const pinned = spawnSync("taskset", ["-a", "-c", "-p", "1", `${process.pid}`]).status === 0;

/** Of one pair of servers, at one operation. */
interface Pair {
  /** Microseconds a request. */
  readonly without: number;
  readonly with: number;
  readonly ratioWithout: number;
  /** Of the ratio, by what is to be seen. */
  readonly fall: number;
  /** Milliseconds. */
  readonly p99Without: number;
  readonly p99With: number;
}

const pairs = new Map<Operation, Pair[]>(operations.map((operation) => [operation, []]));
for (let start = 0; start < starts; start++) await measurePair(start % 2 === 0);

console.log(`${database}, ${starts} pairs of servers, ${rounds} rounds of ${roundSeconds} s each\n`);
console.log(
  "| | without, µs | with, µs | ratio without | its fall with, mean ± standard error | least … most | p99 without, ms | with | more, mean ± standard error |",
);
console.log("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
for (const [operation, measured] of pairs) {
  const all = (figure: keyof Pair) => measured.map((pair) => pair[figure]);
  const more = measured.map(({ p99With, p99Without }) => (p99With / p99Without - 1) * 100);
  const falls = all("fall").toSorted((a, b) => a - b);
  const columns = [
    mean(all("without")).toFixed(1),
    mean(all("with")).toFixed(1),
    mean(all("ratioWithout")).toFixed(3),
    `${mean(falls).toFixed(3)} ± ${standardError(falls).toFixed(3)}`,
    `${falls[0]?.toFixed(3)} … ${falls.at(-1)?.toFixed(3)}`,
    mean(all("p99Without")).toFixed(1),
    mean(all("p99With")).toFixed(1),
    `${mean(more).toFixed(0)} ± ${standardError(more).toFixed(0)} %`,
  ];
  console.log(`| ${operation} | ${columns.join(" | ")} |`);
}
process.exit(0);

async function measurePair(isWatchedFirst: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-insight-"));
  const filled = { tokens: 160_000, codes: 240_000, ...(values["first-of-day"] && { notTodayOneIn: 1 }) };
  const plan: Plan = { core: pinned ? 0 : undefined, lanes, folder, ...filled };
  const begin = (isWatched: boolean) => {
    const own = join(folder, isWatched ? "with" : "without");
    mkdirSync(own);
    return gatehouseWatched(database, isWatched).start({ ...plan, folder: own });
  };
  const first = await begin(isWatchedFirst);
  const second = await begin(!isWatchedFirst);
  const plain = await working.start(plan);
  spawnSync("sync");
  for (const operation of operations) {
    await run(plain, operation, 4);
    // Code that is compiled still costs the one that has more of it more: a tenth after five seconds.
    for (const server of [first, second]) await run(server, operation, 10);
    const [ofPlain, ofFirst, ofSecond]: [Load[], Load[], Load[]] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      if (round % 3 === 0) ofPlain.push(await run(plain, operation));
      // Nobody is always the one after the other.
      if (round % 2 === 0) ofFirst.push(await run(first, operation));
      ofSecond.push(await run(second, operation));
      if (round % 2 === 1) ofFirst.push(await run(first, operation));
    }
    const [ofWith, ofWithout] = isWatchedFirst ? [ofFirst, ofSecond] : [ofSecond, ofFirst];
    const pair = pairOf(ofPlain, ofWithout, ofWith);
    pairs.get(operation)?.push(pair);
    console.error(`${operation}: ${pair.without.toFixed(1)} µs without, ${pair.with.toFixed(1)} with`);
  }
  for (const server of [plain, first, second]) await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function run(server: Running, operation: Operation, seconds = roundSeconds): Promise<Load> {
  const workload = server.workload(operation);
  if (workload === undefined) throw new Error(`${operation} is not compared`);
  return load(server, workload, { lanes, warmUpSeconds: 0.1, seconds });
}

function pairOf(ofPlain: readonly Load[], ofWithout: readonly Load[], ofWith: readonly Load[]): Pair {
  const cpu = (loads: readonly Load[]) => median(loads.map((each) => each.cpu));
  const p99 = (loads: readonly Load[]) => median(loads.map((each) => each.p99));
  const [plain, without, watched] = [cpu(ofPlain), cpu(ofWithout), cpu(ofWith)];
  return {
    without,
    with: watched,
    ratioWithout: plain / without,
    fall: plain / without - plain / watched,
    p99Without: p99(ofWithout),
    p99With: p99(ofWith),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** How far the mean may be from what endless repetition would give, two times in three. */
function standardError(numbers: readonly number[]): number {
  const middle = mean(numbers);
  const squares = numbers.reduce((sum, number) => sum + (number - middle) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1) / numbers.length);
}
