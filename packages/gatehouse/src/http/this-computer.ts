import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

/*
 * Whether a request was made on this computer, by a browser or program that speaks to us itself: for what
 * nobody else may reach.
 */

/**
 * What proxies, tunnels and content networks add, in lower case, besides what begins as in {@link
 * forwardingPrefix}.
 */
const forwardingHeaders = new Set([
  "forwarded",
  "via",
  "cdn-loop",
  "proxy-connection",
  "x-forwarded",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-remote-ip",
  "x-proxyuser-ip",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "fly-client-ip",
]);
const forwardingPrefix = /^x-(?:forwarded|original|envoy|arr|azure|appengine)-/;

/**
 * Why a request does not count as one of this computer: its peer is another one, a proxy stands between
 * (which would make everybody's requests look like ours), or it was meant for another name. Forwarding
 * headers count whoever sends them: no `TRUSTED_PROXIES` lifts that.
 *
 * @returns the reason, for the person who runs this; `undefined` when it does count
 */
export function reasonToRefuse({ socket, headers, httpVersion }: IncomingMessage): string | undefined {
  if (!isLoopbackAddress(socket.remoteAddress)) return "the request comes from another computer";
  const header = Object.keys(headers).find(isForwardingHeader);
  if (header !== undefined) return `the request came through a proxy, which added the header ${header}`;
  // What nginx says upstream unless it is told otherwise; no browser of today does.
  if (httpVersion === "1.0") return "the request came through a proxy: it is HTTP/1.0";
  // A name that leads here from elsewhere: a tunnel, or a site that rebound its own (DNS rebinding).
  if (!isLoopbackName(headers.host ?? "")) return "the request is for another host than this computer";
  return undefined;
}

function isForwardingHeader(name: string): boolean {
  return forwardingHeaders.has(name) || forwardingPrefix.test(name);
}

export function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}

/** Of a `Host` header, port included. `localhost` and what is below it lead nowhere else (RFC 6761 §6.3). */
function isLoopbackName(host: string): boolean {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return /^(?:.+\.)?localhost$/.test(name) || isLoopbackAddress(name.replace(/^\[(.*)\]$/, "$1"));
}
