import type { Clock } from "../ports.ts";
import type { AccessToken, Account, Grant } from "../records.ts";
import type { Services } from "../services.ts";
import { isStoredTokenShaped } from "../tokens/access-token.ts";
import { isSealedBy, type PresentedSealedToken, parseSealedToken } from "../tokens/sealed-token.ts";
import { hashSecret } from "../tokens/secret.ts";
import type { SecretHash } from "../values.ts";

/** An access token that is good now, whichever its kind. */
export interface LiveToken extends Omit<AccessToken, "tokenHash"> {
  /** `undefined`: it is sealed, so it has no row and ends with its grant. */
  readonly tokenHash: SecretHash | undefined;
  /** Of the attempt that its grant came from, where that is at hand. */
  readonly reference?: string;
}

/** A live token, and whose it is where that was asked for. */
export interface HeldToken {
  readonly token: LiveToken;
  readonly account: Account | undefined;
}

type Asked = Pick<Services, "clock" | "settings" | "store">;

/** The live token behind a string: at most one look-up, none for what cannot be a token (X05). */
export async function findLiveToken(
  { clock, settings, store }: Asked,
  token: string,
): Promise<LiveToken | undefined> {
  const sealed = parseSealedToken(token, settings);
  if (sealed !== undefined) {
    const grant = isPast(sealed, clock) ? undefined : await store.findGrant(sealed.grantId, clock.now());
    return grant && tokenOf(sealed, grant, settings);
  }
  return isStoredTokenShaped(token, settings)
    ? store.findAccessToken(hashSecret(token), clock.now())
    : undefined;
}

/** The same, and whose it is, with as many look-ups. */
export async function findHeldToken(
  { clock, settings, store }: Asked,
  token: string,
): Promise<HeldToken | undefined> {
  const sealed = parseSealedToken(token, settings);
  if (sealed === undefined) {
    return isStoredTokenShaped(token, settings)
      ? store.findAccessTokenAndAccount(hashSecret(token), clock.now())
      : undefined;
  }
  if (isPast(sealed, clock)) return undefined;
  const held = await store.findGrantAndAccount(sealed.grantId, clock.now());
  const live = held && tokenOf(sealed, held.grant, settings);
  return live && { token: live, account: held?.account };
}

function isPast({ expiresAt }: PresentedSealedToken, clock: Clock): boolean {
  return expiresAt <= clock.now();
}

/** What it allows is what its grant allows now. */
function tokenOf(
  sealed: PresentedSealedToken,
  grant: Grant,
  settings: Asked["settings"],
): LiveToken | undefined {
  if (!isSealedBy(sealed, grant, settings)) return undefined;
  const { email, subject, clientId, scope, resource, reference, standing } = grant;
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
    ...(reference && { reference }),
    ...(standing && { standing }),
  };
}
