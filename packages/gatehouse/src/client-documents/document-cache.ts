import { Cache } from "../caching/cache.ts";
import { singleFlight } from "../caching/single-flight.ts";
import type { ClientDocuments, Clock, DocumentKind } from "../oauth/ports.ts";
import type { Seconds } from "../oauth/values.ts";
import type { DocumentSource } from "./document-source.ts";

/** What a document's server says of its age counts between these; the default where it says nothing. */
const minAgeSeconds = 60;
const defaultAgeSeconds = 3600;
const maxAgeSeconds = 86_400;
/** Strangers choose the URLs, so there is an end to them. */
const maxEntries = 1000;

interface Cached {
  readonly value: unknown;
  readonly fetchedAt: Seconds;
}

/** The documents of a source, cached as they were understood. */
export function cachedDocuments(source: DocumentSource, clock: Clock): ClientDocuments {
  const documents = new Cache<string, Cached>({ maxEntries, now: () => clock.now() });
  /** Documents whose copy is in use, until they are fetched. */
  const copied = new Cache<string, true>({ maxEntries, now: () => clock.now() });

  const fetch = singleFlight(
    async (key: string, kind: DocumentKind<unknown>, url: string, requester: string) => {
      const { object, maxAge = defaultAgeSeconds } = await source.fetch(url, kind.maxBytes, requester);
      const value = kind.read(object, url);
      const fetchedAt = clock.now();
      copied.delete(key);
      documents.set(
        key,
        { value, fetchedAt },
        fetchedAt + Math.min(Math.max(maxAge, minAgeSeconds), maxAgeSeconds),
      );
      return value;
    },
  );

  return {
    async load(kind, url, requester) {
      const key = keyOf(kind, url);
      const cached = documents.get(key);
      return ofKind(kind, cached === undefined ? await fetch(key, kind, url, requester) : cached.value);
    },
    async reload(kind, url, requester) {
      const key = keyOf(kind, url);
      const cached = documents.get(key);
      const isRecent = cached !== undefined && clock.now() - cached.fetchedAt < minAgeSeconds;
      return ofKind(kind, isRecent ? cached.value : await fetch(key, kind, url, requester));
    },
    snapshot(kind, url) {
      const object = source.snapshot(url);
      if (object === undefined) return undefined;
      const key = keyOf(kind, url);
      const isNews = copied.get(key) === undefined;
      if (isNews) copied.set(key, true, Number.POSITIVE_INFINITY);
      return { value: kind.read(object, url), isNews };
    },
  };
}

function keyOf({ name }: DocumentKind<unknown>, url: string): string {
  return `${name} ${url}`;
}

/** The kind is a part of the key, so the value is of its type. */
function ofKind<T>(_kind: DocumentKind<T>, value: unknown): T {
  return value as T;
}
