import { hasLeft } from "../declarations.ts";
import { hostOf, isWithinDomain } from "../host.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { DocumentError } from "../ports.ts";
import type { Client } from "../records.ts";
import { createReferences } from "../reference.ts";
import type { Services } from "../services.ts";
import { traceStep } from "../tracing.ts";
import { isDocumented } from "./client.ts";
import { knownDocument } from "./known-clients.ts";
import {
  asClient,
  type DocumentedClient,
  isMetadataDocumentUrl,
  isSameClient,
  metadataDocument,
} from "./metadata-document.ts";
import { boundDocumentedClients, registrantOf } from "./registration-limits.ts";

/** Who causes a fetch, and by which request. */
export type Requester = Pick<OAuthRequest, "id" | "address">;

/**
 * The client that an authorization request names: one with a record, or one whose identifier is the URL of
 * its metadata document, fetched when it is not at hand. A record the operator made comes first (I02).
 * `undefined` when nobody knows it. Throws `invalid_client`, for a page, when a document cannot be had or is
 * not valid (I13).
 *
 * Only authorization requests come here: at the token endpoint the record counts that this made, so nothing a
 * stranger sends there has anything fetched (E-n7), and a document that changes in between weakens nothing
 * (I-n7).
 */
export async function lookUpClient(
  services: Services,
  clientId: string,
  request: Requester,
): Promise<Client | undefined> {
  const stored = await services.store.findClient(clientId);
  if (stored !== undefined && hasLeft(stored)) return undefined;
  const policy = services.settings.clientDocuments;
  if (stored?.dynamicallyRegistered === false || !policy.enabled) return stored;
  if (!isMetadataDocumentUrl(clientId, policy)) {
    // An identifier that was taken for one by an earlier version is none for that.
    return stored !== undefined && isDocumented(stored) ? undefined : stored;
  }
  refuseDomain(services, clientId);
  const described = await describe(services, clientId, stored, request);
  return "createdAt" in described ? described : remember(services, stored, described, request);
}

/** The document anew, for a client whose keys have changed (Q12). */
export async function refetchClient(services: Services, stored: Client, request: Requester): Promise<Client> {
  return remember(
    services,
    stored,
    await services.documents.reload(metadataDocument, stored.id, request.address),
    request,
  );
}

/** I18: before any fetch. A listed domain stands for its subdomains too. */
function refuseDomain({ settings }: Services, clientId: string): void {
  const { allowedDomains, deniedDomains } = settings.clientDocuments;
  const host = hostOf(clientId);
  const isAmong = (domains: readonly string[]) => domains.some((domain) => isWithinDomain(host, domain));
  if (!isAmong(deniedDomains) && (allowedDomains === undefined || isAmong(allowedDomains))) return;
  throw new OAuthError("invalid_client", {
    hint: "clients of this domain are not accepted here",
    reason: { key: "refusedApp", host },
  });
}

/**
 * As the document says now. When it cannot be had, as the copy says that ships with this server, or as it
 * said last: a client that begins like this cannot turn back, and must not strand a person because somebody's
 * web server has a bad day.
 */
async function describe(
  services: Services,
  clientId: string,
  stored: Client | undefined,
  request: Requester,
): Promise<DocumentedClient | Client> {
  const { documents, events } = services;
  try {
    return await documents.load(metadataDocument, clientId, request.address);
  } catch (error) {
    if (!(error instanceof DocumentError || error instanceof OAuthError)) throw error;
    const kind = error instanceof DocumentError ? error.kind : "invalid";
    // What its publisher withdrew is withdrawn; what he mangled is not taken for what he said last.
    const copy = kind === "gone" ? undefined : documents.snapshot(metadataDocument, clientId);
    const fallback = copy?.value ?? (kind === "unavailable" ? stored : undefined);
    const event = { request: request.id, client: clientId };
    if (copy === undefined || kind !== "unavailable") {
      const next = fallback === undefined ? "" : "; went on with an earlier copy";
      events.emit({ name: "client_document_unavailable", ...event, detail: `${error.message}${next}` });
    } else if (copy.isNews) {
      // Every day's business of a computer without the internet, and nothing is missing.
      const detail = `used the copy that ships with Gatehouse until ${new URL(clientId).host} can be asked again: ${error.message}`;
      events.emit({ name: "client_document_copy_used", ...event, detail });
    }
    if (fallback === undefined) throw unusable(clientId, error);
    return fallback;
  }
}

async function remember(
  services: Services,
  stored: Client | undefined,
  described: DocumentedClient,
  request: Requester,
): Promise<Client> {
  const { clock, events, store } = services;
  if (stored !== undefined && isSameClient(stored, described)) return stored;
  // Of its own: whoever comes after this attempt goes by the same document.
  const reference = createReferences((count) => services.random.bytes(count))();
  const fresh = asClient(described, clock.now(), reference);
  traceStep(services, { id: reference }, "client_document_read", {
    client: described.id,
    facts: { app: described.metadata.name, "proves itself by": described.authMethod },
  });
  const registrant = registrantOf(services, request);
  if (stored === undefined) {
    await boundDocumentedClients(services, registrant);
    await store.addClient(fresh, registrant);
    return fresh;
  }
  // I-n7: what was granted to a client that proved itself by a key is not for one that does not.
  const weaker = stored.authMethod === "private_key_jwt" && described.authMethod === "none";
  if (weaker) await store.removeClient(stored.id);
  if (weaker || !(await store.replaceClient(fresh))) await store.addClient(fresh, registrant);
  events.emit({
    name: "client_document_changed",
    request: reference,
    client: stored.id,
    ...(weaker ? { detail: "it no longer authenticates; its grants were ended" } : {}),
  });
  return weaker ? fresh : { ...fresh, createdAt: stored.createdAt, lastUsedAt: stored.lastUsedAt };
}

/**
 * I13: a page that says what to do; why it failed stands in the log, and what is wrong with a document its
 * developer may know.
 */
function unusable(clientId: string, error: DocumentError | OAuthError): OAuthError {
  const app = knownDocument(clientId)?.name;
  const { host } = new URL(clientId);
  const invalid = error instanceof OAuthError;
  return new OAuthError("invalid_client", {
    hint: invalid
      ? `the client ID metadata document is not valid: ${error.hint}`
      : "the client ID metadata document cannot be fetched",
    debug: error.message,
    cause: error,
    reason: { key: invalid ? "faultyDocument" : "missingDocument", app, host },
  });
}
