import type { Person } from "../ports.ts";
import { remainingScope } from "../scope.ts";
import type { Services } from "../services.ts";
import type { ClientId, GrantId, ResourceIdentifier, Seconds, SecretHash, Subject } from "../values.ts";
import { findHeldToken } from "./live-token.ts";

/** Whoever holds a good access token for a resource, as the store knows them now (RFC 6750 §1.2). */
export interface Bearer {
  readonly subject: Subject;
  readonly clientId: ClientId;
  /** What the token allows now: rules of access and scopes that the resource lost are taken off. */
  readonly scopes: readonly string[];
  /** The person, to ask what else they could have; in it `email` may be empty. */
  readonly person: Person;
  /** Shown, and decides nothing. */
  readonly name: string | undefined;
  readonly grantId: GrantId;
  /** Of the attempt that the grant came from, for the log (Z03). */
  readonly reference: string | undefined;
  /** Of a token that has a row of its own. */
  readonly tokenHash: SecretHash | undefined;
  /** Of the token. */
  readonly expiresAt: Seconds;
}

export type FindBearer = (token: string, resource: ResourceIdentifier) => Promise<Bearer | undefined>;

/**
 * Makes the judge of access tokens for what stands behind this very process: one look-up a token, nothing
 * remembered, so that what ends in any process ends here at the next request. `undefined` for a token that
 * is not good at this resource: unknown, expired, revoked, of another one, of nobody we know, or of somebody
 * whom the rules keep from it now. Rejects with `StoreUnavailableError`.
 */
export function createFindBearer(
  services: Pick<Services, "clock" | "settings" | "store" | "access" | "uses">,
): FindBearer {
  return async (sent, resource) => {
    const token = await findHeldToken(services, sent);
    if (token?.account === undefined) return undefined;
    const { account, clientId, grantId } = token;
    if (token.resource !== resource || token.standing?.left) return undefined;
    if (clientId === undefined || grantId === undefined) return undefined;
    const granted = remainingScope(token.scope ?? "", token.standing);
    const decision = services.access()?.use(account, resource, granted);
    if (decision?.allowed === false) return undefined;
    services.uses.note(grantId, { storedAt: token.usedAt });
    return {
      subject: account.subject,
      clientId,
      scopes: (decision?.scope ?? granted).split(" ").filter((scope) => scope !== ""),
      person: account,
      name: account.name,
      grantId,
      reference: token.reference,
      tokenHash: token.tokenHash,
      expiresAt: token.expiresAt,
    };
  };
}
