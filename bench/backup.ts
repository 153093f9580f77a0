/**
 * What a backup beside a busy server costs those who refresh: their times at rest and while `gatehouse
 * backup` copies a large database, at a given rate and as fast as the server can.
 *
 *   cd bench && npm run backup -- [--tokens 1000000] [--rate 500] [--rounds 3]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gatehouseOnSqlite } from "./contenders/gatehouse.ts";
import { load } from "./load.ts";

const { values } = parseArgs({
  options: {
    tokens: { type: "string", default: "1000000" },
    rate: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
  },
});
const tokens = Number(values.tokens);
const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"));
const server = await gatehouseOnSqlite.start({ core: undefined, tokens, lanes: 32, codes: 1, folder });
const database = join(folder, "gatehouse.db");
const copy = join(folder, "copy.db");
const command = join(import.meta.dirname, "../packages/gatehouse/bin/gatehouse.js");

async function backUp(): Promise<void> {
  const child = spawn(process.execPath, [command, "backup", "--overwrite", copy], {
    env: { SQL_URL: `sqlite:${database}` },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the backup ended with ${code}`);
}

const workload = server.workload("refresh");
if (workload === undefined) throw new Error("no refreshes");
const shown = (milliseconds: number) => `${milliseconds.toFixed(1)} ms`;
console.log(`${(statSync(database).size / 1e6).toFixed(0)} MB\n`);
console.log("| load | beside | refreshes/s | median | 99 % | backup |\n|---|---|---:|---:|---:|---:|");
for (let round = 0; round < Number(values.rounds); round++) {
  for (const rate of [Number(values.rate), undefined]) {
    const options = { lanes: rate === undefined ? 4 : 32, warmUpSeconds: 2, ...(rate && { rate }) };
    for (const beside of ["nothing", "backup"]) {
      let took = 0;
      const copying = async () => {
        const begun = performance.now();
        await backUp();
        took = (performance.now() - begun) / 1000;
      };
      const measured = await load(server, workload, {
        ...options,
        seconds: beside === "backup" ? copying : 10,
      });
      console.log(
        `| ${rate === undefined ? "4 clients" : `${rate}/s`} | ${beside} | ${measured.rate.toFixed(0)} | ${shown(measured.median)} | ${shown(measured.p99)} | ${took === 0 ? "" : `${took.toFixed(1)} s`} |`,
      );
    }
  }
}
await server.stop();
rmSync(folder, { recursive: true });
process.exit(0);
