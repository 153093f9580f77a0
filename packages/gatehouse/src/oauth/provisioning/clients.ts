import { createHash } from "node:crypto";
import { isDocumented, isPublic } from "../clients/client.ts";
import type { Client, PreviousSecret, TokenEndpointAuthMethod } from "../records.ts";
import { checkProvisionedRedirect } from "../redirects/provisioned-redirect.ts";
import type { Store } from "../store.ts";
import { hashSecret } from "../tokens/secret.ts";
import type { ClientId, Seconds } from "../values.ts";
import { ProvisioningError } from "./problem.ts";

/* What an operator may do about clients. Each throws `ProvisioningError`. */

export interface NewClient {
  readonly id: string;
  readonly authMethod: TokenEndpointAuthMethod;
  readonly redirectUris: readonly string[];
  readonly name: string | undefined;
  /** `undefined` for a public one. */
  readonly secret: string | undefined;
}

/**
 * A client as the operator provisions it. Its identifier travels in URLs, forms and Basic credentials: its
 * characters survive all of them unencoded.
 */
export function provisionedClient(
  { id, authMethod, redirectUris, name, secret }: NewClient,
  now: Seconds,
): Client {
  if (!/^[A-Za-z0-9._~-]{1,200}$/.test(id)) throw new ProvisioningError("malformed_id");
  if (redirectUris.length === 0) throw new ProvisioningError("no_redirect");
  checkRedirects(redirectUris, authMethod);
  return {
    id: id as ClientId,
    authMethod,
    secretHash: secret === undefined ? undefined : hashSecret(secret),
    clearSecret: undefined,
    keys: undefined,
    redirectUris,
    // LEGACY: what client_secret_post clients get is one long-lived token; there is nothing to refresh.
    grantTypes:
      authMethod === "client_secret_post" ? ["authorization_code"] : ["authorization_code", "refresh_token"],
    scope: undefined,
    metadata: name === undefined ? {} : { name },
    dynamicallyRegistered: false,
    shared: false,
    createdAt: now,
    lastUsedAt: undefined,
  };
}

/** Throws for an address, or a pattern of them, that an operator cannot have meant. */
export function checkRedirects(uris: readonly string[], authMethod: TokenEndpointAuthMethod): void {
  for (const uri of uris) {
    const wrong = checkProvisionedRedirect(uri, authMethod);
    if (wrong !== undefined) throw new ProvisioningError("malformed_redirect", `${uri}: ${wrong}`);
  }
}

/** Throws for a client that a file declares. */
export function requireUndeclared({ declared }: Pick<Client, "declared">): void {
  if (declared !== undefined) throw new ProvisioningError("declared", undefined, declared);
}

/** Throws unless the operator provisioned it: what one says of itself only it can change. */
export function requireChangeable(client: Client): void {
  requireUndeclared(client);
  if (client.dynamicallyRegistered) throw new ProvisioningError("registered_itself");
}

/**
 * Whether there is anything to vouch for. One with a secret of its own would be trusted without a consent
 * page.
 */
export function mayVouchFor(client: Client): boolean {
  requireUndeclared(client);
  if (!client.dynamicallyRegistered) return false;
  if (isDocumented(client)) throw new ProvisioningError("known_by_document");
  if (!isPublic(client)) throw new ProvisioningError("holds_own_secret");
  return true;
}

/** What a client says of itself, in a few characters: another one says something else. */
export function saidBy({ authMethod, grantTypes, scope, redirectUris, metadata }: Client): string {
  const said = JSON.stringify([authMethod, grantTypes, scope, redirectUris, metadata]);
  return createHash("sha256").update(said).digest("base64url");
}

/**
 * Vouches for a client as it was seen. It may change what it says until then (RFC 7592), and not any more
 * after: so that is looked at again. Throws where it was not vouched for, or not any more.
 */
export async function vouchAsSeen(store: Pick<Store, "findClient" | "vouchForClient">, seen: Client) {
  if (!(await store.vouchForClient(seen.id, true))) throw new ProvisioningError("unknown");
  const vouched = await store.findClient(seen.id);
  if (vouched !== undefined && saidBy(vouched) === saidBy(seen)) return;
  await store.vouchForClient(seen.id, false);
  throw new ProvisioningError("not_as_seen");
}

/**
 * What a client's secret becomes, and what stays good beside it.
 * @param until of the one before; `undefined`: it stops at once
 */
export function rotatedSecret(
  client: Client,
  secret: string,
  until: Seconds | undefined,
): {
  readonly next: Pick<Client, "secretHash" | "clearSecret">;
  readonly previous: PreviousSecret | undefined;
} {
  requireUndeclared(client);
  const { clearSecret, dynamicallyRegistered } = client;
  const current = clearSecret === undefined ? client.secretHash : hashSecret(clearSecret);
  if (current === undefined) throw new ProvisioningError("no_secret");
  if (dynamicallyRegistered) throw new ProvisioningError("secret_of_its_own");
  return {
    next: {
      secretHash: hashSecret(secret),
      // LEGACY: the service before us knows the secret only in clear text, and has to until there is no way
      // back to it.
      clearSecret: clearSecret === undefined ? undefined : secret,
    },
    previous: until === undefined ? undefined : { secretHash: current, until },
  };
}
