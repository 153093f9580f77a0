import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chart } from "./chart.ts";
import { compare } from "./compare.ts";
import { bare, working } from "./contenders/bare.ts";
import { betterAuth } from "./contenders/better-auth.ts";
import type { Contender, Plan } from "./contenders/contender.ts";
import { gatehouseOnPostgres, gatehouseOnSqlite } from "./contenders/gatehouse.ts";
import { nodeOauth } from "./contenders/node-oauth.ts";
import { oidcProvider, oidcProviderOnSqlite } from "./contenders/oidc-provider.ts";
import { measure } from "./measure.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { report } from "./report.ts";
import type { ContenderResults, Results } from "./results.ts";

const contenders = [
  gatehouseOnSqlite,
  gatehouseOnPostgres,
  oidcProvider,
  oidcProviderOnSqlite,
  betterAuth,
  nodeOauth,
];
const resultsFolder = join(import.meta.dirname, "results");

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(usage);
  else await run(options);
  process.exit(0);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function run(options: Options): Promise<void> {
  const { servers } = options;
  const chosen = contenders.filter(({ name }) => servers === undefined || servers.includes(name));
  if (chosen.length === 0) throw new Error(`no server of that name; there are ${names(contenders)}`);
  const earlier = options.against === undefined ? undefined : read(options.against);
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const { lanes, otherLanes, tokens, codes } = options;
  const core = pinSelf() ? 0 : undefined;
  const plan: Plan = { core, lanes: Math.max(lanes, ...otherLanes), tokens, codes, folder };
  const beside = { bare: await bare.start(plan), working: await working.start(plan) };
  const results: ContenderResults[] = [];
  for (const contender of chosen) results.push(await measure(contender, beside, plan, options));
  for (const server of Object.values(beside)) await server.stop();
  save(
    {
      date: new Date().toISOString(),
      machine: {
        cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
        cores: cpus().length,
        node: process.versions.node,
        pinned: plan.core !== undefined,
      },
      settings: { lanes, otherLanes, tokens, rounds: options.rounds, seconds: options.seconds },
      contenders: results,
    },
    options,
    earlier,
  );
}

function save(results: Results, { name, publish }: Options, earlier: Results | undefined): void {
  mkdirSync(resultsFolder, { recursive: true });
  const text = `${report(results)}\n`;
  writeFileSync(join(resultsFolder, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(resultsFolder, `${name}.md`), text);
  console.log(text);
  if (earlier !== undefined) console.log(compare(earlier, results));
  if (publish === undefined) return;
  writeFileSync(resolve(publish, "performance-figures.md"), text);
  writeFileSync(resolve(publish, "performance.svg"), chart(results));
}

/** @param which a file, or the name of an earlier run */
function read(which: string): Results {
  const path = which.endsWith(".json") ? resolve(which) : join(resultsFolder, `${which}.json`);
  return JSON.parse(readFileSync(path, "utf8")) as Results;
}

/** Leaves the first core to the servers. False where that cannot be. */
function pinSelf(): boolean {
  return (
    process.platform === "linux" &&
    cpus().length > 1 &&
    spawnSync("taskset", ["-a", "-c", "-p", "1", `${process.pid}`]).status === 0
  );
}

function names(some: readonly Contender[]): string {
  return some.map(({ name }) => name).join(", ");
}
