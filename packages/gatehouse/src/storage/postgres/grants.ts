import { maxReplayGenerations, type Rotation } from "../../oauth/store/grants.ts";
import type { Store } from "../../oauth/store.ts";
import { batched } from "../batching.ts";
import { found, layout } from "../layout.ts";
import {
  accessTokens,
  grantsAndAccounts,
  grantsStanding,
  newGrants,
  tokenGrants,
  withAccounts,
  withStanding,
} from "../layouts.ts";
import { type Narrowed, narrowed } from "../narrowing.ts";
import { type Decision, decideRotation, type Lineage, skipped } from "../rotation.ts";
import { insertAccessTokens } from "./access-tokens.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { columnsOf, recordset, written } from "./dialect.ts";
import { keyedLookup } from "./lookup.ts";

type RotationRequest = Parameters<Store["rotateGrant"]>[0];
type GrantOperations = Pick<
  Store,
  | "nextGrantOrder"
  | "findGrant"
  | "findTokenGrant"
  | "findGrantAndAccount"
  | "rotateGrant"
  | "narrowGrant"
  | "revokeGrant"
>;

const lineages = layout(
  (column): Lineage => ({
    generation: column.integer("generation"),
    rotatedAt: column.instant("rotated_at"),
    superseded:
      column
        .text("superseded_at")
        .match(/\d{10}/g)
        ?.map(Number) ?? [],
  }),
);

const scopes = layout(
  (column): Narrowed => ({
    scope: column.text("scope"),
    takenScope: column.optionalText("taken_scope"),
  }),
);

