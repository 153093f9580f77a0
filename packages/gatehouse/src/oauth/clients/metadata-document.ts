import { hostOf, isIpLiteral, isLoopbackUrl } from "../host.ts";
import type { DocumentKind } from "../ports.ts";
import type { Client } from "../records.ts";
import type { Settings } from "../settings.ts";
import type { ClientId, Seconds } from "../values.ts";
import { invalidMetadata, readClientMetadata, readKeySet } from "./metadata.ts";

/** I10. */
const maxDocumentBytes = 5 * 1024;
const maxKeySetBytes = 16 * 1024;

/**
 * Whether a client identifier is the URL of a client ID metadata document (I01, CIMD §3): https with a path,
 * without fragment, user information and dot segments, at a host that is a name and written without a final
 * dot. In development a loopback URL may be plain http. Identifiers are compared as they stand (CIMD §3):
 * another case of the host or `:443` makes another client.
 */
export function isMetadataDocumentUrl(
  clientId: string,
  { allowLoopback }: Settings["clientDocuments"],
): boolean {
  if (clientId.length > 2048 || !/^https?:\/\/[^/?#@]+\/[\x21-\x7E]*$/.test(clientId)) return false;
  if (/[\\#"<>^`{|}]/.test(clientId) || /\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(clientId)) return false;
  if (!URL.canParse(clientId)) return false;
  const url = new URL(clientId);
  if (allowLoopback && isLoopbackUrl(url)) return true;
  const host = hostOf(url);
  return url.protocol === "https:" && host === url.hostname && !isIpLiteral(host);
}

/** What a metadata document makes of a client, without age: that is the record's. */
export type DocumentedClient = Omit<Client, "createdAt" | "lastUsedAt">;

export const metadataDocument: DocumentKind<DocumentedClient> = {
  name: "metadata",
  maxBytes: maxDocumentBytes,
  read: readDocument,
};

export const keySetDocument: DocumentKind<ReturnType<typeof readKeySet>> = {
  name: "keys",
  maxBytes: maxKeySetBytes,
  read: readKeySet,
};

/**
 * The client that a document describes, CIMD §4.1. Throws `invalid_client_metadata` or
 * `invalid_redirect_uri`.
 */
function readDocument(document: Record<string, unknown>, url: string): DocumentedClient {
  if (document.client_id !== url) throw invalidMetadata("client_id in the document is not its URL"); // I04
  if ("client_secret" in document || "client_secret_expires_at" in document) {
    throw invalidMetadata("a document is public and cannot hold a secret"); // I07
  }
  const { redirectUris, grantTypes, metadata, keys, ...described } = readClientMetadata(document);
  if (metadata.name === undefined) throw invalidMetadata("client_name is missing"); // I05
  return {
    id: url as ClientId,
    authMethod: authMethodOf(described),
    secretHash: undefined,
    clearSecret: undefined,
    keys,
    redirectUris,
    grantTypes,
    scope: undefined,
    metadata,
    dynamicallyRegistered: true,
    shared: false,
  };
}

/**
 * I07, I14. A document that lists `none` beside `private_key_jwt` describes a client that may come without an
 * assertion (ChatGPT's does); one that it sends is verified all the same.
 */
function authMethodOf(described: {
  readonly authMethod: string | undefined;
  readonly otherAuthMethods: readonly string[];
}): "none" | "private_key_jwt" {
  const { authMethod = "none", otherAuthMethods } = described;
  if (authMethod === "none") return "none";
  if (authMethod !== "private_key_jwt") {
    throw invalidMetadata("token_endpoint_auth_method must be none or private_key_jwt");
  }
  return otherAuthMethods.includes("none") ? "none" : "private_key_jwt";
}

/** What of two descriptions differs matters to those who approved one (D15, I17). */
export function isSameClient(stored: Client, described: DocumentedClient): boolean {
  const compared = ({
    createdAt: _c,
    lastUsedAt: _l,
    reference: _r,
    ...rest
  }: DocumentedClient & Partial<Pick<Client, "createdAt" | "lastUsedAt" | "reference">>) =>
    JSON.stringify(Object.entries(rest).sort(([left], [right]) => (left < right ? -1 : 1)));
  return compared(stored) === compared(described);
}

/** @param reference of the reading, and of no attempt */
export function asClient(described: DocumentedClient, now: Seconds, reference: string): Client {
  return { ...described, reference, createdAt: now, lastUsedAt: undefined };
}
