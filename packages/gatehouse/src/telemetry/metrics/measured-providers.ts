import type { IdentityProvider, IdentityProviders } from "../../oauth/ports.ts";
import { Durations } from "./histogram.ts";
import { elapsed, type Meter } from "./meter.ts";

/** Identity providers, and how long each takes to prove who somebody is. */
export function measuredProviders(
  providers: IdentityProviders,
  meter: Pick<Meter, "provider" | "providers">,
): IdentityProviders {
  // One for each, for as long as it is there: they are compared.
  const measured = new WeakMap<IdentityProvider, IdentityProvider>();
  const of = (provider: IdentityProvider): IdentityProvider => {
    const known = measured.get(provider) ?? timed(provider, meter);
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

function timed(provider: IdentityProvider, meter: Pick<Meter, "provider" | "providers">): IdentityProvider {
  const label = meter.provider(provider.name);
  const times = meter.providers.get(label) ?? new Durations();
  meter.providers.set(label, times);
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
