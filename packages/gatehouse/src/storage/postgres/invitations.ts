import type { Invitation } from "../../oauth/records.ts";
import type { PasskeyStore } from "../../oauth/store/passkeys.ts";
import { found } from "../layout.ts";
import { accounts } from "../layouts.ts";
import { invitations, passkeys } from "../passkey-layouts.ts";
import { addressBook } from "./addresses.ts";
import { instant } from "./column-types.ts";
import { type Database, Undo } from "./database.ts";
import { parameters, valuesOf } from "./dialect.ts";
import { passkeyValues } from "./passkeys.ts";

type InvitationOperations = Pick<
  PasskeyStore,
  | "invite"
  | "inviteFirst"
  | "cancelInvitation"
  | "findInvitation"
  | "bindInvitation"
  | "findBoundInvitation"
  | "completeInvitation"
>;

export function invitationOperations(database: Database): InvitationOperations {
  const addresses = addressBook(database);
  const address = invitations.names.length + 1;
  const insert = `insert into gatehouse_invitations (${invitations.columns}, address)
    select ${parameters(invitations, 1)}, $${address}::text`;
  const replace = `on conflict (address) do update set binding_hash = null, ${invitations.names
    .map((name) => `${name} = excluded.${name}`)
    .join(", ")}`;
  const invite = database.prepare(`${insert} ${replace}`);
  // Of several at once the later ones wait for the first, and then find one that is open.
  const inviteFirst = database.prepare(
    `${insert} where not exists (select 1 from gatehouse_accounts)
       and not exists (select 1 from gatehouse_invitations where expires_at > $${address + 1})
     ${replace} where gatehouse_invitations.expires_at <= $${address + 1}`,
  );
  const cancel = database.prepare("delete from gatehouse_invitations where address = $1 and expires_at > $2");
  const find = database.prepare(
    `select ${invitations.columns} from gatehouse_invitations
     where id = $1 and expires_at > $2 and (binding_hash is null or binding_hash = $3)`,
  );
  const bind = database.prepare(
    `update gatehouse_invitations set binding_hash = $2
     where id = $1 and expires_at > $3 and (binding_hash is null or binding_hash = $2)`,
  );
  const findBound = database.prepare(
    `select ${invitations.columns} from gatehouse_invitations where id = $1 and binding_hash = $2 and expires_at > $3`,
  );
  // The one statement that decides among several callers.
  const take = database.prepare(
    `delete from gatehouse_invitations where id = $1 and binding_hash = $2 and expires_at > $3
     returning ends_grants`,
  );
  const isKnown = database.prepare("select 1 from gatehouse_passkeys where id = $1");
  const rememberAccount = database.prepare(
    `insert into gatehouse_accounts (${accounts.columns}, created_at, signed_in_at)
     values (${parameters(accounts, 2)}, $1, $1)
     on conflict (subject) do update set provider = excluded.provider, email = excluded.email,
       group_names = excluded.group_names, confirmed_at = excluded.confirmed_at
     where gatehouse_accounts.blocked_at is null`,
  );
  const removePasskeys = database.prepare("delete from gatehouse_passkeys where subject = $1");
  const storePasskey = database.prepare(
    `insert into gatehouse_passkeys (${passkeys.columns}) values (${passkeyValues}) on conflict (id) do nothing`,
  );
  // In the order in which one becomes the other.
  const endings = ["gatehouse_browser_sessions", "oauth2_sessions", "oauth2_codes"].map((table) =>
    database.prepare(`delete from ${table} where subject = $1`),
  );
  const removeGrants = database.prepare("delete from gatehouse_grants where subject = $1 returning id");
  const removeTokens = database.prepare("delete from user_tokens where grant_id = any($1)");
  const write = (invitation: Invitation) => [
    ...valuesOf(invitations, invitation),
    invitation.email.toLowerCase(),
  ];
  return {
    invite: async (invitation) => void (await database.run(invite, ...write(invitation))),
    inviteFirst: async (invitation, now) =>
      (await database.run(inviteFirst, ...write(invitation), instant(now))).changes === 1,
    cancelInvitation: async (email, now) =>
      (await database.run(cancel, email.toLowerCase(), instant(now))).changes === 1,
    findInvitation: async (tokenHash, bindingHash, now) => {
      const [row] = (await database.run(find, tokenHash, instant(now), bindingHash ?? null)).rows;
      return found(row, invitations);
    },
    bindInvitation: async (tokenHash, bindingHash, now) =>
      (await database.run(bind, tokenHash, bindingHash, instant(now))).changes === 1,
    findBoundInvitation: async (tokenHash, bindingHash, now) => {
      const [row] = (await database.run(findBound, tokenHash, bindingHash, instant(now))).rows;
      return found(row, invitations);
    },
    completeInvitation: ({ tokenHash, bindingHash, account, passkey, now }) =>
      database.transaction(async (run) => {
        const { subject } = account;
        const [taken] = (await run(take, tokenHash, bindingHash, instant(now))).rows;
        if (taken === undefined) return "gone";
        const former = await addresses.addressOf(run, subject);
        if ((await run(isKnown, passkey.id)).rows.length > 0) throw new Undo("known" as const);
        const remembered = await run(rememberAccount, instant(now), ...valuesOf(accounts, account));
        if (remembered.changes !== 1) throw new Undo("blocked" as const); // it is left as it is
        if (await addresses.assign(run, account, former)) throw new Undo("held" as const);
        await run(removePasskeys, subject);
        const stored = await run(storePasskey, ...valuesOf(passkeys, passkey));
        if (stored.changes !== 1) throw new Undo("known" as const); // by somebody else, at this moment
        for (const ending of endings) await run(ending, subject);
        if (taken[0] !== true) return "registered";
        const grants = (await run(removeGrants, subject)).rows.map(([grantId]) => grantId as string);
        await run(removeTokens, grants);
        return "registered";
      }),
  };
}
