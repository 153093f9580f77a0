import type { Client } from "../records.ts";
import type { Settings } from "../settings.ts";
import { isPublic } from "./client.ts";

/**
 * What is asked of a client and what it may leave out, decided once. Everybody is held to OAuth 2.1 and the
 * MCP specification; the original's confidential web clients (LEGACY) to the contract they were written for
 * (docs/compatibility.md). The checks ask this record and never what kind of client it is.
 */
export interface ClientPolicy {
  /** Whether a person decides on the consent page, or the operator did for everybody (D01). */
  readonly consent: "asked" | "given";
  /**
   * Optional: verified when a challenge was sent, and a challenge without a method means S256 (B12-B14, B27).
   */
  readonly pkce: "required" | "optional";
  readonly state: "required" | "optional";
  readonly responseType: "required" | "optional";
  /** Optional: without one it is `authorization_code` (E19). */
  readonly grantType: "required" | "optional";
  /** Optional: the only registered one is meant (B07). */
  readonly redirectUri: "required" | "optional";
  readonly redirectMatching: "exact" | "pattern";
  /** Optional: a token may be for no resource at all (L05). */
  readonly resource: "required" | "optional";
  /** What it knows people by: an address, which then nobody can be without, or the subject. */
  readonly person: "address" | "subject";
  /** What a missing secret is called (decision 13). */
  readonly missingSecret: "invalid_client" | "invalid_request";
  /** Whether a browser's earlier sign-in is good for it, or the account chooser is shown each time. */
  readonly session: "reused" | "ignored";
  /** How long a person may take. */
  readonly signInLifetime: keyof Pick<Settings["lifetimes"], "transaction" | "legacyTransaction">;
  /** Where an error goes once client and redirect URI are known to belong together (B20, B26). */
  readonly errors: "redirected" | "shown";
  /** Who hears first of a sign-in that failed or was refused (Z05). */
  readonly failures: "person" | "client";
  /** An access token with rotating refresh tokens, or one long-lived token that serves as both. */
  readonly tokens: "rotating" | "single";
}

const ordinary: ClientPolicy = {
  consent: "asked",
  pkce: "required",
  state: "optional",
  responseType: "required",
  grantType: "required",
  redirectUri: "optional",
  redirectMatching: "exact",
  resource: "required",
  person: "subject",
  missingSecret: "invalid_client",
  session: "reused",
  signInLifetime: "transaction",
  errors: "redirected",
  failures: "person",
  tokens: "rotating",
};

const firstParty: ClientPolicy = { ...ordinary, consent: "given" };

const legacy: ClientPolicy = {
  consent: "given",
  pkce: "optional",
  state: "required",
  responseType: "optional",
  grantType: "optional",
  redirectUri: "required",
  redirectMatching: "pattern",
  resource: "optional",
  person: "address",
  missingSecret: "invalid_request",
  session: "ignored",
  signInLifetime: "legacyTransaction",
  errors: "shown",
  failures: "client",
  tokens: "single",
};

export function policyOf(client: Client): ClientPolicy {
  if (isLegacy(client)) return legacy;
  return isFirstParty(client) ? firstParty : ordinary;
}

/** A client of the operator's own. */
function isFirstParty(client: Client): boolean {
  return !isPublic(client) && !client.dynamicallyRegistered;
}

/**
 * A client under the contract of the service we replace: the `client_secret_post` clients the operator
 * provisioned, and no others: what they may leave out must not leak to anybody else.
 */
function isLegacy(client: Client): boolean {
  return isFirstParty(client) && client.authMethod === "client_secret_post";
}
