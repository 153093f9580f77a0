import type { HeaderFields } from "../call.ts";
import { isHopByHop, namedByConnection } from "../fields.ts";

/**
 * What a server cannot say through the door: the challenge and CORS are the door's, cookies and what holds
 * for a whole origin would be set for everything else at it.
 */
const notPassedOn = new Set([
  "www-authenticate",
  "set-cookie",
  "alt-svc",
  "strict-transport-security",
  "clear-site-data",
  "server",
]);

/** Of an event stream: how long it is nobody knows, and proxies are neither to store nor to buffer it. */
const writtenAnew = new Set(["content-length", "cache-control", "x-accel-buffering", "content-encoding"]);

/** The fields of a server's answer that its client gets, name and value by turns. */
export function answerFields(fields: HeaderFields, isEventStream: boolean): string[] {
  const left: string[] = [];
  const named = namedByConnection(fields);
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? "";
    const value = fields[at + 1] ?? "";
    const folded = name.toLowerCase();
    if (isHopByHop(folded) || named?.has(folded)) continue;
    if (notPassedOn.has(folded) || folded.startsWith("access-control-")) continue;
    if (isEventStream && writtenAnew.has(folded)) continue;
    left.push(name, value);
  }
  if (isEventStream) left.push("Cache-Control", "no-cache", "X-Accel-Buffering", "no");
  return left;
}
