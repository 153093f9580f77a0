import { isLoopbackUrl } from "../oauth/host.ts";
import { readJsonObject } from "../oauth/messages/json-object.ts";
import { DocumentError } from "../oauth/ports.ts";
import { maxAgeOf } from "./freshness.ts";
import type { GuardedFetch, GuardedFetchOptions } from "./guarded-fetch.ts";
import { readPinnedDocuments } from "./pinned-documents.ts";
import { loadSnapshots } from "./snapshots.ts";
import { createThrottle } from "./throttle.ts";

/** Where documents come from; nothing is cached here. */
export interface DocumentSource {
  /**
   * The JSON object at this URL, fetched now: GET, no redirect followed, only 200 counts, only addresses that
   * are public (checked on the address connected to), a few kilobytes and seconds at most (I03, I08-I10). A
   * document the operator pinned is given without a fetch. Throws {@link DocumentError}.
   * @param maxBytes accepted
   * @param requester address of whoever causes the fetch: nobody may hold up everybody's by naming hosts that
   * do not answer (I17)
   */
  fetch(url: string, maxBytes: number, requester: string): Promise<FetchedObject>;
  /**
   * A dated copy of a well-known client's metadata document that ships with this server, for when fetching it
   * fails.
   */
  snapshot(url: string): Record<string, unknown> | undefined;
}

export interface FetchedObject {
  readonly object: Record<string, unknown>;
  /** Seconds it may be cached, by its `Cache-Control` or `Expires`; `undefined` when they say nothing. */
  readonly maxAge: number | undefined;
}

export interface DocumentSourceOptions extends GuardedFetchOptions {
  /** `CIMD_DOCUMENTS`: a folder of documents that are used in place of fetched ones. */
  readonly folder: string | undefined;
}

/**
 * Documents from the web, from the operator's folder, and from the copies that ship.
 * @throws Error when the folder cannot be used
 */
export function createDocumentSource({ folder, ...guard }: DocumentSourceOptions): DocumentSource {
  const pinned = folder === undefined ? undefined : readPinnedDocuments(folder);
  let guarded: Promise<GuardedFetch> | undefined;
  /** Its HTTP client is loaded for the first document: it takes a sixth of the time to start. */
  const loadGuarded = async () => (await import("./guarded-fetch.ts")).createGuardedFetch(guard);
  const throttled = createThrottle();
  return {
    async fetch(url, maxBytes, requester) {
      const own = pinned?.get(url);
      if (own !== undefined) return { object: own, maxAge: undefined };
      guarded ??= loadGuarded();
      const fetchGuarded = await guarded;
      const fetchText = () => fetchGuarded(url, maxBytes);
      const { text, headers } = await (isLoopbackUrl(new URL(url))
        ? fetchText()
        : throttled(url, requester, fetchText));
      return { object: parseObject(url, text), maxAge: maxAgeOf(headers, Date.now()) };
    },
    snapshot: loadSnapshots(),
  };
}

function parseObject(url: string, text: string): FetchedObject["object"] {
  const read = readJsonObject(text);
  if ("object" in read) return read.object;
  throw new DocumentError(
    "unavailable",
    `${new URL(url).origin} answered something that cannot be used: ${read.problem}`,
  );
}
