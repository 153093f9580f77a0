import type { Grant } from "../../oauth/records.ts";
import { mostReplayGenerations, type Rotation, type Store } from "../../oauth/store.ts";
import type { Seconds } from "../../oauth/values.ts";
import { batched } from "../batching.ts";
import { type Decision, decideRotation, type Lineage, skipped } from "../rotation.ts";
import { found, grantColumns, type Row, toGrant } from "../rows.ts";
import { askedToken, askForToken, insertAccessToken } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { keyedLookup } from "./lookup.ts";

type AskedRotation = Parameters<Store["rotateGrant"]>[0];
type GrantOperations = Pick<Store, "findGrant" | "rotateGrant" | "revokeGrant">;

export function grantOperations(database: Database): GrantOperations {
  const find = keyedLookup(database, { columns: grantColumns, table: "gatehouse_grants", key: "id" });
  // Whoever's token comes back rotated the grant: of several with the live generation, here as among processes, one.
  const rotate = database.prepare(
    `with asked as (
       select * from json_to_recordset($1) as asked
         (presented int, asked_at timestamptz, instant text, remembered int, expires_at timestamptz, key_id int, ${askedToken})
     ), rotated as (
       update gatehouse_grants set generation = generation + 1, rotated_at = asked_at,
         superseded_at = substr(instant || superseded_at, 1, case when superseded_at like '%${digits(skipped)}%' then ${10 * mostReplayGenerations} else remembered end),
         expires_at = asked.expires_at, key_id = asked.key_id
       from asked where gatehouse_grants.id = asked.grant_id and generation = presented and gatehouse_grants.expires_at > asked_at
       returning asked.token
     ), stored as (
       ${insertAccessToken("rotated")} returning token
     )
     select token from rotated`,
  );
  const look = database.prepare(
    "select generation, rotated_at, superseded_at from gatehouse_grants where id = $1 and expires_at > $2",
  );
  /** Changes a grant that still is at the generation that was seen, and stores the token. */
  const change = (changes: string) =>
    database.prepare(
      `with asked as (
         select * from json_to_recordset($1) as asked
           (seen int, next int, asked_at timestamptz, superseded text, expires_at timestamptz, key_id int, ${askedToken})
       ), changed as (
         update gatehouse_grants set ${changes}
         from asked where id = asked.grant_id and generation = seen and gatehouse_grants.expires_at > asked_at
         returning asked.token
       ), stored as (
         ${insertAccessToken("changed")} returning token
       )
       select token from changed`,
    );
  const move = change(
    "generation = next, rotated_at = asked_at, superseded_at = superseded, expires_at = asked.expires_at, key_id = asked.key_id",
  );
  // Nothing changes, but the row is taken: a revocation at the same moment comes before this and leaves nothing to replay, or after, and sees the token.
  const take = change("rotated_at = rotated_at");
  const remove = database.prepare("delete from gatehouse_grants where id = $1");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = $1");
  const rotateTogether = batched(async (rotations: readonly AskedRotation[]) => {
    const { rows } = await database.run(rotate, JSON.stringify(inOrder(rotations.map(askForRotation))));
    const rotated = new Set(rows.map(([token]) => token));
    return rotations.map(({ accessToken }) => rotated.has(accessToken.tokenHash));
  });
  return {
    findGrant: async (id, now) => {
      const row = await find(id);
      const grant = found(row, toGrant);
      return grant !== undefined && grant.expiresAt > now ? grant : undefined;
    },
    rotateGrant: async (rotation): Promise<Rotation> => {
      const { grantId, presented, now } = rotation;
      if (presented >= 1 && (await rotateTogether(rotation))) {
        return { outcome: "rotated", generation: presented + 1 };
      }
      // Another's rotation may come between look and change; then the next look sees a newer generation, and they only grow.
      for (;;) {
        const [row] = (await database.run(look, grantId, instant(now))).rows;
        if (row === undefined) return { outcome: "gone" };
        const lineage = toLineage(row);
        const decision = decideRotation(lineage, rotation);
        if (decision.outcome === "reused") return decision;
        const { superseded, ...decided } = decision;
        const statement = superseded === undefined ? take : move;
        const asked = JSON.stringify([askForChange(rotation, lineage, decision)]);
        if ((await database.run(statement, asked)).rows.length === 1) return decided;
      }
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

function askForRotation({ presented, now, replay, expiresAt, keyId, accessToken }: AskedRotation) {
  return {
    presented,
    asked_at: instant(now),
    instant: digits(now),
    remembered: 10 * replay.generations,
    expires_at: instant(expiresAt),
    key_id: keyId,
    ...askForToken(accessToken),
  };
}

function askForChange(
  { now, expiresAt, keyId, accessToken }: AskedRotation,
  { generation }: Lineage,
  decision: Exclude<Decision, { outcome: "reused" }>,
) {
  return {
    seen: generation,
    next: decision.generation,
    asked_at: instant(now),
    superseded: decision.superseded?.map(digits).join(""),
    expires_at: instant(expiresAt),
    key_id: keyId,
    ...askForToken(accessToken),
  };
}

/** The same everywhere, so that two processes never wait for each other's rows. */
function inOrder<T extends { readonly grant_id: string | undefined }>(asked: readonly T[]): T[] {
  return asked.toSorted(({ grant_id: left = "" }, { grant_id: right = "" }) => (left < right ? -1 : 1));
}

/** An instant, or that there was none, as it stands in `superseded_at`: ten digits. */
export function digits(at: number): string {
  return `${at}`.padStart(10, "0");
}

const toLineage = ([generation, rotatedAt, superseded]: Row): Lineage => ({
  generation: generation as number,
  rotatedAt: rotatedAt as Seconds,
  superseded: (superseded as string).match(/\d{10}/g)?.map(Number) ?? [],
});

/** What {@link insertGrant} wants to know of each grant, among the columns of `asked`; its id is that of the token. */
export const askedGrant = `client_id text, subject text, email text, scope text, resource text, generation int, salt text,
  auth_time timestamptz, created_at timestamptz, rotated_at timestamptz, expires_at timestamptz, ends_at timestamptz, key_id int`;

/**
 * Stores the grants of `asked` whose token is among those of `source`.
 * @param superseded when generations before were superseded, as an expression of SQL
 */
export function insertGrant(source: string, superseded = "''"): string {
  return `insert into gatehouse_grants (${grantColumns}, superseded_at)
    select asked.grant_id, asked.client_id, asked.subject, asked.email, asked.scope, asked.resource, asked.generation, asked.salt,
      asked.auth_time, asked.created_at, asked.rotated_at, asked.expires_at, asked.ends_at, asked.key_id, ${superseded}
    from asked, ${source} as done where done.token = asked.token`;
}

/** A grant as {@link askedGrant} names its parts. */
export function askForGrant(grant: Grant) {
  return {
    client_id: grant.clientId,
    subject: grant.subject,
    email: grant.email,
    scope: grant.scope,
    resource: grant.resource ?? "",
    generation: grant.generation,
    salt: grant.salt,
    auth_time: instant(grant.authTime),
    created_at: instant(grant.createdAt),
    rotated_at: instant(grant.rotatedAt),
    expires_at: instant(grant.expiresAt),
    ends_at: instant(grant.endsAt),
    key_id: grant.keyId ?? null,
  };
}
