import type { HeaderFields } from "../call.ts";
import { isHopByHop, namedByConnection } from "../fields.ts";

/**
 * What a server cannot say through the door. The challenge, CORS and the reference are the door's. The rest
 * holds for a whole origin, or for what a page may do at it, and at this one people sign in and consent.
 */
const notPassedOn = new Set([
  "www-authenticate",
  "set-cookie",
  "set-cookie2",
  "set-login",
  "alt-svc",
  "strict-transport-security",
  "public-key-pins",
  "expect-ct",
  "clear-site-data",
  "service-worker-allowed",
  "refresh",
  "link",
  "speculation-rules",
  "nel",
  "report-to",
  "reporting-endpoints",
  "accept-ch",
  "critical-ch",
  "origin-agent-cluster",
  "origin-trial",
  "permissions-policy",
  "activate-storage-access",
  "sec-session-registration",
  "secure-session-registration",
  "use-as-dictionary",
  // Orders to the proxy in front: to answer with a file of its own, or what another address of it answers.
  "x-accel-redirect",
  "x-accel-expires",
  "x-accel-limit-rate",
  "x-accel-charset",
  "x-sendfile",
  "x-lighttpd-send-file",
  "x-litespeed-location",
  "x-reproxy-url",
  "x-reproxy-file",
  "content-security-policy",
  "content-security-policy-report-only",
  "x-content-type-options",
  "server",
  "x-request-id",
]);

/**
 * Whatever a server answers is data. Should a browser come to show it as a page, out of its cache perhaps, it
 * is one without scripts, forms, or the origin of the pages of ours.
 */
const noPage = [
  "X-Content-Type-Options",
  "nosniff",
  "Content-Security-Policy",
  "default-src 'none'; frame-ancestors 'none'; sandbox",
] as const;

/** Of an event stream: how long it is nobody knows, and proxies are neither to store nor to buffer it. */
const writtenAnew = new Set(["content-length", "cache-control", "x-accel-buffering", "content-encoding"]);

/**
 * The fields of a server's answer that its client gets, name and value by turns.
 * @param reference of the request, by which the log knows it
 */
export function answerFields(fields: HeaderFields, isEventStream: boolean, reference: string): string[] {
  const left: string[] = [];
  let length: string | undefined;
  const named = namedByConnection(fields);
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? "";
    const value = fields[at + 1] ?? "";
    const folded = name.toLowerCase();
    if (isHopByHop(folded) || named?.has(folded)) continue;
    if (notPassedOn.has(folded) || folded.startsWith("access-control-")) continue;
    if (isEventStream && writtenAnew.has(folded)) continue;
    if (folded === "content-length") length = value;
    else left.push(name, value);
  }
  // Behind the others: node takes a `Content-Disposition` after it for UTF-8, and changes or refuses it.
  if (length !== undefined) left.push("Content-Length", length);
  left.push(...noPage, "X-Request-Id", reference);
  if (isEventStream) left.push("Cache-Control", "no-cache", "X-Accel-Buffering", "no");
  return left;
}
