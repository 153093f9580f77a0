import type { Grant } from "../../oauth/records.ts";
import type { Rotation, Store } from "../../oauth/store.ts";
import type { Seconds } from "../../oauth/values.ts";
import { decideRotation, type Lineage } from "../rotation.ts";
import { found, grantColumns, type Row, toGrant } from "../rows.ts";
import { insertAccessToken } from "./access-tokens.ts";
import type { Database } from "./database.ts";

type GrantOperations = Pick<Store, "findGrant" | "rotateGrant" | "revokeGrant">;

export function grantOperations(database: Database): GrantOperations {
  const find = database.prepare(
    `select ${grantColumns} from gatehouse_grants where id = ? and expires_at > ?`,
  );
  const rotate = database.prepare(
    "update gatehouse_grants set generation = ?, rotated_at = ?, superseded_at = ?, expires_at = ?, key_id = ? where id = ?",
  );
  const current = database.prepare(
    "select generation, rotated_at, superseded_at from gatehouse_grants where id = ? and expires_at > ?",
  );
  const storeToken = insertAccessToken(database);
  const remove = database.prepare("delete from gatehouse_grants where id = ?");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = ?");
  return {
    findGrant: (id, now) => database.read(() => found(find.get(id, now), toGrant)),
    rotateGrant: (asked) =>
      database.write((): Rotation => {
        const { grantId, now, expiresAt, accessToken } = asked;
        const row = current.get(grantId, now);
        if (row === undefined) return { outcome: "gone" };
        const { superseded, ...rotation } = decideRotation(toLineage(row), asked);
        if (rotation.outcome === "reused") return rotation;
        storeToken(accessToken);
        if (superseded !== undefined) {
          const { keyId = null } = asked;
          rotate.run(rotation.generation, now, JSON.stringify(superseded), expiresAt, keyId, grantId);
        }
        return rotation;
      }),
    revokeGrant: (id) =>
      database.write(() => {
        removeTokens.run(id);
        return remove.run(id).changes === 1;
      }),
  };
}

const toLineage = ([generation, rotatedAt, superseded]: Row): Lineage => ({
  generation: generation as number,
  rotatedAt: rotatedAt as Seconds,
  superseded: JSON.parse(superseded as string) as number[],
});

export function insertGrant(database: Database): (grant: Grant) => void {
  const insert = database.prepare(
    `insert into gatehouse_grants (${grantColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
      grant.keyId ?? null,
    );
}
