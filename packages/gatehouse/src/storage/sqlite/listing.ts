import type { Inventory, ListingStore } from "../../oauth/store/listing.ts";
import type { Store } from "../../oauth/store.ts";
import { listedPage, readCursor } from "../cursor.ts";
import type { Layout } from "../layout.ts";
import { grants, knownAccounts } from "../layouts.ts";
import { invitations } from "../passkey-layouts.ts";
import { clients } from "./clients.ts";
import type { Database } from "./database.ts";

type ListingOperations = Pick<Store, keyof ListingStore>;

/** Before whatever there is, where the newest come first. */
const beginning = ["253402300799", ""] as const;

export function listingOperations(database: Database): ListingOperations {
  /** The newest first. @param key the table's own */
  const newest = (layout: Layout<unknown>, table: string, key: string, which = "") =>
    database.prepare(
      `select ${layout.columns}, created_at, ${key} from ${table} where ${which}
         (created_at, ${key}) < (cast(? as integer), ?) order by created_at desc, ${key} desc limit ?`,
    );
  const people = newest(knownAccounts, "gatehouse_accounts", "subject");
  const blocked = newest(knownAccounts, "gatehouse_accounts", "subject", "blocked_at is not null and");
  const byAddress = database.prepare(
    `select ${knownAccounts.columns}, lower(email), subject from gatehouse_accounts
     where lower(email) < lower(?) || char(1114111) and (lower(email), subject) > (lower(?), ?)
       and lower(email) >= lower(?)
     order by lower(email), subject limit ?`,
  );
  const live = newest(grants, "gatehouse_grants", "id", "expires_at > ? and");
  const ofClient = newest(grants, "gatehouse_grants", "id", "client_id = ? and expires_at > ? and");
  const forResource = newest(grants, "gatehouse_grants", "id", "resource = ? and expires_at > ? and");
  const everyClient = newest(clients, "oauth2_clients", "id");
  const provisioned = newest(clients, "oauth2_clients", "id", "dynamically_registered = 0 and");
  const invited = database.prepare(
    `select ${invitations.columns}, address, id from gatehouse_invitations
     where address > ? and expires_at > ? order by address limit ?`, // of an address there is one
  );
  const count = database.prepare(
    `select (select count(*) from gatehouse_accounts),
       (select count(*) from gatehouse_accounts where blocked_at is not null),
       (select count(*) from gatehouse_browser_sessions where expires_at > ?1),
       (select count(*) from gatehouse_grants where expires_at > ?1),
       (select count(*) from oauth2_clients),
       (select count(*) from gatehouse_resources)`,
  );
  return {
    listPeople: ({ blocked: onlyBlocked, address }, { limit, after }) =>
      database.read(() => {
        const behind = readCursor(after);
        const rows =
          address !== undefined
            ? byAddress.all(address, ...(behind ?? [address, ""]), address, limit + 1)
            : (onlyBlocked ? blocked : people).all(...(behind ?? beginning), limit + 1);
        return listedPage(rows, limit, knownAccounts.read);
      }),
    listGrants: ({ client, resource }, now, { limit, after }) =>
      database.read(() => {
        const part = [now, ...(readCursor(after) ?? beginning), limit + 1];
        const rows =
          client !== undefined
            ? ofClient.all(client, ...part)
            : resource !== undefined
              ? forResource.all(resource, ...part)
              : live.all(...part);
        return listedPage(rows, limit, grants.read);
      }),
    pageOfClients: ({ provisioned: onlyThose }, { limit, after }) =>
      database.read(() => {
        const statement = onlyThose ? provisioned : everyClient;
        return listedPage(statement.all(...(readCursor(after) ?? beginning), limit + 1), limit, clients.read);
      }),
    listInvitations: (now, { limit, after }) =>
      database.read(() => {
        const [address = ""] = readCursor(after) ?? [];
        const rows = invited.all(address, now, limit + 1);
        return listedPage(rows, limit, invitations.read);
      }),
    countEverything: (now) =>
      database.read(() => {
        const [people, blocked, sessions, grants, clients, resources] = count.get(now) as readonly number[];
        return { people, blocked, sessions, grants, clients, resources } as Inventory;
      }),
  };
}
