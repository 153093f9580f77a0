/**
 * What it costs to count: introspection and refresh on SQLite, of a server that counts for metrics and one
 * that does not, in turns on the same core, with bare `node:http` beside them, and another that does not: how
 * far two of the same lie apart is how much a difference means on this machine.
 *
 *   cd bench && npm run metrics
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bare } from "./contenders/bare.ts";
import type { Operation, Plan, Running } from "./contenders/contender.ts";
import { gatehouseCounting } from "./contenders/gatehouse.ts";
import { type Load, load } from "./load.ts";

const rounds = Number(process.argv[2] ?? 30);
const lanes = 32;
const folder = mkdtempSync(join(tmpdir(), "gatehouse-metrics-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const pinned = spawnSync("taskset", ["-a", "-c", "-p", "1", `${process.pid}`]).status === 0;
const plan: Plan = { core: pinned ? 0 : undefined, lanes, tokens: 50_000, codes: 1, folder };

const start = (name: string, isCounting: boolean) => {
  const own = join(folder, name);
  mkdirSync(own);
  return gatehouseCounting(isCounting).start({ ...plan, folder: own });
};
const servers = {
  bare: await bare.start(plan),
  off: await start("off", false),
  on: await start("on", true),
  control: await start("control", false),
};
type Name = keyof typeof servers;
const names = Object.keys(servers) as Name[];

async function run(server: Running, operation: Operation, seconds = 1): Promise<Load> {
  const workload = server.workload(operation);
  if (workload === undefined) throw new Error(`${operation} is not compared`);
  return load(server, workload, { lanes, warmUpSeconds: 0.2, seconds });
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const at = (values: readonly number[], share: number) =>
  sorted(values)[Math.floor((values.length - 1) * share)] ?? 0;
const spread = (values: readonly number[]) =>
  `${at(values, 0.5).toFixed(3)} (${at(values, 0.25).toFixed(3)} … ${at(values, 0.75).toFixed(3)})`;

console.log(
  "| | off, µs | on, µs | off again, µs | ratio off | fall when on | fall off to off | p99 off, on |",
);
console.log("|---|---:|---:|---:|---:|---:|---:|---:|");
for (const operation of ["introspect", "refresh"] as const) {
  for (const name of names) await run(servers[name], operation, 3);
  const measured: Record<Name, Load[]> = { bare: [], off: [], on: [], control: [] };
  for (let round = 0; round < rounds; round++) {
    // Nobody has always the same place in the row.
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as Name;
      measured[name].push(await run(servers[name], operation));
    }
  }
  const cpu = (name: Name) => measured[name].map((each) => each.cpu);
  const plain = at(cpu("bare"), 0.5);
  const ratios = (name: Name) => cpu(name).map((own) => plain / own);
  const fall = (from: Name, to: Name) => ratios(from).map((ratio, round) => ratio - (ratios(to)[round] ?? 0));
  const micros = (["off", "on", "control"] as const).map((name) => at(cpu(name), 0.5).toFixed(1));
  const p99 = (name: Name) =>
    at(
      measured[name].map((each) => each.p99),
      0.5,
    ).toFixed(0);
  console.log(
    `| ${operation} | ${micros.join(" | ")} | ${at(ratios("off"), 0.5).toFixed(3)} | ${spread(fall("off", "on"))} | ${spread(fall("off", "control"))} | ${p99("off")}, ${p99("on")} ms |`,
  );
}
for (const name of names) await servers[name].stop();
process.exit(0);
