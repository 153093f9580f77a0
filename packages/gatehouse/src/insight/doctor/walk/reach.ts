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

/** Of the innermost of its addresses. Rejects as `resolve` does. */
export async function reachOf({ hostname }: URL, resolve: Resolve): Promise<Reach> {
  const addresses = isIpLiteral(hostname) ? [literal(hostname)] : (await resolve(hostname)).map(addressOf);
  if (addresses.some(isLoopbackAddress)) return "loopback";
  return addresses.every(isPublicAddress) ? "public" : "private";
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

const addressOf = ({ address }: { readonly address: string }) => address;
