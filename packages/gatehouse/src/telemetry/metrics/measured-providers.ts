import type { IdentityProvider, IdentityProviders } from "../../oauth/ports.ts";
import { Durations } from "./histogram.ts";
import { elapsed } from "./meter.ts";

/** Identity providers, and how long each takes to prove who somebody is. */
export function measuredProviders(
  providers: IdentityProviders,
  durations: Map<string, Durations>,
): IdentityProviders {
  // One for each, for as long as it is there: they are compared.
  const measured = new WeakMap<IdentityProvider, IdentityProvider>();
  const of = (provider: IdentityProvider): IdentityProvider => {
    const known = measured.get(provider) ?? timed(provider, durations);
    measured.set(provider, known);
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

function timed(provider: IdentityProvider, durations: Map<string, Durations>): IdentityProvider {
  const times = durations.get(provider.name) ?? new Durations();
  durations.set(provider.name, times);
  const completeSignIn: IdentityProvider["completeSignIn"] = async (...values) => {
    const begun = performance.now();
    try {
      return await provider.completeSignIn(...values);
    } finally {
      times.add(elapsed(begun));
    }
  };
  return Object.assign(Object.create(provider) as IdentityProvider, { completeSignIn });
}
