import type { Config } from "../config/config.ts";
import type { Gateway, SharedServices } from "../gateway/gateway.ts";
import { whyUnreachable } from "../gateway/reachable.ts";
import type { Reloadable } from "./reload.ts";

/** The doors in front of the MCP servers that the configuration names, which a changed one replaces. */
export interface GatewayInForce extends Reloadable {
  readonly taker: Pick<Gateway, "find">;
  readonly inUse: Gateway["inUse"];
  readonly lookSoon: Gateway["lookSoon"];
  /** Ends streams, each after a whole event: the process stops. */
  end(): void;
  close(): Promise<void>;
}

/** Loaded where there is a server to be in front of: its HTTP client takes a tenth of the time to start. */
export async function startGateway(config: Config, services: SharedServices): Promise<GatewayInForce> {
  let gateway: Gateway | undefined;
  const load = async ({ servers }: Pick<Config, "servers">) => {
    if (gateway !== undefined || servers.length === 0) return;
    gateway = (await import("../gateway/gateway.ts")).createGateway([], services);
  };
  await load(config);
  gateway?.apply(config.servers);
  return {
    taker: { find: (request) => gateway?.find(request) },
    prepare: load,
    apply: (changed) => gateway?.apply(changed.servers),
    inUse: () => gateway?.inUse() ?? new Map(),
    lookSoon: (ended) => gateway?.lookSoon(ended),
    end: () => gateway?.end(),
    close: async () => gateway?.close(),
  };
}

/** Of each server that cannot be reached at the moment what to know of it, in a sentence (W01). */
export async function reachability(
  { servers }: Pick<Config, "servers">,
  searchPath: string,
): Promise<readonly string[]> {
  const found = await Promise.all(
    servers.map(async (server) => {
      const reason = await whyUnreachable(server, searchPath);
      if (reason === undefined) return [];
      const { backend, name } = server;
      const behind =
        backend.kind === "stdio" ? backend.command[0] : (backend.socketPath ?? backend.url.origin);
      return [`the MCP server ${name} (${behind}) cannot be reached: ${reason}. Calls fail until it can.`];
    }),
  );
  return found.flat();
}
