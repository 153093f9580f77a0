import { type ClientDocuments, type Clock, DocumentError } from "./ports.ts";
import type { Seconds } from "./values.ts";

/** A kind of document: how long it may be, and how it is understood. What `read` throws on is not kept (I12). */
export interface DocumentKind<T> {
  readonly name: "metadata" | "keys";
  /** Bytes. */
  readonly longest: number;
  readonly read: (object: Record<string, unknown>, url: string) => T;
}

/**
 * Documents of clients, kept between uses. `requester` is the address of whoever needs one. Throws {@link DocumentError}, or what `read` throws.
 */
export interface KeptDocuments {
  /** As fetched not too long ago, by the answer's own word within bounds (I11). Callers at the same time share one fetch (I17). */
  load<T>(kind: DocumentKind<T>, url: string, requester: string): Promise<T>;
  /** Fetched anew, because the one at hand lacks something; at most once a minute, in between the one at hand is given (Q12). */
  reload<T>(kind: DocumentKind<T>, url: string, requester: string): Promise<T>;
  /**
   * The copy that ships with this server, if there is one; `isNews` is true at the first use since the document itself
   * was last fetched: what goes on for hours is told once.
   */
  snapshot<T>(
    kind: DocumentKind<T>,
    url: string,
  ): { readonly value: T; readonly isNews: boolean } | undefined;
}

/** Seconds. What a document's server says of its age counts between these; the middle one where it says nothing. */
const shortest = 60;
const usual = 3600;
const longest = 86_400;
/** As many documents as are kept; of more the one kept for longest goes. */
const most = 1000;

interface Kept {
  readonly value: unknown;
  readonly fetchedAt: Seconds;
  readonly until: number;
}

export function keepDocuments(documents: ClientDocuments, clock: Clock): KeptDocuments {
  const kept = new Map<string, Kept>();
  const pending = new Map<string, Promise<unknown>>();
  /** Documents whose copy is in use. */
  const copied = new Set<string>();

  async function fetch<T>(kind: DocumentKind<T>, url: string, requester: string): Promise<T> {
    const { object, maxAge = usual } = await documents.fetch(url, kind.longest, requester);
    const value = kind.read(object, url);
    const fetchedAt = clock.now();
    const key = keyOf(kind, url);
    copied.delete(key);
    kept.delete(key);
    kept.set(key, { value, fetchedAt, until: fetchedAt + Math.min(Math.max(maxAge, shortest), longest) });
    dropOldest(kept);
    return value;
  }

  /** The key holds the kind, so the value is of its type. */
  function share<T>(kind: DocumentKind<T>, url: string, requester: string): Promise<T> {
    const key = keyOf(kind, url);
    const running = pending.get(key) ?? fetch(kind, url, requester).finally(() => pending.delete(key));
    pending.set(key, running);
    return running as Promise<T>;
  }

  return {
    async load(kind, url, requester) {
      const found = kept.get(keyOf(kind, url));
      if (found !== undefined && clock.now() < found.until)
        return found.value as ReturnType<typeof kind.read>;
      return share(kind, url, requester);
    },
    async reload(kind, url, requester) {
      const found = kept.get(keyOf(kind, url));
      if (found !== undefined && clock.now() - found.fetchedAt < shortest) {
        return found.value as ReturnType<typeof kind.read>;
      }
      return share(kind, url, requester);
    },
    snapshot(kind, url) {
      const object = documents.snapshot(url);
      if (object === undefined) return undefined;
      const key = keyOf(kind, url);
      const isNews = !copied.has(key);
      copied.add(key);
      dropOldest(copied);
      return { value: kind.read(object, url), isNews };
    },
  };
}

function keyOf({ name }: DocumentKind<unknown>, url: string): string {
  return `${name} ${url}`;
}

/** Strangers choose the URLs, so there is an end to them. */
function dropOldest(collection: Map<string, unknown> | Set<string>): void {
  for (const oldest of collection.keys()) {
    if (collection.size <= most) break;
    collection.delete(oldest);
  }
}
