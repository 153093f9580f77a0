import type { Database, Run } from "./database.ts";

/** Rows of a kind that one transaction removes: so few that nobody waits for them for long (X11). */
export const rowsAtOnce = 500;

/**
 * Ends what is under way with a client, in the order in which one becomes the other: it holds its own row and
 * waits for the client's. To be called before the client's row is taken.
 */
export function clientAttemptsEnding(database: Database): (run: Run, id: string) => Promise<void> {
  const removals = ["oauth2_sessions", "oauth2_codes"].map((table) =>
    database.prepare(`delete from ${table} where client_id = $1`),
  );
  return async (run, id) => {
    for (const removal of removals) await run(removal, id);
  };
}

/**
 * Ends what a client has, a part of it at a time. To be called with the client's row taken: then nobody adds
 * a grant, and with the grants gone nobody adds a token.
 * @returns how many grants ended, and whether that was all
 */
export function clientEnding(
  database: Database,
): (run: Run, id: string) => Promise<{ grants: number; isAll: boolean }> {
  const some = (table: string, key: string) =>
    `delete from ${table} where client_id = $1 and ${key} in (select ${key} from ${table} where client_id = $1 limit ${rowsAtOnce})`;
  const endGrants = database.prepare(`${some("gatehouse_grants", "id")} returning id`);
  const endTokens = database.prepare("delete from user_tokens where grant_id = any($1)");
  const forget = database.prepare(some("gatehouse_consents", "subject"));
  const isLeft = ["gatehouse_grants", "gatehouse_consents"].map((table) =>
    database.prepare(`select client_id from ${table} where client_id = $1 limit 1`),
  );
  // From now on its tokens are worth nothing, whoever asks: look-ups read this along.
  const mark = database.prepare(
    "update oauth2_clients set left_at = coalesce(left_at, created_at) where id = $1",
  );
  return async (run, id) => {
    const ended = (await run(endGrants, id)).rows.map(([grantId]) => grantId as string);
    if (ended.length > 0) await run(endTokens, ended);
    await run(forget, id);
    // Asked, because others may have ended some of those at this moment.
    let isAll = true;
    for (const left of isLeft) isAll &&= (await run(left, id)).rows.length === 0;
    if (!isAll) await run(mark, id);
    return { grants: ended.length, isAll };
  };
}
