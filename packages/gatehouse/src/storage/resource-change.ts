import type { Resource } from "../oauth/records.ts";
import { changedScopes } from "../oauth/scope-changes.ts";
import type { ResourceChange, ResourceChanges } from "../oauth/store/resources.ts";

/** What `changeResource` makes of a resource. */
export function changedResource(
  before: Resource | undefined,
  { name, claims, ...changes }: ResourceChanges,
): ResourceChange {
  if (before === undefined) return { outcome: "unknown" };
  const { declared } = before;
  if (declared !== undefined) return { outcome: "declared", declared };
  const after = changedScopes(before.scopes, changes);
  if (after.outcome !== "changed") return after;
  const resource = {
    ...before,
    name: name ?? before.name,
    scopes: after.scopes,
    ...(claims !== undefined && { claims }),
  };
  return { outcome: "changed", resource };
}
