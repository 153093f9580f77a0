import type { HeaderFields } from "../call.ts";

/** The header fields that repeat what a body says, or say what it is. */
export interface RepeatingHeaders {
  readonly contentType: string | undefined;
  readonly revision: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
  /** The first of them that came twice. */
  readonly repeated: string | undefined;
}

type Part = Exclude<keyof RepeatingHeaders, "repeated">;

const parts: ReadonlyMap<string, Part> = new Map([
  ["content-type", "contentType"],
  ["mcp-protocol-version", "revision"],
  ["mcp-method", "method"],
  ["mcp-name", "name"],
]);
const lengths = new Set([...parts.keys()].map((name) => name.length));

export function repeatingHeaders(fields: HeaderFields): RepeatingHeaders {
  const found: { [part in Part]?: string } = {};
  let repeated: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    if (!lengths.has(name.length)) continue;
    const part = parts.get(name.toLowerCase());
    if (part === undefined) continue;
    if (found[part] !== undefined) repeated ??= name;
    found[part] = fields[at + 1] as string;
  }
  const { contentType, revision, method, name } = found;
  return { contentType, revision, method, name, repeated };
}

/** Whether it is JSON in UTF-8, which is its only encoding (RFC 8259 §8.1). */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  if (contentType === "application/json") return true;
  const [type = "", ...parameters] = contentType.split(";");
  return (
    type.trim().toLowerCase() === "application/json" &&
    parameters.every(
      (parameter) => !/^\s*charset\s*=/i.test(parameter) || /=\s*"?utf-?8"?\s*$/i.test(parameter),
    )
  );
}

const sentinel = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A header's value without its Base64 sentinel; `undefined` for one that is badly encoded. */
export function decodedValue(value: string): string | undefined {
  if (!(value.startsWith("=?base64?") && value.endsWith("?="))) return value;
  const [, encoded] = sentinel.exec(value) ?? [];
  if (encoded === undefined) return undefined;
  try {
    return utf8.decode(Buffer.from(encoded, "base64"));
  } catch {
    return undefined; // no UTF-8
  }
}
