import assert from "node:assert/strict";

/**
 * The parameters of a `Bearer` challenge. Fails on anything that is not one well-formed challenge with quoted
 * values (RFC 9110 §11.6.1), each parameter at most once.
 */
export function challengeOf(response: {
  headers: { get(name: string): string | null };
}): Record<string, string> {
  const header = response.headers.get("www-authenticate") ?? "";
  const parameter = String.raw`([a-z_]+)="((?:[^"\\]|\\.)*)"`;
  assert.match(header, new RegExp(`^Bearer ${parameter}(?:, ${parameter})*$`), "one well-formed challenge");
  const found = [...header.matchAll(new RegExp(parameter, "g"))].map(
    ([, name = "", value = ""]) => [name, value.replace(/\\(.)/g, "$1")] as const,
  );
  assert.equal(new Set(found.map(([name]) => name)).size, found.length, "no parameter twice");
  return Object.fromEntries(found);
}
