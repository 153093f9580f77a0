import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Block = [Address, number];

/** Tells where a request comes from, looking through the proxies that are trusted and no others (S02). */
export type AddressReader = (request: IncomingMessage) => string;

/** @param trustedProxies addresses, CIDR blocks, or `loopback` */
export function createAddressReader(trustedProxies: readonly string[]): AddressReader {
  const blocks = trustedProxies.flatMap(parseBlock);
  const isTrusted = (address: Address) => blocks.some((block) => isWithin(address, block));
  return (request) => {
    const peer = parse(request.socket.remoteAddress ?? "");
    if (peer === undefined) return "unknown";
    const forwarded = request.headers["x-forwarded-for"];
    if (forwarded === undefined || blocks.length === 0) return peer.toString();
    // From the right: each hop was written by the one after it, and counts only if that one is trusted.
    let nearest = peer;
    for (const hop of String(forwarded).split(",").reverse()) {
      if (!isTrusted(nearest)) break;
      const next = parse(hop.trim());
      if (next === undefined) break;
      nearest = next;
    }
    return nearest.toString();
  };
}

/** The key limits count under: an IPv6 subscriber owns at least a /64, so that is one key. */
export function limitKey(address: string): string {
  const parsed = parse(address);
  if (parsed === undefined || parsed.kind() === "ipv4") return address;
  return `${(parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(":")}::/64`;
}

function parse(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\](?::\d+)?$/, "$1").replace(/%.*$/, "");
  // `process` turns an IPv4-mapped IPv6 address into the IPv4 one it is.
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

function parseBlock(text: string): Block[] {
  if (text === "loopback") return [ipaddr.parseCIDR("127.0.0.0/8"), ipaddr.parseCIDR("::1/128")];
  if (text.includes("/")) return [ipaddr.parseCIDR(text)];
  const address = ipaddr.process(text);
  return [[address, address.kind() === "ipv4" ? 32 : 128]];
}

function isWithin(address: Address, [base, bits]: Block): boolean {
  return address.kind() === base.kind() && address.match(base, bits);
}
