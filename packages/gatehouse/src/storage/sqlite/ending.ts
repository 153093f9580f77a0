import type { Grant } from "../../oauth/records.ts";
import { grants } from "../layouts.ts";
import type { Database } from "./database.ts";

/** Rows of a kind that one write removes: so few that no other write notices (X11). */
export const rowsAtOnce = 50;

/** Ends grants of a client or a person with their access tokens; to be called within a write. */
export function grantEnding(
  database: Database,
  owner: "client_id" | "subject",
  atMost: number,
): (id: string) => Grant[] {
  const some = database.prepare(
    `select ${grants.columns} from gatehouse_grants where ${owner} = ? limit ${atMost}`,
  );
  const endTokens = database.prepare("delete from user_tokens where grant_id = ?");
  const end = database.prepare("delete from gatehouse_grants where id = ?");
  return (id) => {
    const ended = some.all(id).map(grants.read);
    for (const grant of ended) {
      endTokens.run(grant.id);
      end.run(grant.id);
    }
    return ended;
  };
}

/**
 * Ends what a client has, a part of it at a time; to be called within a write.
 * @returns how many grants ended, and whether that was all
 */
export function clientEnding(database: Database): (id: string) => { grants: number; isAll: boolean } {
  const endGrants = grantEnding(database, "client_id", rowsAtOnce);
  const some = (table: string, key: string) =>
    database.prepare(
      `delete from ${table} where client_id = ?1 and ${key} in (select ${key} from ${table} where client_id = ?1 limit ${rowsAtOnce})`,
    );
  const others = [
    some("oauth2_sessions", "id"),
    some("oauth2_codes", "id"),
    some("gatehouse_consents", "subject"),
  ];
  // From now on its tokens are worth nothing, whoever asks: look-ups read this along.
  const mark = database.prepare(
    "update oauth2_clients set left_at = coalesce(left_at, created_at) where id = ?",
  );
  return (id) => {
    const went = others.map((remove) => Number(remove.run(id).changes));
    const grants = endGrants(id).length;
    const isAll = Math.max(grants, ...went) < rowsAtOnce;
    if (!isAll) mark.run(id);
    return { grants, isAll };
  };
}
