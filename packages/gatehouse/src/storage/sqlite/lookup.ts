import { found, type Row } from "../rows.ts";
import type { Database, Statement } from "./database.ts";

/** A look-up of what many requests want at once, such as a client: those of one turn of the event loop for the same key are one. */
export function sharedLookup<T>(
  database: Database,
  find: Statement,
  read: (row: Row) => T,
): (key: string) => Promise<T | undefined> {
  const waiting = new Map<string, Promise<T | undefined>>();
  return (key) => {
    const sooner = waiting.get(key);
    if (sooner !== undefined) return sooner;
    const looked = database.read(() => {
      waiting.delete(key);
      return found(find.get(key), read);
    });
    waiting.set(key, looked);
    // A database that cannot answer never came as far as to forget it.
    looked.catch(() => waiting.delete(key));
    return looked;
  };
}