export function grantOperations(database: Database): GrantOperations {
  const find = keyedLookup(database, {
    columns: grantsStanding.columns,
    table: withStanding("gatehouse_grants"),
    key: "held.id",
  });
  const findForToken = keyedLookup(database, {
    columns: tokenGrants.columns,
    table: withStanding("gatehouse_grants"),
    key: "held.id",
  });
  const findWithAccount = keyedLookup(database, {
    columns: grantsAndAccounts.columns,
    table: withAccounts("gatehouse_grants"),
    key: "held.id",
  });
  const takeScope = database.prepare(
    `select ${scopes.columns} from gatehouse_grants where id = $1 for update`,
  );
  const narrow = database.prepare("update gatehouse_grants set scope = $2, taken_scope = $3 where id = $1");
  // Whoever's number comes back rotated the grant: of several with the live generation, here as among
  // processes, one.
  const rotated = `asked as (
       select * from json_to_recordset($1) as asked (number int, grant_id text, token text, presented int, asked_at timestamptz,
         instant text, remembered int, expires_at timestamptz, key_id int, address text)
     ), rotated as (
       update gatehouse_grants set generation = generation + 1, rotated_at = asked_at,
         superseded_at = substr(instant || superseded_at, 1, case when superseded_at like '%${digits(skipped)}%' then ${10 * maxReplayGenerations} else remembered end),
         expires_at = asked.expires_at, key_id = asked.key_id, token_address = coalesce(address, token_address)
       from asked where gatehouse_grants.id = asked.grant_id and generation = presented and gatehouse_grants.expires_at > asked_at
       returning asked.number, asked.token
     )`;
  const rotate = database.prepare(`with ${rotated} select number from rotated`);
  const rotateAndStore = database.prepare(
    `with ${rotated}, tokens as (
       ${recordset(accessTokens, "$2", "tokens")}
     ), stored as (
       ${insertAccessTokens("rotated")} returning token
     )
     select number from rotated`,
  );
  const look = database.prepare(
    `select ${lineages.columns} from gatehouse_grants where id = $1 and expires_at > $2`,
  );
  /** Changes a grant that still is at the generation that was seen, and stores the token. */
  const change = (changes: string) =>
    database.prepare(
      `with asked as (
         select * from json_to_recordset($1) as asked (grant_id text, token text, seen int, next int, asked_at timestamptz,
           superseded text, expires_at timestamptz, key_id int, address text)
       ), tokens as (
         ${recordset(accessTokens, "$2", "tokens")}
       ), changed as (
         update gatehouse_grants set ${changes}
         from asked where id = asked.grant_id and generation = seen and gatehouse_grants.expires_at > asked_at
         returning asked.token
       ), stored as (
         ${insertAccessTokens("changed")} returning token
       )
       select true from changed`,
    );
  const move = change(
    "generation = next, rotated_at = asked_at, superseded_at = superseded, expires_at = asked.expires_at, key_id = asked.key_id, token_address = coalesce(address, token_address)",
  );
  // Nothing changes, but the row is taken: a revocation at the same moment comes before this and leaves
  // nothing to replay, or after, and sees the token.
  const take = change("rotated_at = rotated_at");
  const remove = database.prepare("delete from gatehouse_grants where id = $1");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = $1");
  const rotateTogether = batched(async (rotations: readonly RotationRequest[]) => {
    const asked = JSON.stringify(inOrder(rotations.map(rotationRow)));
    const tokens = tokensOf(rotations);
    const { rows } = await (tokens.length === 0
      ? database.run(rotate, asked)
      : database.run(rotateAndStore, asked, JSON.stringify(tokens)));
    const rotated = new Set(rows.map(([number]) => number));
    return rotations.map((_, number) => rotated.has(number));
  });
  return {
    nextGrantOrder: () => undefined,
    findGrant: async (id, now) => {
      const grant = found(await find(id), grantsStanding);
      return grant !== undefined && grant.expiresAt > now ? grant : undefined;
    },
    findTokenGrant: async (id, now) => {
      const grant = found(await findForToken(id), tokenGrants);
      return grant !== undefined && grant.expiresAt > now ? grant : undefined;
    },
    findGrantAndAccount: async (id, now) => {
      const held = found(await findWithAccount(id), grantsAndAccounts);
      return held !== undefined && held.grant.expiresAt > now ? held : undefined;
    },
    narrowGrant: (id, scope) =>
      database.transaction(async (run) => {
        const current = found((await run(takeScope, id)).rows[0], scopes);
        const next = current && narrowed(current, scope);
        if (next !== undefined) await run(narrow, id, next.scope, next.takenScope ?? null);
      }),
    rotateGrant: async (rotation): Promise<Rotation> => {
      const { grantId, presented, now } = rotation;
      if (presented >= 1 && (await rotateTogether(rotation))) {
        return { outcome: "rotated", generation: presented + 1 };
      }
      // Another's rotation may come between look and change; then the next look sees a newer generation, and
      // they only grow.
      for (;;) {
        const [row] = (await database.run(look, grantId, instant(now))).rows;
        const lineage = found(row, lineages);
        if (lineage === undefined) return { outcome: "gone" };
        const decision = decideRotation(lineage, rotation);
        if (decision.outcome === "reused") return decision;
        const { superseded, ...decided } = decision;
        if (superseded === undefined && rotation.accessToken === undefined) return decided;
        const statement = superseded === undefined ? take : move;
        const asked = JSON.stringify([changeRow(rotation, lineage, decision)]);
        const tokens = JSON.stringify(tokensOf([rotation]));
        if ((await database.run(statement, asked, tokens)).rows.length === 1) return decided;
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

const tokensOf = (rotations: readonly RotationRequest[]) =>
  rotations.flatMap(({ accessToken }) => (accessToken ? [written(accessTokens, accessToken)] : []));

function rotationRow(
  { grantId, presented, now, replay, expiresAt, keyId, address, accessToken }: RotationRequest,
  number: number,
) {
  return {
    number,
    grant_id: grantId,
    token: accessToken?.tokenHash,
    presented,
    asked_at: instant(now),
    instant: digits(now),
    remembered: 10 * replay.generations,
    expires_at: instant(expiresAt),
    key_id: keyId,
    address,
  };
}

function changeRow(
  { grantId, now, expiresAt, keyId, address, accessToken }: RotationRequest,
  { generation }: Lineage,
  decision: Exclude<Decision, { outcome: "reused" }>,
) {
  return {
    grant_id: grantId,
    token: accessToken?.tokenHash,
    seen: generation,
    next: decision.generation,
    asked_at: instant(now),
    superseded: decision.superseded?.map(digits).join(""),
    expires_at: instant(expiresAt),
    key_id: keyId,
    address,
  };
}

/** The same everywhere, so that two processes never wait for each other's rows. */
function inOrder<T extends { readonly grant_id: string }>(asked: readonly T[]): T[] {
  return asked.toSorted(({ grant_id: left }, { grant_id: right }) => (left < right ? -1 : 1));
}

/** An instant, or that there was none, as it stands in `superseded_at`: ten digits. */
export function digits(at: number): string {
  return `${at}`.padStart(10, "0");
}

/**
 * Stores the grants of the recordset `grants` that are among the `grant_id` of `source`.
 * @param superseded when generations before were superseded, as an expression of SQL
 */
export function insertGrants(source: string, superseded = "''"): string {
  return `insert into gatehouse_grants (${newGrants.columns}, superseded_at)
    select ${columnsOf(newGrants, "grants")}, ${superseded}
    from grants, ${source} as done where done.grant_id = grants.id`;
}
