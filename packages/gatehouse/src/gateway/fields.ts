import type { HeaderFields } from "./call.ts";

/** Of one connection only (RFC 9110 §7.6.1). */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @param folded a field's name in lower case */
export function isHopByHop(folded: string): boolean {
  return hopByHop.has(folded);
}

/** The names in lower case that `Connection` makes fields of this connection; `undefined`: it names none. */
export function namedByConnection(fields: HeaderFields): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? "";
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    const value = (fields[at + 1] ?? "").toLowerCase();
    if (value === "keep-alive" || value === "close") continue;
    named ??= new Set();
    for (const one of value.split(",")) named.add(one.trim());
  }
  return named;
}

/** The value of a field, of several the first; `undefined` where there is none. */
export function fieldOf(fields: HeaderFields, name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) {
    const each = fields[at];
    if (each?.length === name.length && each.toLowerCase() === name) return fields[at + 1];
  }
  return undefined;
}

export const eventStreamType = "text/event-stream";

/** A `Content-Type` without its parameters, in lower case; empty where there is none. */
export function mediaType(contentType: string | undefined): string {
  if (contentType === undefined) return "";
  const end = contentType.indexOf(";");
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

/** The name of a message's content coding, in lower case; `undefined`: it has none. */
export function codingOf(fields: HeaderFields): string | undefined {
  const name = fieldOf(fields, "content-encoding")?.trim().toLowerCase();
  return name === "" || name === "identity" ? undefined : name;
}

/** The fields without those of a name, in lower case. */
export function without(fields: HeaderFields, name: string): string[] {
  return fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== name);
}
