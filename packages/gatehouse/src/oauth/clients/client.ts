import type { Client } from "../records.ts";
import { hashSecret } from "../tokens/secret.ts";

/** A client that holds no secret: a program on somebody's computer, or a site that registered itself as one. */
export function isPublic(client: Pick<Client, "authMethod">): boolean {
  return client.authMethod === "none";
}

/**
 * A client that may name itself without proof. Besides public ones that is who registered without naming a method: RFC 7591 §2 gives it a secret, which many
 * do not expect, and PKCE and rotation protect it as they do a public one.
 */
export function mayOmitSecret(client: Client): boolean {
  return isPublic(client) || (client.dynamicallyRegistered && client.metadata.namedNoAuthMethod === true);
}

/** A client of the operator's own: trusted without a consent page (D01), and with error redirects at once (B20). */
export function isFirstParty(client: Client): boolean {
  return !isPublic(client) && !client.dynamicallyRegistered;
}

/**
 * A client under the contract of the service we replace (compatibility.md): PKCE optional, redirect patterns, one long-lived token. The
 * `client_secret_post` clients the operator provisioned, and no others: these rules must not leak to anybody else.
 */
export function isLegacy(client: Client): boolean {
  return isFirstParty(client) && client.authMethod === "client_secret_post";
}

/** A client whose identifier is the URL of the metadata document it publishes. Identifiers of registered ones never are URLs (H12). */
export function isDocumented(client: Client): boolean {
  return client.dynamicallyRegistered && /^https?:/.test(client.id);
}

/** Changes whenever something changes that a person saw or relied on when they approved (D15). */
export function consentFingerprint(client: Client): string {
  return hashSecret(JSON.stringify([client.authMethod, client.keys, client.redirectUris, client.metadata]));
}
