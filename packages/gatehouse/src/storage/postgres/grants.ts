import type { ReplayPolicy, Rotation, Store } from "../../oauth/ports.ts";
import type { Grant } from "../../oauth/records.ts";
import type { Seconds } from "../../oauth/values.ts";
import { found, grantColumns, toGrant } from "../rows.ts";
import { askedToken, askForToken, insertAccessToken } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { gathered } from "./gathered.ts";
import { keyedLookup } from "./lookup.ts";

type AskedRotation = Parameters<Store["rotateGrant"]>[0];
type GrantOperations = Pick<Store, "findGrant" | "rotateGrant" | "revokeGrant">;

export function grantOperations(database: Database): GrantOperations {
  const find = keyedLookup(database, { columns: grantColumns, table: "gatehouse_grants", key: "id" });
  // Whoever's token comes back rotated the grant: of several with the live generation, here as among processes, one.
  const rotate = database.prepare(
    `with asked as (
       select * from json_to_recordset($1) as asked
         (presented int, asked_at timestamptz, instant text, remembered int, expires_at timestamptz, ${askedToken})
     ), rotated as (
       update gatehouse_grants set generation = generation + 1, rotated_at = asked_at,
         superseded_at = substr(instant || superseded_at, 1, remembered), expires_at = asked.expires_at
       from asked where gatehouse_grants.id = asked.grant_id and generation = presented and gatehouse_grants.expires_at > asked_at
       returning asked.token
     ), stored as (
       ${insertAccessToken("rotated")} returning token
     )
     select token from rotated`,
  );
  // Nothing changes, but the row is taken: a revocation at the same moment comes before this and leaves nothing to replay, or after, and sees the token.
  const replay = database.prepare(
    `with asked as (
       select * from json_to_recordset($1) as asked
         (presented int, asked_at timestamptz, forgiven int, forgiven_after text, ${askedToken})
     ), replayed as (
       update gatehouse_grants set rotated_at = rotated_at
       from asked where id = asked.grant_id and expires_at > asked_at and generation - presented between 1 and forgiven
         and substr(superseded_at, (generation - presented) * 10 - 9, 10) > forgiven_after
       returning asked.token, generation
     ), stored as (
       ${insertAccessToken("replayed")} returning token
     )
     select generation from replayed`,
  );
  const isLive = database.prepare("select id from gatehouse_grants where id = $1 and expires_at > $2");
  const remove = database.prepare("delete from gatehouse_grants where id = $1");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = $1");
  const rotateTogether = gathered(async (rotations: readonly AskedRotation[]) => {
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
    // Generations only grow, so what one statement could not do because of them the next need not doubt.
    rotateGrant: async (rotation): Promise<Rotation> => {
      const { grantId, presented, now } = rotation;
      if (presented >= 1) {
        if (await rotateTogether(rotation)) return { outcome: "rotated", generation: presented + 1 };
        const [replayed] = (await database.run(replay, JSON.stringify([askForReplay(rotation)]))).rows;
        if (replayed) return { outcome: "replayed", generation: replayed[0] as number };
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

function askForRotation({ presented, now, replay, expiresAt, accessToken }: AskedRotation) {
  return {
    presented,
    asked_at: instant(now),
    instant: digits(now),
    remembered: 10 * replay.generations,
    expires_at: instant(expiresAt),
    ...askForToken(accessToken),
  };
}

function askForReplay({ presented, now, replay, accessToken }: AskedRotation) {
  return {
    presented,
    asked_at: instant(now),
    forgiven: replay.generations,
    forgiven_after: digits(oldest(now, replay)),
    ...askForToken(accessToken),
  };
}

/** The same everywhere, so that two processes never wait for each other's rows. */
function inOrder<T extends { readonly grant_id: string | undefined }>(asked: readonly T[]): T[] {
  return asked.toSorted(({ grant_id: left = "" }, { grant_id: right = "" }) => (left < right ? -1 : 1));
}

/** The last instant at which what was superseded is not forgiven any more. */
const oldest = (now: Seconds, { window }: ReplayPolicy): number => Math.max(now - window, 0);

/** As instants stand in `superseded_at`, where they compare like numbers. */
const digits = (at: number): string => `${at}`.padStart(10, "0");

/** What {@link insertGrant} wants to know of each grant, among the columns of `asked`; its id is that of the token. */
export const askedGrant = `client_id text, subject text, email text, scope text, resource text, generation int, salt text,
  auth_time timestamptz, created_at timestamptz, rotated_at timestamptz, expires_at timestamptz, ends_at timestamptz`;

/** Stores the grants of `asked` whose token is among those of `source`. */
export function insertGrant(source: string): string {
  return `insert into gatehouse_grants (${grantColumns})
    select asked.grant_id, asked.client_id, asked.subject, asked.email, asked.scope, asked.resource, asked.generation, asked.salt,
      asked.auth_time, asked.created_at, asked.rotated_at, asked.expires_at, asked.ends_at
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
  };
}
