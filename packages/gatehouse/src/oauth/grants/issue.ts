import type { AccessToken, Grant } from "../records.ts";
import type { Services } from "../services.ts";
import { mintAccessToken } from "../tokens/access-token.ts";
import { hashSecret } from "../tokens/secret.ts";
import { after, type Seconds } from "../values.ts";

/**
 * A fresh access token for a grant, with (at most) the grant's scope, and the record the store keeps of it.
 */
export function issueAccessToken(
  { clock, random, settings }: Pick<Services, "clock" | "random" | "settings">,
  grant: Grant,
  scope: string,
  lifetime: Seconds,
): { readonly token: string; readonly record: AccessToken } {
  const token = mintAccessToken(random, settings);
  const now = clock.now();
  const record: AccessToken = {
    tokenHash: hashSecret(token),
    email: grant.email,
    subject: grant.subject,
    clientId: grant.clientId,
    grantId: grant.id,
    scope,
    resource: grant.resource,
    createdAt: now,
    expiresAt: after(now, lifetime),
  };
  return { token, record };
}
