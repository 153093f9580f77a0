import type { Ceremony } from "../../oauth/records.ts";
import { hashSecret, mintSecret } from "../../oauth/tokens/secret.ts";
import { after, type SecretHash, seconds } from "../../oauth/values.ts";
import type { RelyingParty } from "./relying-party.ts";

/** Seconds in which a page's challenge must be answered (V64). */
export const challengeLifetime = seconds(600);

type Party = Pick<RelyingParty, "store" | "clock" | "random">;

/**
 * Begins a ceremony and gives its secret, 32 random bytes in base64url: a challenge, the code that a sign-in
 * ends in, or a cookie.
 * @param lifetime seconds
 */
export async function beginCeremony(
  { store, clock, random }: Party,
  about: Pick<Ceremony, "purpose" | "bindingHash" | "subject">,
  lifetime = challengeLifetime,
): Promise<string> {
  const secret = mintSecret(random);
  await store.beginCeremony({
    ...about,
    secretHash: hashSecret(secret),
    expiresAt: after(clock.now(), lifetime),
  });
  return secret;
}

/**
 * Uses up a ceremony, whether what came with its secret is right or wrong; undefined when it is not of this
 * purpose and this browser, or over (V64).
 */
export async function endCeremony(
  { store, clock }: Party,
  secret: string,
  purpose: Ceremony["purpose"],
  bindingHash: SecretHash,
): Promise<Ceremony | undefined> {
  const ceremony = await store.takeCeremony(hashSecret(secret), clock.now());
  return ceremony?.purpose === purpose && ceremony.bindingHash === bindingHash ? ceremony : undefined;
}
