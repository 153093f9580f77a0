import { OAuthError } from "../messages/errors.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import type { Access } from "../ports.ts";
import type { Account, Grant } from "../records.ts";
import { nothingLeft, parseScope } from "../scope.ts";
import type { Services } from "../services.ts";
import type { GrantId } from "../values.ts";
import { revalidates } from "./confirmation.ts";

/** A live grant, and whose it is where there are rules that ask. */
export interface HeldGrant {
  readonly grant: Grant;
  readonly account: Account | undefined;
}

/** In one trip, with or without the account; without rules and `revalidate` nobody asks for it. */
export async function findHeldGrant(
  services: Services,
  access: Access | undefined,
  id: GrantId,
): Promise<HeldGrant | undefined> {
  const { clock, store } = services;
  if (access !== undefined || revalidates(services)) return store.findGrantAndAccount(id, clock.now());
  const grant = await store.findGrant(id, clock.now());
  return grant && { grant, account: undefined };
}

/**
 * What the rules in force leave of a scope (V43).
 * @param account of the person, `undefined`: they are not known any more
 * @throws OAuthError `invalid_grant` where that is nothing; nothing of a grant changes then: its refresh
 * token stays as good as it is, and works again when they allow again (V44)
 */
export function allowedScope(
  { events }: Services,
  request: OAuthRequest,
  access: Access | undefined,
  account: Account | undefined,
  held: Pick<Grant, "clientId" | "subject" | "resource" | "scope" | "reference"> & {
    readonly id?: GrantId;
  },
): string {
  if (access === undefined) return held.scope;
  const decision = account && access.use(account, held.resource, held.scope);
  if (decision?.allowed) return decision.scope;
  events.emit({
    name: "access_lost",
    ...originOf(request),
    client: held.clientId,
    subject: held.subject,
    grant: held.id,
    attempt: held.id && held.reference,
    resource: held.resource,
    reason: decision?.reason ?? "unknown_person",
  });
  // Not by which rule: a client's developer has no business with them.
  throw new OAuthError("invalid_grant", { hint: "the person has no access to this any more" });
}

/**
 * The grant as the rules in force leave it, and what of the asked scope that is. What they take is gone for
 * good, and is so before a token is made without it.
 * @throws OAuthError as {@link allowedScope}
 */
export async function withinAccess(
  services: Services,
  request: OAuthRequest,
  access: Access | undefined,
  held: HeldGrant,
  asked: string,
): Promise<{ readonly grant: Grant; readonly scope: string }> {
  const { grant, account } = held;
  const allowed = allowedScope(services, request, access, account, grant);
  if (allowed === grant.scope) return { grant, scope: asked };
  await services.store.narrowGrant(grant.id, allowed);
  const left = parseScope(allowed);
  const scope = parseScope(asked).filter((token) => left.includes(token));
  if (scope.length === 0 && asked !== "") throw nothingLeft();
  return { grant: { ...grant, scope: allowed }, scope: scope.join(" ") };
}
