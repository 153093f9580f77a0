import type { Inventory, ListingStore } from "../../oauth/store/listing.ts";
import type { Store } from "../../oauth/store.ts";
import { type Cursor, listedPage, readCursor } from "../cursor.ts";
import type { Layout } from "../layout.ts";
import { grants, knownAccounts } from "../layouts.ts";
import { invitations } from "../passkey-layouts.ts";
import { clients, provisioned } from "./client-layout.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";

type ListingOperations = Pick<Store, keyof ListingStore>;

/** Before whatever there is, where the newest come first. */
const beginning = ["253402300799", ""] as const;

/** Only what the database takes for a time. */
function newestBehind(after: string | undefined): Cursor | undefined {
  const behind = readCursor(after);
  return behind && /^\d{1,11}(?:\.\d{1,9})?$/.test(behind[0]) ? behind : undefined;
}

export function listingOperations(database: Database): ListingOperations {
  /**
   * The newest first. Where a part ended is told with parts of a second, which rows of the service before us
   * have.
   * @param key the table's own
   */
  const newest = (layout: Layout<unknown>, table: string, key: string, which = "") =>
    database.prepare(
      `select ${layout.columns}, extract(epoch from created_at)::float8, ${key} from ${table} where ${which}
         (created_at, ${key}) < (to_timestamp($1::float8), $2) order by created_at desc, ${key} desc limit $3`,
    );
  const people = newest(knownAccounts, "gatehouse_accounts", "subject");
  const blocked = newest(knownAccounts, "gatehouse_accounts", "subject", "blocked_at is not null and");
  // By the letters' numbers, in which alone what begins with a word stands together.
  const address = 'lower(email) collate "C"';
  const byAddress = database.prepare(
    `select ${knownAccounts.columns}, lower(email), subject from gatehouse_accounts
     where ${address} < (lower($1) || chr(1114111)) collate "C" and ${address} >= lower($1) collate "C"
       and (${address}, subject) > (lower($2) collate "C", $3)
     order by ${address}, subject limit $4`,
  );
  const live = newest(grants, "gatehouse_grants", "id", "expires_at > $4 and");
  const ofClient = newest(grants, "gatehouse_grants", "id", "expires_at > $4 and client_id = $5 and");
  const forResource = newest(grants, "gatehouse_grants", "id", "expires_at > $4 and resource = $5 and");
  const everyClient = newest(clients, "oauth2_clients", "id");
  const provisionedClients = newest(clients, "oauth2_clients", "id", `${provisioned} and`);
  const invited = database.prepare(
    `select ${invitations.columns}, address, id from gatehouse_invitations
     where address > $1 and expires_at > $2 order by address limit $3`, // of an address there is one
  );
  const count = database.prepare(
    `select (select count(*) from gatehouse_accounts),
       (select count(*) from gatehouse_accounts where blocked_at is not null),
       (select count(*) from gatehouse_browser_sessions where expires_at > $1),
       (select count(*) from gatehouse_grants where expires_at > $1),
       (select count(*) from oauth2_clients),
       (select count(*) from gatehouse_resources)`,
  );
  return {
    listPeople: async ({ blocked: onlyBlocked, address: begins }, { limit, after }) => {
      const behind = readCursor(after);
      const { rows } =
        begins !== undefined
          ? await database.run(byAddress, begins, ...(behind ?? [begins, ""]), limit + 1)
          : await database.run(
              onlyBlocked ? blocked : people,
              ...(newestBehind(after) ?? beginning),
              limit + 1,
            );
      return listedPage(rows, limit, knownAccounts.read);
    },
    listGrants: async ({ client, resource }, now, { limit, after }) => {
      const part = [...(newestBehind(after) ?? beginning), limit + 1, instant(now)] as const;
      const { rows } =
        client !== undefined
          ? await database.run(ofClient, ...part, client)
          : resource !== undefined
            ? await database.run(forResource, ...part, resource)
            : await database.run(live, ...part);
      return listedPage(rows, limit, grants.read);
    },
    pageOfClients: async ({ provisioned: onlyThose }, { limit, after }) => {
      const statement = onlyThose ? provisionedClients : everyClient;
      const { rows } = await database.run(statement, ...(newestBehind(after) ?? beginning), limit + 1);
      return listedPage(rows, limit, clients.read);
    },
    listInvitations: async (now, { limit, after }) => {
      const [address = ""] = readCursor(after) ?? [];
      const { rows } = await database.run(invited, address, instant(now), limit + 1);
      return listedPage(rows, limit, invitations.read);
    },
    countEverything: async (now) => {
      const [row = []] = (await database.run(count, instant(now))).rows;
      const [people, blocked, sessions, grants, clients, resources] = row as readonly number[];
      return { people, blocked, sessions, grants, clients, resources } as Inventory;
    },
  };
}
