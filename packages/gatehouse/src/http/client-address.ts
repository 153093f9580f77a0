import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Block = [Address, number];

/** Tells where a request comes from, looking through the proxies that are trusted and no others (S02). */
export type AddressReader = (request: IncomingMessage) => string;

/**
 * @param trustedProxies addresses, CIDR blocks, or `loopback`
 * @param onIgnored told, once, which peer sent a forwarding header that does not count
 */
export function createAddressReader(
  trustedProxies: readonly string[],
  onIgnored: (peer: string) => void = () => {},
): AddressReader {
  let told = false;
  const tellOnce = (peer: string) => {
    if (!told) onIgnored(peer);
    told = true;
    return peer;
  };
  const blocks = trustedProxies.flatMap(parseBlock);
  const isTrusted = (address: Address) => blocks.some((block) => isWithin(address, block));
  return (request) => {
    const { remoteAddress = "unknown" } = request.socket;
    const forwarded = request.headers["x-forwarded-for"];
    if (forwarded === undefined) return withoutMapping(remoteAddress);
    if (blocks.length === 0) return tellOnce(withoutMapping(remoteAddress));
    const peer = parse(remoteAddress);
    if (peer === undefined) return remoteAddress;
    if (!isTrusted(peer)) return tellOnce(peer.toString());
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

/**
 * Makes the check whether a request's peer is one of the trusted proxies.
 * @param trustedProxies as for {@link createAddressReader}
 */
export function createPeerCheck(trustedProxies: readonly string[]): (request: IncomingMessage) => boolean {
  const isTrusted = createProxyCheck(trustedProxies);
  return ({ socket }) => isTrusted(socket.remoteAddress ?? "");
}

/** The same of an address. */
export function createProxyCheck(trustedProxies: readonly string[]): (address: string) => boolean {
  const blocks = trustedProxies.flatMap(parseBlock);
  return (text) => {
    const address = blocks.length === 0 ? undefined : parse(text);
    return address !== undefined && blocks.some((block) => isWithin(address, block));
  };
}

/** The kernel writes the IPv4 address of a dual-stack socket's peer as an IPv6 one. */
function withoutMapping(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** Some proxies add the port: `203.0.113.7:4711`, `[2001:db8::1]:4711`. */
function parse(text: string): Address | undefined {
  const bare = text
    .replace(/^\[(.*)\](?::\d+)?$/, "$1")
    .replace(/^([\d.]+):\d+$/, "$1")
    .replace(/%.*$/, "");
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
