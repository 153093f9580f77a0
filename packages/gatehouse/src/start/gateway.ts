import type { Config } from "../config/config.ts";
import { createGateway, type Gateway, type SharedServices } from "../gateway/gateway.ts";
import { whyUnreachable } from "../gateway/reachable.ts";
import type { Reloadable } from "./reload.ts";

/** The doors in front of the MCP servers that the configuration names, which a changed one replaces. */
export interface GatewayInForce extends Reloadable {
  readonly taker: Pick<Gateway, "claims" | "handle">;
  /** Ends streams, each after a whole event: the process stops. */
  end(): void;
  close(): Promise<void>;
}

export function startGateway(config: Config, services: SharedServices): GatewayInForce {
  const gateway = createGateway(config.servers, services);
  return {
    taker: gateway,
    apply: (changed) => gateway.apply(changed.servers),
    end: () => gateway.end(),
    close: () => gateway.close(),
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
