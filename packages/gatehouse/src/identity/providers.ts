import type { IdentityProvider, IdentityProviders } from "../oauth/ports.ts";

/** @param all in the order in which people see them; at least one, each with a name of its own */
export function providersOf(all: readonly IdentityProvider[]): IdentityProviders {
  const byName = new Map(all.map((provider) => [provider.name, provider]));
  return { all, find: (name) => byName.get(name) };
}
