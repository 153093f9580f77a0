/**
 * Does memory grow? Loads Gatehouse on SQLite with introspections and, in turns, refreshes, registrations and
 * garbage, and tells every half minute what the process holds.
 *
 *   cd bench && npm run soak -- [--minutes 10]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gatehouseOnSqlite } from "./contenders/gatehouse.ts";
import { load } from "./load.ts";
import { memory } from "./process.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const folder = mkdtempSync(join(tmpdir(), "gatehouse-soak-"));
const lanes = 32;
const server = await gatehouseOnSqlite.start({ core: undefined, tokens: 1_000_000, lanes, codes: 1, folder });
const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
const tell = (at: string) => {
  const [pid = 0] = server.pids;
  const { own, file } = memory(pid);
  console.log(`| ${at} | ${megabytes(own)} MB | ${megabytes(file)} MB |`);
};

console.log("| after | memory of its own | files in memory |\n|---|---:|---:|");
tell("start");
const turns = Number(values.minutes) * 2;
for (let turn = 1; turn <= turns; turn++) {
  for (const operation of ["introspect", "refresh", "register", "garbage"] as const) {
    const workload = server.workload(operation);
    const seconds = operation === "introspect" ? 12 : 5;
    if (workload !== undefined) await load(server, workload, { lanes, warmUpSeconds: 0.5, seconds });
  }
  tell(`${turn / 2} min`);
}
await server.stop();
rmSync(folder, { recursive: true });
process.exit(0);
