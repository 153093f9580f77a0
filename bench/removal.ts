/**
 * What everybody else notices while a client with many grants is removed: refreshes at a steady rate, before
 * and while `gatehouse clients remove` is at it, which is a process of its own on the core of the load.
 *
 *   cd bench && npm run removal -- [--grants 100000] [--rate 500] [--stores sqlite,postgres]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { doomedClientId, gatehouseWithWorkers } from "./contenders/gatehouse.ts";
import { measureFlushes } from "./flushes.ts";
import { secretKey } from "./live-tokens.ts";
import { load } from "./load.ts";

const { values } = parseArgs({
  options: {
    grants: { type: "string", default: "100000" },
    rate: { type: "string", default: "500" },
    stores: { type: "string", default: "sqlite,postgres" },
  },
});
const program = join(import.meta.dirname, "../packages/gatehouse/bin/gatehouse.js");
const how = { lanes: 32, warmUpSeconds: 1, seconds: 5, rate: Number(values.rate) };

console.log(
  "| store | refreshes a second | median, p99 before, ms | meanwhile | removed in | a flush of the disk, p99 |",
);
console.log("|---|---:|---:|---:|---:|---:|");
for (const store of values.stores.split(",") as ("sqlite" | "postgres")[]) {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-removal-"));
  const plan = {
    core: 0,
    tokens: 100_000,
    lanes: how.lanes,
    codes: 1,
    doomed: Number(values.grants),
    folder,
  };
  const server = await gatehouseWithWorkers(store, 1).start(plan);
  const refreshes = server.workload("refresh");
  if (refreshes === undefined) throw new Error("it refreshes nothing");
  await load(server, refreshes, { lanes: how.lanes, warmUpSeconds: 5, seconds: 1 });
  const flushes = measureFlushes(folder);
  const before = await load(server, refreshes, how);
  const begun = performance.now();
  const removing = [process.execPath, program, "clients", "remove", doomedClientId, "--yes"];
  const removal = spawn("taskset", ["-c", "1", ...removing], {
    env: { ...process.env, SQL_URL: server.sqlUrl, SECRET_KEY: secretKey },
    stdio: ["ignore", "ignore", "inherit"],
  });
  let took = Number.NaN;
  const removed = once(removal, "exit").then(([code]) => {
    if (code !== 0) throw new Error(`the removal ended with ${code}`);
    took = (performance.now() - begun) / 1000;
  });
  const meanwhile = await load(server, refreshes, { ...how, warmUpSeconds: 0.5 });
  await removed;
  const times = ({ median, p99 }: typeof before) => `${median.toFixed(1)}, ${p99.toFixed(1)}`;
  console.log(
    `| ${store} | ${Math.round(before.rate)} | ${times(before)} | ${times(meanwhile)} | ${took.toFixed(1)} s | ${flushes.p99.toFixed(1)} |`,
  );
  await server.stop();
  rmSync(folder, { recursive: true });
}
process.exit(0);
