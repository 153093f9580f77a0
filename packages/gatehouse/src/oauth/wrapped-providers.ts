import type { IdentityProvider, IdentityProviders } from "./ports.ts";

/**
 * Providers of which each is wrapped, by the same object each time for as long as it is there: they are
 * compared, and change when the configuration does.
 */
export function wrapProviders(
  providers: IdentityProviders,
  wrap: (provider: IdentityProvider) => IdentityProvider,
): IdentityProviders {
  const wrapped = new WeakMap<IdentityProvider, IdentityProvider>();
  const of = (provider: IdentityProvider): IdentityProvider => {
    const known = wrapped.get(provider) ?? wrap(provider);
    wrapped.set(provider, known);
    return known;
  };
  return {
    get all() {
      return providers.all.map(of);
    },
    find(name) {
      const found = providers.find(name);
      return found && of(found);
    },
  };
}

/** A provider that does some things in another way, and all else as it does. */
export function withOwn(provider: IdentityProvider, own: Partial<IdentityProvider>): IdentityProvider {
  return Object.assign(Object.create(provider) as IdentityProvider, own);
}
