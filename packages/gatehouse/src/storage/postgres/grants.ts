import type { ReplayPolicy, Rotation, Store } from "../../oauth/ports.ts";
import type { Grant } from "../../oauth/records.ts";
import type { Seconds } from "../../oauth/values.ts";
import { toGrant } from "../rows.ts";
import { accessTokenValues, insertAccessToken } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database, Value } from "./database.ts";
import { keyedLookup } from "./lookup.ts";

type GrantOperations = Pick<Store, "findGrant" | "rotateGrant" | "revokeGrant">;

/** In the order of {@link grantValues}. */
export const grantColumns = `id, client_id, subject, email, scope, resource, generation, salt,
  auth_time, created_at, rotated_at, expires_at, ends_at`;

export function grantOperations(database: Database): GrantOperations {
  const find = keyedLookup(
    database,
    "id",
    (condition) => `select ${grantColumns} from gatehouse_grants where ${condition}`,
  );
  const rotate = database.prepare(
    `with rotated as (
       update gatehouse_grants set generation = generation + 1, rotated_at = $3, superseded_at = substr($4::text || superseded_at, 1, $5::int),
         expires_at = $6
       where id = $1 and generation = $2::int and expires_at > $3 returning id
     )
     ${insertAccessToken("rotated", 7)}`,
  );
  // Nothing changes, but the row is taken: a revocation at the same moment comes before this and leaves nothing to replay, or after, and sees the token.
  const replay = database.prepare(
    `with replayed as (
       update gatehouse_grants set rotated_at = rotated_at
       where id = $1 and expires_at > $3 and generation - $2::int between 1 and $4::int
         and substr(superseded_at, (generation - $2::int) * 10 - 9, 10) > $5
       returning generation
     ), stored as (
       ${insertAccessToken("replayed", 6)} returning token
     )
     select generation from replayed`,
  );
  const isLive = database.prepare("select id from gatehouse_grants where id = $1 and expires_at > $2");
  const remove = database.prepare("delete from gatehouse_grants where id = $1");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = $1");
  return {
    findGrant: async (id, now) => {
      const row = await find(id);
      return row && (row.expires_at as Seconds) > now ? toGrant(row) : undefined;
    },
    // Generations only grow, so what one statement could not do because of them the next need not doubt.
    rotateGrant: async ({
      grantId,
      presented,
      now,
      replay: policy,
      expiresAt,
      accessToken,
    }): Promise<Rotation> => {
      const which = [grantId, presented, instant(now)];
      const token = accessTokenValues(accessToken);
      if (presented >= 1) {
        const remembered = [digits(now), 10 * policy.generations];
        const rotated = await database.run(rotate, ...which, ...remembered, instant(expiresAt), ...token);
        if (rotated.changes === 1) return { outcome: "rotated", generation: presented + 1 };
        const forgiven = [policy.generations, digits(oldest(now, policy))];
        const [replayed] = (await database.run(replay, ...which, ...forgiven, ...token)).rows;
        if (replayed) return { outcome: "replayed", generation: replayed.generation as number };
      }
      const live = await database.run(isLive, grantId, instant(now));
      return { outcome: live.rows.length === 1 ? "reused" : "gone" };
    },
    revokeGrant: (id) =>
      database.transaction(async (run) => {
        // The grant first: from then on nobody adds a token.
        const { changes } = await run(remove, id);
        await run(removeTokens, id);
        return changes === 1;
      }),
  };
}

/** The last instant at which what was superseded is not forgiven any more. */
const oldest = (now: Seconds, { window }: ReplayPolicy): number => Math.max(now - window, 0);

/** As instants stand in `superseded_at`, where they compare like numbers. */
const digits = (at: number): string => `${at}`.padStart(10, "0");

export function grantValues(grant: Grant): Value[] {
  return [
    grant.id,
    grant.clientId,
    grant.subject,
    grant.email,
    grant.scope,
    grant.resource ?? "",
    grant.generation,
    grant.salt,
    instant(grant.authTime),
    instant(grant.createdAt),
    instant(grant.rotatedAt),
    instant(grant.expiresAt),
    instant(grant.endsAt),
  ];
}
