import type { HeaderFields } from "../call.ts";
import type { IdentityField, IdentityHeaders, StdioBackendSettings } from "../protected-server.ts";

/** What programs need to find their way on a computer, and nothing that could be a secret of ours. */
const inheritedNames = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG"];

/**
 * Of this process's environment what every child gets (W59).
 * @param environment of this process
 */
export function inheritedEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of inheritedNames) {
    const value = environment[name];
    // What begins so is a function of a shell, and programs have run it as one.
    if (value !== undefined && !value.startsWith("()")) inherited[name] = value;
  }
  return inherited;
}

/**
 * What can be told of whoever a child is for, for as long as it lives: a scope changes from token to token,
 * and one person's child may serve several clients.
 */
const told: Record<"session" | "client" | "person" | "everybody", readonly IdentityField[]> = {
  session: ["subject", "email", "name", "groups", "client", "scope"],
  client: ["subject", "email", "name", "groups", "client"],
  person: ["subject", "email", "name", "groups"],
  everybody: [],
};

/** Whom a child serves. */
export type ChildAudience = keyof typeof told;

/**
 * A child's whole environment.
 * @param fields the header fields a server over HTTP would get of the request that starts it; those that
 * tell who calls become variables under the same names, in capitals and with `_`
 */
export function childEnvironment(
  { inherited, environment }: Pick<StdioBackendSettings, "inherited" | "environment">,
  headers: IdentityHeaders,
  audience: ChildAudience,
  fields: HeaderFields,
): Record<string, string> {
  const complete: Record<string, string> = { ...inherited, ...environment };
  const names = new Set<string>();
  for (const field of told[audience]) {
    const header = headers[field]?.toLowerCase();
    if (header === undefined) continue;
    names.add(header);
    if (field === "groups") names.add(`${header}-omitted`);
  }
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? "";
    if (!names.has(name.toLowerCase())) continue;
    const variable = name.toUpperCase().replaceAll("-", "_");
    // Whatever a header is called, nobody's name becomes the program's PATH.
    if (!(variable in complete)) complete[variable] = fields[at + 1] ?? "";
  }
  return complete;
}
