/**
 * What the door in front of an MCP server costs, beside the smallest reverse proxy on `node:http` in front of
 * the same server: CPU time a call, milliseconds it adds, and memory of silent streams.
 *
 *   cd bench && npm run gateway -- [--rounds 5] [--seconds 3] [--streams 5000]
 */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ClientId } from "../packages/gatehouse/src/oauth/values.ts";
import { seconds } from "../packages/gatehouse/src/oauth/values.ts";
import { openSqliteStore } from "../packages/gatehouse/src/storage/sqlite/store.ts";
import type { Workload } from "./contenders/contender.ts";
import { fillSqlite } from "./fill.ts";
import { clientId, email, grantRows, resource, scope, sealedToken, secretKey } from "./live-tokens.ts";
import { load } from "./load.ts";
import { freePort, memory, type ServerProcess, startServer } from "./process.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    streams: { type: "string", default: "5000" },
  },
});
const rounds = Number(values.rounds);
const length = Number(values.seconds);
const streamCount = Number(values.streams);
const tokens = 10_000;
/** Servers under measurement share a core, the load and the MCP server have the other. */
const [measured, beside] = [0, 1];
const { host: publicHost } = new URL(resource);

const folder = mkdtempSync(join(tmpdir(), "gatehouse-gateway-"));
const behindPort = await freePort();
const behind = await start("peers/mcp-server.ts", behindPort, {}, beside);
const proxyPort = await freePort();
const proxy = await start("peers/smallest-proxy.ts", proxyPort, { UPSTREAM_PORT: `${behindPort}` }, measured);
const doorPort = await freePort();
const door = await startDoor(doorPort, behindPort);

try {
  const running = ({ pid }: ServerProcess, port: number) => ({ host: "127.0.0.1", port, pids: [pid] });
  const contenders = {
    direct: running(behind, behindPort),
    proxy: running(proxy, proxyPort),
    door: running(door, doorPort),
  };
  for (const [what, lanes] of [
    ["small", 32],
    ["small", 1],
    ["big", 8],
  ] as const) {
    const workload = calls(what);
    const how = { lanes, warmUpSeconds: 0.5, seconds: length };
    // Ten seconds after it began a tenth of the door's time still goes into compiling it, later a fiftieth.
    await load(contenders.door, workload, { ...how, warmUpSeconds: 12 });
    await load(contenders.proxy, workload, { ...how, warmUpSeconds: 12 });
    const ratios: number[] = [];
    const added: number[] = [];
    const costs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const direct = await load(contenders.direct, workload, how);
      const plain = await load(contenders.proxy, workload, how);
      const own = await load(contenders.door, workload, how);
      ratios.push(plain.cpu / own.cpu);
      costs.push(own.cpu);
      added.push(own.median - direct.median);
    }
    console.log(
      `${what} calls, ${lanes} at once: ${show(ratios)} of the smallest proxy by CPU, ${show(costs, 0)} µs; the median is ${show(added, 3)} ms above that without anything between`,
    );
  }
  if (streamCount > 0) {
    for (const name of ["proxy", "door"] as const) {
      const { port, pids } = contenders[name];
      const [pid = 0] = pids;
      const before = memory(pid).own;
      const open: Socket[] = [];
      while (open.length < streamCount) {
        const next = Array.from(
          { length: Math.min(50, streamCount - open.length) },
          (_, n) => open.length + n,
        );
        open.push(...(await Promise.all(next.map((n) => listen(port, n)))));
      }
      const bytes = memory(pid).own - before;
      console.log(`${streamCount} silent streams, ${name}: ${(bytes / 1e6).toFixed(0)} MB`);
      for (const socket of open) socket.destroy();
    }
  }
} finally {
  await Promise.all([door.stop(), proxy.stop(), behind.stop()]);
  rmSync(folder, { recursive: true });
}
process.exit(0);

function show(figures: readonly number[], digits = 3): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const middle = sorted[sorted.length >> 1] ?? 0;
  return `${middle.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** Of other people each time. */
function calls(tool: "small" | "big"): Workload {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: tool, arguments: { note: "Buy milk, and do not forget the bread this time." } },
  });
  const head = `POST /mcp HTTP/1.1\r\nHost: ${publicHost}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\nContent-Length: ${body.length}\r\n`;
  const all = Array.from(
    { length: tokens },
    (_, n) => `${head}Authorization: Bearer ${sealedToken(n)}\r\n\r\n${body}`,
  );
  let turn = 0;
  return { next: () => all[turn++ % all.length] as string, status: 200 };
}

async function listen(port: number, n: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write(
    `GET /mcp HTTP/1.1\r\nHost: ${publicHost}\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${sealedToken(n)}\r\n\r\n`,
  );
  const [answer] = (await once(socket, "data")) as [Buffer];
  if (!answer.toString("latin1").startsWith("HTTP/1.1 200 ")) throw new Error(answer.toString());
  return socket;
}

function start(file: string, port: number, environment: Record<string, string>, core: number) {
  return startServer({
    args: [join(import.meta.dirname, file)],
    environment: { PORT: `${port}`, ...environment },
    core,
    firstAnswer: `http://127.0.0.1:${port}/none`,
  });
}

/** As shipped, with ten thousand people who may call. */
async function startDoor(port: number, upstreamPort: number): Promise<ServerProcess> {
  const path = join(folder, "gatehouse.db");
  const store = await openSqliteStore({ path });
  const now = seconds(Date.now() / 1000);
  await store.addClient({
    id: clientId as ClientId,
    authMethod: "none",
    secretHash: undefined,
    clearSecret: undefined,
    keys: undefined,
    redirectUris: ["http://127.0.0.1:33418/callback"],
    grantTypes: ["authorization_code", "refresh_token"],
    scope,
    metadata: { name: "Bench" },
    dynamicallyRegistered: true,
    shared: false,
    createdAt: now,
    lastUsedAt: undefined,
  });
  await store.close();
  await fillSqlite(path, async (fill) => {
    const grants = [...grantRows(tokens)];
    await fill("gatehouse_grants", grants);
    await fill(
      "gatehouse_accounts",
      grants.map(({ subject }, n) => ({
        subject: subject as string,
        issuer: "https://accounts.example.com",
        upstream_subject: `${n}`,
        provider: "default",
        email,
        name: "Alice Liddell",
        group_names: "[]",
        confirmed_at: now,
        created_at: now,
        signed_in_at: now,
      })),
    );
  });
  const config = join(folder, "gatehouse.yaml");
  writeFileSync(
    config,
    `servers:\n  - name: notes\n    path: /mcp\n    upstream: http://127.0.0.1:${upstreamPort}/mcp\n    scopes:\n      - { name: "notes:read", sentence: Read your notes }\n`,
  );
  return startServer({
    args: [join(import.meta.dirname, "../packages/gatehouse/bin/gatehouse.js"), "serve", "--config", config],
    environment: {
      PORT: `${port}`,
      HOST: "127.0.0.1",
      BASE_URL: new URL(resource).origin,
      SQL_URL: `sqlite:${path}`,
      SECRET_KEY: secretKey,
      RATE_LIMITS: "off",
      METRICS_LISTEN: `127.0.0.1:${await freePort()}`,
      UPSTREAM_ISSUER: "http://localhost:1",
      OAUTH2_CLIENT_ID: "bench",
      OAUTH2_CLIENT_SECRET: "bench",
    },
    core: measured,
    firstAnswer: `http://127.0.0.1:${port}/readyz`,
    logs: true,
  });
}
