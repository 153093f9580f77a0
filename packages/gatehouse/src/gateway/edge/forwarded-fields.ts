import type { IncomingMessage } from "node:http";
import { isHopByHop, namedByConnection } from "../fields.ts";
import type { HttpBackendSettings, ProtectedServer } from "../protected-server.ts";
import { targetOf } from "./target.ts";
import { doorName } from "./via.ts";

/** Written anew here, answered here, or able to make a server take another path or method than ours. */
const notSentOn = new Set([
  "host",
  "content-length",
  "expect",
  "origin",
  "authorization",
  "cookie",
  "dpop",
  "x-original-url",
  "x-rewrite-url",
  "x-http-method-override",
  "x-http-method",
  "x-method-override",
]);

/** Says where a request comes from: only what trusted proxies say is believed, and sent on. */
const forwarding =
  /^(?:forwarded|x-forwarded.*|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|(?:cf|fastly|fly)-(?:connecting|client)-ip)$/;

/** Of one request, what its fields do not say. */
export interface Provenance {
  /** Whether it comes from a proxy that the operator trusts. */
  readonly isThroughProxy: boolean;
  /** Whether its answer has to be read, and must not be coded. */
  readonly isRead: boolean;
}

/** Makes what the server gets of a client's fields: those of the message, not its connection (W26, W27). */
export function createForwardedFields(
  server: Pick<ProtectedServer, "address" | "backend">,
): (request: IncomingMessage, provenance: Provenance) => string[] {
  const { protocol, host } = new URL(server.address);
  const proto = protocol.slice(0, -1);
  const via = `1.1 ${doorName(server.address)}`;
  const hostFor = hostSent(server.backend.kind === "http" ? server.backend : undefined);
  return (request, { isThroughProxy, isRead }) => {
    const { rawHeaders } = request;
    const named = namedByConnection(rawHeaders);
    const fields = ["Host", hostFor(request)];
    const before = new Map<string, string>();
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const name = rawHeaders[at] ?? "";
      const value = rawHeaders[at + 1] ?? "";
      const folded = name.toLowerCase();
      if (isHopByHop(folded) || notSentOn.has(folded) || named?.has(folded)) continue;
      if (!isPlain.test(folded) && isLookalike(folded)) continue;
      if (isRead && folded === "accept-encoding") continue;
      if (isForwarding(folded)) {
        if (!isThroughProxy) continue;
        if (appended.has(folded)) {
          const earlier = before.get(folded);
          before.set(folded, earlier === undefined ? value : `${earlier}, ${value}`);
          continue;
        }
      }
      fields.push(name, value);
    }
    const peer = request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "") ?? "unknown";
    const chain = before.get("x-forwarded-for");
    fields.push("X-Forwarded-For", chain === undefined ? peer : `${chain}, ${peer}`);
    fields.push("X-Forwarded-Proto", before.get("x-forwarded-proto") ?? proto);
    fields.push("X-Forwarded-Host", before.get("x-forwarded-host") ?? host);
    const hop = `for=${node(peer)};host="${host}";proto=${proto}`;
    const hops = before.get("forwarded");
    fields.push("Forwarded", hops === undefined ? hop : `${hops}, ${hop}`, "Via", via);
    return fields;
  };
}

const appended = new Set(["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]);

const isPlain = /^[a-z0-9-]*$/;

/**
 * Whether servers to which all signs are one (CGI, WSGI) would take it for a field that is judged here, such
 * as `X_Forwarded_For`. No proxy writes those so, and many pass them on from strangers.
 */
function isLookalike(folded: string): boolean {
  const plain = folded.replace(/[^a-z0-9]/g, "-");
  return isHopByHop(plain) || notSentOn.has(plain) || forwarding.test(plain);
}

function isForwarding(folded: string): boolean {
  const first = folded.charCodeAt(0);
  // f, x, t, c: most names are none of these.
  return (first === 102 || first === 120 || first === 116 || first === 99) && forwarding.test(folded);
}

function hostSent(backend: HttpBackendSettings | undefined): (request: IncomingMessage) => string {
  const own = backend?.url.host ?? "localhost";
  // That of the target, which was judged: beside one in absolute form any `Host` may stand (RFC 9112 §3.2.2).
  return backend?.keepsHost === true ? (request) => targetOf(request).host ?? own : () => own;
}

/** RFC 7239 §6: an IPv6 address has brackets, and quotes for its colons. */
function node(peer: string): string {
  return peer.includes(":") ? `"[${peer}]"` : peer;
}
