import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * Within the blocks that are routed at all, those with a purpose of their own which `ipaddr.js` does not know
 * (IANA special-purpose registries).
 */
const alsoSpecial = [
  ["192.0.0.0", 24],
  ["198.18.0.0", 15],
  ["3fff::", 20],
] as const;
/**
 * RFC 4291 §2.4: all IPv6 addresses that are given out. Leaves out those that embed or translate IPv4 (::/96,
 * 64:ff9b::/96 …).
 */
const givenOut = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Whether an address belongs to the public internet (I08): none of this computer, of a private network, of a
 * link, of a translator into one of these (IPv4-mapped, NAT64, 6to4, Teredo), or of documentation.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0) return false; // `ipaddr.js` reads odder forms as well
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(givenOut)) return false;
  return !alsoSpecial.some(([network, bits]) => {
    const block = ipaddr.parse(network);
    return block.kind() === parsed.kind() && parsed.match(block, bits);
  });
}

/** An address of this computer. */
export function isLoopbackAddress(address: string): boolean {
  return isIP(address) !== 0 && ipaddr.process(address).range() === "loopback";
}
