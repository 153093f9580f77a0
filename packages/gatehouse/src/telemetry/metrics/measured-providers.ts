import type { IdentityProvider, IdentityProviders } from "../../oauth/ports.ts";
import { withOwn, wrapProviders } from "../../oauth/wrapped-providers.ts";
import { Durations } from "./histogram.ts";
import { elapsed, type Meter } from "./meter.ts";

/** Identity providers, and how long each takes to prove who somebody is. */
export function measuredProviders(
  providers: IdentityProviders,
  meter: Pick<Meter, "provider" | "providers">,
): IdentityProviders {
  return wrapProviders(providers, (provider) => timed(provider, meter));
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
  return withOwn(provider, { completeSignIn });
}
