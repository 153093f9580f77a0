/**
 * What a second process on the same port is worth. The load needs a CPU of its own, so each process of the
 * server may use but a part of one: what is compared is one small CPU with two.
 *
 *   cd bench && npm run workers -- [--workers 2] [--share 0.4]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gatehouseWithWorkers } from "./contenders/gatehouse.ts";
import { forgetLimits, limitCpu } from "./cpu-share.ts";
import { load } from "./load.ts";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "2" },
    share: { type: "string", default: "0.4" },
  },
});
const lanes = 64;

console.log("| store | operation | processes | requests a second | to one | CPUs busy: servers, load |");
console.log("|---|---|---:|---:|---:|---:|");
for (const store of ["sqlite", "postgres"] as const) {
  const one: Record<string, number> = {};
  for (const workers of [1, Number(values.workers)]) {
    const folder = mkdtempSync(join(tmpdir(), "gatehouse-workers-"));
    const plan = { core: undefined, tokens: 100_000, lanes, codes: 1, folder };
    const server = await gatehouseWithWorkers(store, workers).start(plan);
    const [primary = 0, ...others] = server.pids;
    for (const pid of workers === 1 ? [primary] : others) limitCpu(pid, Number(values.share));
    for (const operation of ["introspect", "refresh"] as const) {
      const workload = server.workload(operation);
      if (workload === undefined) continue;
      await load(server, workload, { lanes, warmUpSeconds: 4, seconds: 1 });
      const before = process.cpuUsage();
      const begun = performance.now();
      const { rate, cpu } = await load(server, workload, { lanes, warmUpSeconds: 0.5, seconds: 5 });
      const { user, system } = process.cpuUsage(before);
      const own = (user + system) / ((performance.now() - begun) * 1000);
      one[operation] ??= rate;
      console.log(
        `| ${store} | ${operation} | ${workers} | ${Math.round(rate)} | ${(rate / one[operation]).toFixed(2)} | ${((cpu * rate) / 1e6).toFixed(2)}, ${own.toFixed(2)} |`,
      );
    }
    await server.stop();
    await forgetLimits();
    rmSync(folder, { recursive: true });
  }
}
process.exit(0);
