import type { AccessToken, Account, Grant, TokenGrant } from "../records.ts";
import type { Services } from "../services.ts";
import { isStoredTokenShaped } from "../tokens/access-token.ts";
import { isSealedBy, type PresentedSealedToken, parseSealedToken } from "../tokens/sealed-token.ts";
import { hashSecret } from "../tokens/secret.ts";
import type { Seconds, SecretHash } from "../values.ts";

/** An access token that is good now, whichever its kind. */
export interface LiveToken extends Omit<AccessToken, "tokenHash"> {
  /** `undefined`: it is sealed, so it has no row and ends with its grant. */
  readonly tokenHash: SecretHash | undefined;
  /** Of the attempt that its grant came from, where that is at hand. */
  readonly reference?: string | undefined;
  /** When its grant was used last, as far as the store knows; `undefined`: that is not at hand. */
  readonly usedAt?: Seconds;
}

/** A live token, and whose it is where that was asked for. */
export interface HeldToken extends LiveToken {
  readonly account: Account | undefined;
}

type Asked = Pick<Services, "clock" | "settings" | "store">;

/** The live token behind a string: at most one look-up, none for what cannot be a token (X05). */
export async function findLiveToken(
  { clock, settings, store }: Asked,
  token: string,
): Promise<LiveToken | undefined> {
  const sealed = parseSealedToken(token, settings);
  const now = clock.now();
  if (sealed !== undefined) {
    const grant = sealed.expiresAt <= now ? undefined : await store.findTokenGrant(sealed.grantId, now);
    return grant && tokenOf(sealed, grant, grant.usedAt, settings);
  }
  return isStoredTokenShaped(token, settings) ? store.findAccessToken(hashSecret(token), now) : undefined;
}

/** The same, and whose it is, with as many look-ups. */
export async function findHeldToken(
  { clock, settings, store }: Asked,
  token: string,
): Promise<HeldToken | undefined> {
  const sealed = parseSealedToken(token, settings);
  const now = clock.now();
  if (sealed === undefined) {
    if (!isStoredTokenShaped(token, settings)) return undefined;
    const stored = await store.findAccessTokenAndAccount(hashSecret(token), now);
    return stored && { ...stored.token, account: stored.account };
  }
  if (sealed.expiresAt <= now) return undefined;
  const held = await store.findGrantAndAccount(sealed.grantId, now);
  const live = held && tokenOf(sealed, held.grant, held.grant.rotatedAt, settings);
  return live && { ...live, account: held.account };
}

/** What it allows is what its grant allows now. */
function tokenOf(
  sealed: PresentedSealedToken,
  grant: Grant | TokenGrant,
  usedAt: Seconds,
  settings: Asked["settings"],
): LiveToken | undefined {
  if (!isSealedBy(sealed, grant, settings)) return undefined;
  const { email, subject, clientId, scope, resource, reference, standing } = grant;
  return {
    tokenHash: undefined,
    email,
    subject,
    clientId,
    grantId: sealed.grantId,
    scope,
    resource,
    createdAt: sealed.issuedAt,
    expiresAt: sealed.expiresAt,
    reference,
    standing,
    usedAt,
  };
}
