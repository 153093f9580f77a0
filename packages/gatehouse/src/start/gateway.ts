import type { Config } from "../config/config.ts";
import type { GatewayServices } from "../gateway/door.ts";
import { createGateway, type Gateway } from "../gateway/gateway.ts";
import type { Reloadable } from "./reload.ts";

/** The doors in front of the MCP servers that the configuration names, which a changed one replaces. */
export interface GatewayInForce extends Reloadable {
  readonly taker: Pick<Gateway, "claims" | "handle">;
  close(): Promise<void>;
}

export function startGateway(
  config: Config,
  services: Omit<GatewayServices, "streams" | "isServed">,
): GatewayInForce {
  const gateway = createGateway(config.servers, services);
  return {
    taker: gateway,
    apply: (changed) => gateway.apply(changed.servers),
    close: () => gateway.close(),
  };
}
