import { policyOf } from "../clients/policy.ts";
import type { AccessToken, Client, Grant } from "../records.ts";
import type { Services } from "../services.ts";
import { mintAccessToken } from "../tokens/access-token.ts";
import { sealAccessToken } from "../tokens/sealed-token.ts";
import { hashSecret } from "../tokens/secret.ts";
import { after, type Seconds } from "../values.ts";

/** An access token about to be issued with a grant. */
export interface IssuedToken {
  /** What the store keeps of it; `undefined`: nothing, it is sealed. */
  readonly record: AccessToken | undefined;
  /** Seconds from now, never past the grant's end. */
  readonly lifetime: number;
  /** @param generation the grant's live one, once the store has said which that is */
  tokenAt(generation: number): string;
}

/**
 * A fresh access token for a grant, with (at most) the grant's scope. Sealed unless it needs a row: because
 * other services read the table of tokens, or for what a statement about the grant does not say: a narrower
 * scope than the grant's (X06), or LEGACY a token that serves as its own refresh token.
 * @param grant as it will be: with the end it gets now
 * @param lifetime seconds
 */
export function issueAccessToken(
  { clock, random, settings }: Pick<Services, "clock" | "random" | "settings">,
  client: Client,
  grant: Grant,
  scope: string,
  lifetime: Seconds,
): IssuedToken {
  const now = clock.now();
  const expiresAt = Math.min(after(now, lifetime), grant.expiresAt) as Seconds;
  const times = { issuedAt: now, expiresAt };
  const needsRow = settings.sharedTokens() || scope !== grant.scope || policyOf(client).tokens === "single";
  if (!needsRow) {
    const tokenAt = (generation: number) =>
      sealAccessToken({ grantId: grant.id, generation, ...times }, grant.salt, settings);
    return { record: undefined, lifetime: expiresAt - now, tokenAt };
  }
  const token = mintAccessToken(random, settings);
  const record: AccessToken = {
    tokenHash: hashSecret(token),
    email: grant.email,
    subject: grant.subject,
    clientId: grant.clientId,
    grantId: grant.id,
    scope,
    resource: grant.resource,
    createdAt: now,
    expiresAt,
  };
  return { record, lifetime: expiresAt - now, tokenAt: () => token };
}
