import type { ClientDocuments, Clock } from "../oauth/ports.ts";
import { cachedDocuments } from "./document-cache.ts";
import { createDocumentSource, type DocumentSourceOptions } from "./document-source.ts";

/**
 * What clients publish about themselves: `document-cache.ts` asks `document-source.ts`, which looks into the
 * operator's folder (`pinned-documents.ts`) and else fetches, within bounds (`throttle.ts`) and only from
 * public addresses (`guarded-fetch.ts`). The copies that ship are in `snapshots/`. This room implements a
 * port of `oauth/`, and imports nothing else but `caching/`.
 *
 * @param clock says how old a document is
 * @throws Error when the folder cannot be used
 */
export function createClientDocuments(options: DocumentSourceOptions, clock: Clock): ClientDocuments {
  return cachedDocuments(createDocumentSource(options), clock);
}
