import type { Client } from "../records.ts";
import { hashSecret } from "../tokens/secret.ts";

/**
 * A client that holds no secret: a program on somebody's computer, or a site that registered itself as one.
 */
export function isPublic(client: Pick<Client, "authMethod">): boolean {
  return client.authMethod === "none";
}

/**
 * A client that may name itself without proof. Besides public ones that is who registered without naming a
 * method: RFC 7591 §2 gives it a secret, which many do not expect, and PKCE and rotation protect it as they
 * do a public one.
 */
export function mayOmitSecret(client: Client): boolean {
  return isPublic(client) || (client.dynamicallyRegistered && client.metadata.namedNoAuthMethod === true);
}

/**
 * A client whose identifier is the URL of the metadata document it publishes. Identifiers of registered ones
 * never are URLs (H12).
 */
export function isDocumented(client: Client): boolean {
  return client.dynamicallyRegistered && /^https?:/.test(client.id);
}

/** Of a client that no file declares and that did not register itself. */
export const byOperator = "added or vouched for by the operator";

/** Who or what says what it is, for whoever reads a trace. */
export function identifiedBy(client: Client): string {
  if (client.declared !== undefined) return `declared at ${client.declared.place}`;
  if (!client.dynamicallyRegistered) return byOperator;
  if (isDocumented(client)) return "its metadata document";
  return client.shared ? "its registration, shared by several installations" : "its registration";
}

/** Changes whenever something changes that a person saw or relied on when they approved (D15). */
export function consentFingerprint(client: Client): string {
  return hashSecret(JSON.stringify([client.authMethod, client.keys, client.redirectUris, client.metadata]));
}
