import type { Access, Person } from "../oauth/ports.ts";
import type { ProtectedServer } from "./protected-server.ts";

/**
 * Whether a person can be allowed all of these scopes at a server, now or by asking them (W50): the server
 * has them, and no rule keeps this person from them.
 * @param access the rules in force; `undefined`: there are none
 */
export function isObtainable(
  scopes: readonly string[],
  person: Person,
  server: Pick<ProtectedServer, "address" | "scopes">,
  access: Access | undefined,
): boolean {
  const known = server.scopes;
  if (known.length > 0 && !scopes.every((scope) => known.some(({ name }) => name === scope))) return false;
  if (access === undefined) return true;
  const decision = access.use(person, server.address, scopes.join(" "));
  if (!decision.allowed) return false;
  const allowed = decision.scope.split(" ");
  return scopes.every((scope) => allowed.includes(scope));
}
