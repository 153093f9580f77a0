import { isLoopbackUrl } from "../oauth/host.ts";
import { readJsonObject } from "../oauth/json-object.ts";
import { type ClientDocuments, DocumentError, type FetchedObject } from "../oauth/ports.ts";
import { maxAgeOf } from "./freshness.ts";
import { createGuardedFetch, type GuardedFetchOptions } from "./guarded-fetch.ts";
import { readPinnedDocuments } from "./pinned-documents.ts";
import { loadSnapshots } from "./snapshots.ts";
import { createThrottle } from "./throttle.ts";

export interface ClientDocumentsOptions extends GuardedFetchOptions {
  /** `CIMD_DOCUMENTS`: a folder of documents that are used in place of fetched ones. */
  readonly folder: string | undefined;
}

/** Documents that clients publish, from the web, from the operator's folder, and from the copies that ship. Throws when the folder cannot be used. */
export function createClientDocuments({ folder, ...guard }: ClientDocumentsOptions): ClientDocuments {
  const pinned = folder === undefined ? undefined : readPinnedDocuments(folder);
  const fetchGuarded = createGuardedFetch(guard);
  const throttled = createThrottle();
  return {
    async fetch(url, longest, requester) {
      const own = pinned?.get(url);
      if (own !== undefined) return { object: own, maxAge: undefined };
      const fetchText = () => fetchGuarded(url, longest);
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
