import type { AccessToken } from "../records.ts";
import type { Services } from "../services.ts";
import { isStoredTokenShaped } from "../tokens/access-token.ts";
import { isSealedBy, type PresentedSealedToken, parseSealedToken } from "../tokens/sealed-token.ts";
import { hashSecret } from "../tokens/secret.ts";
import type { SecretHash } from "../values.ts";

/** An access token that is good now, whichever its kind. */
export interface LiveToken extends Omit<AccessToken, "tokenHash"> {
  /** `undefined`: it is sealed, so it has no row and ends with its grant. */
  readonly tokenHash: SecretHash | undefined;
}

/** The live token behind a string: at most one look-up, none for what cannot be a token (X05). */
export async function findLiveToken(
  { clock, settings, store }: Pick<Services, "clock" | "settings" | "store">,
  token: string,
): Promise<LiveToken | undefined> {
  const sealed = parseSealedToken(token, settings);
  if (sealed !== undefined) return findSealed({ clock, settings, store }, sealed);
  return isStoredTokenShaped(token, settings)
    ? store.findAccessToken(hashSecret(token), clock.now())
    : undefined;
}

/** What it allows is what its grant allows now. */
async function findSealed(
  { clock, settings, store }: Pick<Services, "clock" | "settings" | "store">,
  sealed: PresentedSealedToken,
): Promise<LiveToken | undefined> {
  const now = clock.now();
  if (sealed.expiresAt <= now) return undefined;
  const grant = await store.findGrant(sealed.grantId, now);
  if (grant === undefined || !isSealedBy(sealed, grant, settings)) return undefined;
  const { email, subject, clientId, scope, resource } = grant;
  return {
    tokenHash: undefined,
    email,
    subject,
    clientId,
    grantId: grant.id,
    scope,
    resource,
    createdAt: sealed.issuedAt,
    expiresAt: sealed.expiresAt,
  };
}
