import type { DeclarationOutcome, DeclaredClient, DeclaredResource, Plan } from "../oauth/declarations.ts";

/** What comes of the plans for each kind. */
export function outcomeOf(plans: {
  readonly resources: Plan<DeclaredResource> | undefined;
  readonly clients: Plan<DeclaredClient> | undefined;
}): DeclarationOutcome {
  const all = [plans.resources, plans.clients].filter((plan) => plan !== undefined);
  const conflict = all.find((plan) => plan.conflict)?.conflict;
  if (conflict !== undefined) return { outcome: "conflict", ...conflict };
  const by = all.flatMap(({ blocked }) => blocked);
  if (by.length > 0) return { outcome: "blocked", by };
  return {
    outcome: "declared",
    changed: all.flatMap(({ changed }) => changed),
    returned: all.flatMap(({ returned }) => returned),
    left: all.flatMap(({ left }) => left),
  };
}

/** In the place of a credential that another resource has now: the hash of nothing. */
export const placeholderOf = (identifier: string) => `none of ${identifier}`;
