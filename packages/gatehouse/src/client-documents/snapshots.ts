import { listShippedFiles, readShippedFile } from "../shipped-files.ts";

/**
 * A copy of what a well-known client published, with when and from where it was taken. `{id}` in its
 * `client_id` stands for one path segment.
 */
interface Snapshot {
  readonly asOf: string;
  readonly source: string;
  readonly document: Record<string, unknown> & { readonly client_id: string };
}

const placeholder = "{id}";

/**
 * The documents that ship with this server. Gives the one for a URL, with the placeholder filled in
 * throughout.
 */
export function loadSnapshots(): (url: string) => Record<string, unknown> | undefined {
  const snapshots = listShippedFiles("src/client-documents/snapshots", ".json").map(
    (path) => JSON.parse(readShippedFile(path)) as Snapshot,
  );
  const exact = new Map(snapshots.map(({ document }) => [document.client_id, document]));
  const templates = snapshots.filter(({ document }) => document.client_id.includes(placeholder));
  return (url) => {
    const found = exact.get(url);
    if (found !== undefined) return found;
    for (const { document } of templates) {
      const [before = "", after = ""] = document.client_id.split(placeholder);
      if (!url.startsWith(before) || !url.endsWith(after)) continue;
      const id = url.slice(before.length, url.length - after.length);
      if (!/^[A-Za-z0-9_-]{1,200}$/.test(id)) continue;
      return JSON.parse(JSON.stringify(document).replaceAll(placeholder, id)) as Record<string, unknown>;
    }
    return undefined;
  };
}
