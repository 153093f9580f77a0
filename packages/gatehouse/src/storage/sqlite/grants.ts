import type { ReplayPolicy, Rotation, Store } from "../../oauth/ports.ts";
import type { Grant } from "../../oauth/records.ts";
import type { Seconds } from "../../oauth/values.ts";
import { found, grantColumns, type Row, toGrant } from "../rows.ts";
import { insertAccessToken } from "./access-tokens.ts";
import type { Database } from "./database.ts";

type GrantOperations = Pick<Store, "findGrant" | "rotateGrant" | "revokeGrant">;

export function grantOperations(database: Database): GrantOperations {
  const find = database.prepare(
    `select ${grantColumns} from gatehouse_grants where id = ? and expires_at > ?`,
  );
  const rotate = database.prepare(
    "update gatehouse_grants set generation = generation + 1, rotated_at = ?, superseded_at = ?, expires_at = ? where id = ?",
  );
  const current = database.prepare(
    "select generation, superseded_at from gatehouse_grants where id = ? and expires_at > ?",
  );
  const storeToken = insertAccessToken(database);
  const remove = database.prepare("delete from gatehouse_grants where id = ?");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = ?");
  return {
    findGrant: (id, now) => database.read(() => found(find.get(id, now), toGrant)),
    rotateGrant: ({ grantId, presented, now, replay, expiresAt, accessToken }) =>
      database.write((): Rotation => {
        const row = current.get(grantId, now);
        if (row === undefined) return { outcome: "gone" };
        const generation = row[0] as number;
        const superseded = recentlySuperseded(row, now, replay);
        if (presented < 1 || presented > generation || generation - presented > superseded.length) {
          return { outcome: "reused" };
        }
        storeToken(accessToken);
        if (presented < generation) return { outcome: "replayed", generation };
        const kept = [now, ...superseded].slice(0, replay.generations);
        rotate.run(now, JSON.stringify(kept), expiresAt, grantId);
        return { outcome: "rotated", generation: generation + 1 };
      }),
    revokeGrant: (id) =>
      database.write(() => {
        removeTokens.run(id);
        return remove.run(id).changes === 1;
      }),
  };
}

/** When each generation before the live one was superseded, the latest first, as far back as it is forgiven. */
function recentlySuperseded(row: Row, now: Seconds, { window, generations }: ReplayPolicy): number[] {
  const all = JSON.parse(row[1] as string) as number[];
  return all.filter((at) => now - at < window).slice(0, generations);
}

export function insertGrant(database: Database): (grant: Grant) => void {
  const insert = database.prepare(
    `insert into gatehouse_grants (${grantColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (grant) =>
    void insert.run(
      grant.id,
      grant.clientId,
      grant.subject,
      grant.email,
      grant.scope,
      grant.resource ?? "",
      grant.generation,
      grant.salt,
      grant.authTime,
      grant.createdAt,
      grant.rotatedAt,
      grant.expiresAt,
      grant.endsAt,
    );
}
