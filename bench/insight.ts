/**
 * What it costs to see (Z08): a server as shipped, with audit trail, traces and metrics, and one without any
 * of them, in turns on the same core, with `node:http` that does the same visible work beside them, and a
 * second one without: how far two of the same lie apart is how much a difference means on this machine.
 *
 *   cd bench && npm run insight -- [--on sqlite|postgres] [--only introspect,refresh,…] [--rounds 12]
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
    rounds: { type: "string", default: "12" },
  },
});
const database = values.on === "postgres" ? "postgres" : "sqlite";
const rounds = Number(values.rounds);
const lanes = 32;
const folder = mkdtempSync(join(tmpdir(), "gatehouse-insight-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const pinned = spawnSync("taskset", ["-a", "-c", "-p", "1", `${process.pid}`]).status === 0;
const plan: Plan = { core: pinned ? 0 : undefined, lanes, tokens: 100_000, codes: 200_000, folder };

const start = (name: string, isWatched: boolean) => {
  const own = join(folder, name);
  mkdirSync(own);
  return gatehouseWatched(database, isWatched).start({ ...plan, folder: own });
};
const servers = {
  working: await working.start(plan),
  without: await start("without", false),
  with: await start("with", true),
  control: await start("control", false),
};
spawnSync("sync");
type Name = keyof typeof servers;
const names = Object.keys(servers) as Name[];

async function run(server: Running, operation: Operation, seconds = 1): Promise<Load> {
  const workload = server.workload(operation);
  if (workload === undefined) throw new Error(`${operation} is not compared`);
  return load(server, workload, { lanes, warmUpSeconds: 0.2, seconds });
}

const at = (numbers: readonly number[], share: number) =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) * share)] ?? 0;
const median = (numbers: readonly number[]) => at(numbers, 0.5);
const spread = (numbers: readonly number[]) =>
  `${median(numbers).toFixed(3)} (${at(numbers, 0.25).toFixed(3)} … ${at(numbers, 0.75).toFixed(3)})`;

console.log(`${database}, ${rounds} rounds of 1 s\n`);
console.log(
  "| | without, µs | with, µs | without again, µs | ratio without | its fall with | fall, without to without | p99 without, with, without, ms |",
);
console.log("|---|---:|---:|---:|---:|---:|---:|---:|");
for (const operation of values.only.split(",") as Operation[]) {
  for (const name of names) await run(servers[name], operation, 3);
  const measured: Record<Name, Load[]> = { working: [], without: [], with: [], control: [] };
  for (let round = 0; round < rounds; round++) {
    // Nobody has always the same place in the row.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as Name;
      measured[name].push(await run(servers[name], operation));
    }
  }
  const own = ["without", "with", "control"] as const;
  const cpu = (name: Name) => measured[name].map((each) => each.cpu);
  const plain = median(cpu("working"));
  const ratios = (name: Name) => cpu(name).map((each) => plain / each);
  const fall = (to: Name) => ratios("without").map((ratio, round) => ratio - (ratios(to)[round] ?? 0));
  const micros = own.map((name) => median(cpu(name)).toFixed(1));
  const p99 = own.map((name) => median(measured[name].map((each) => each.p99)).toFixed(1));
  const ratio = median(ratios("without")).toFixed(3);
  console.log(
    `| ${operation} | ${micros.join(" | ")} | ${ratio} | ${spread(fall("with"))} | ${spread(fall("control"))} | ${p99.join(", ")} |`,
  );
}
for (const name of names) await servers[name].stop();
process.exit(0);
