import type { HeaderFields } from "./call.ts";

/** Of one connection only (RFC 9110 §7.6.1), and those that the door writes itself. */
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

/** The fields that are not of this connection only. */
export function endToEnd(fields: HeaderFields): string[] {
  const left: string[] = [];
  const named = new Set<string>();
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]?.toLowerCase() !== "connection") continue;
    for (const name of (fields[at + 1] ?? "").split(",")) named.add(name.trim().toLowerCase());
  }
  for (let at = 0; at < fields.length; at += 2) {
    const [name = "", value = ""] = [fields[at], fields[at + 1]];
    const folded = name.toLowerCase();
    if (!hopByHop.has(folded) && !named.has(folded)) left.push(name, value);
  }
  return left;
}

/** The value of a field, of several the first; `undefined` where there is none. */
export function fieldOf(fields: HeaderFields, name: string): string | undefined {
  for (let at = 0; at < fields.length; at += 2) if (fields[at]?.toLowerCase() === name) return fields[at + 1];
  return undefined;
}

/** The fields without those of a name, in lower case. */
export function without(fields: HeaderFields, name: string): string[] {
  return fields.filter((_, at) => fields[at - (at % 2)]?.toLowerCase() !== name);
}
