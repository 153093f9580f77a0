import ipaddr from "ipaddr.js";

/**
 * Who counts as one behind an address: of IPv6, where everybody owns at least a /64, that network; else the
 * address itself.
 */
export function subscriberOf(address: string): string {
  const bare = address.replace(/%.*$/, "");
  if (!bare.includes(":") || !ipaddr.isValid(bare)) return address;
  const parsed = ipaddr.process(bare);
  if (!(parsed instanceof ipaddr.IPv6)) return address;
  const network = parsed.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(":")}::/64`;
}
