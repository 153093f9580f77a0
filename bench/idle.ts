/**
 * What an idle connection costs: memory of bare `node:http` and of Gatehouse before and after so many clients
 * asked once and stayed.
 *
 *   cd bench && npm run idle -- [--connections 5000]
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bare } from "./contenders/bare.ts";
import type { Running } from "./contenders/contender.ts";
import { gatehouseOnSqlite } from "./contenders/gatehouse.ts";
import { load } from "./load.ts";
import { memory } from "./process.ts";

const { values } = parseArgs({ options: { connections: { type: "string", default: "5000" } } });
const count = Number(values.connections);
const folder = mkdtempSync(join(tmpdir(), "gatehouse-idle-"));
const plan = { core: undefined, tokens: 1000, lanes: 32, codes: 1, folder };

for (const contender of [bare, gatehouseOnSqlite]) {
  const server = await contender.start(plan);
  const workload = server.workload("introspect");
  // Warm, so that what code and its compiler take is not taken for the connections'.
  if (workload !== undefined) await load(server, workload, { lanes: 32, warmUpSeconds: 1, seconds: 3 });
  const [pid = 0] = server.pids;
  const before = memory(pid).own;
  const sockets: Socket[] = [];
  while (sockets.length < count) sockets.push(await askOnce(server, workload?.next(0) ?? ""));
  const kilobytes = (memory(pid).own - before) / count / 1024;
  console.log(`${contender.name}: ${kilobytes.toFixed(1)} kB for each of ${count} idle connections`);
  for (const socket of sockets) socket.destroy();
  await server.stop();
}
rmSync(folder, { recursive: true });
process.exit(0);

async function askOnce({ host, port }: Running, request: string | Buffer): Promise<Socket> {
  const socket = connect({ host, port });
  socket.write(request);
  await once(socket, "data");
  return socket;
}
