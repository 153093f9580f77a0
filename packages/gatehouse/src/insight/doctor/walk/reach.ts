import ipaddr from "ipaddr.js";
import type { Resolve } from "../../../guarded/checked-lookup.ts";
import { isLoopbackAddress, isPublicAddress } from "../../../guarded/public-address.ts";
import { isIpLiteral } from "../../../oauth/host.ts";

/*
 * A server that is walked says where to go next, and may be hostile. Whoever named it can reach it; nothing
 * further inside than it is may be reached because it says so.
 */

/** How far inside the server lies that was named: on the internet, in a private network, on this computer. */
export type Reach = "public" | "private" | "loopback";

/** Where a server lies, and a look-up that finds it there for as long as it is walked to. */
export interface Located {
  readonly reach: Reach;
  readonly resolve: Resolve;
}

/**
 * Looks the server up once: whoever answers for its name could answer otherwise the next time, and lead from
 * there further in. One with a public address among others is public. Rejects as `resolve` does.
 */
export async function locate({ hostname }: URL, resolve: Resolve): Promise<Located> {
  if (isIpLiteral(hostname)) return { reach: reachOf([literal(hostname)]), resolve };
  const found = await resolve(hostname);
  return {
    reach: reachOf(found.map(({ address }) => address)),
    resolve: async (host) => (host === hostname ? found : resolve(host)),
  };
}

function reachOf(addresses: readonly string[]): Reach {
  if (addresses.some(isPublicAddress)) return "public";
  return addresses.every(isLoopbackAddress) ? "loopback" : "private";
}

/** Which addresses may be connected to. Never those of the link, where clouds keep their secrets. */
export function allowedWithin(reach: Reach): (address: string) => boolean {
  if (reach === "public") return isPublicAddress;
  return (address) => {
    if (!ipaddr.isValid(address) || ipaddr.process(address).range() === "linkLocal") return false;
    return reach === "loopback" || !isLoopbackAddress(address);
  };
}

/** The address in the host of a URL that names one. */
export function literal(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
