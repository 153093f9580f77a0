import type { PasskeyStore } from "../../oauth/store/passkeys.ts";
import { found } from "../layout.ts";
import { accounts } from "../layouts.ts";
import { invitations, passkeys } from "../passkey-layouts.ts";
import { addressBook } from "./addresses.ts";
import type { Database } from "./database.ts";
import { insertInto, placeholders, valuesOf } from "./dialect.ts";

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
  const columns = `${invitations.columns}, address`;
  const insert = `insert into gatehouse_invitations (${columns}) select ${placeholders(invitations.names.length + 1)}`;
  const replace = `on conflict (address) do update set binding_hash = null, ${invitations.names
    .map((name) => `${name} = excluded.${name}`)
    .join(", ")}`;
  const invite = database.prepare(`${insert} where true ${replace}`);
  const inviteFirst = database.prepare(
    `${insert} where not exists (select 1 from gatehouse_accounts)
       and not exists (select 1 from gatehouse_invitations where expires_at > ?)
     ${replace}`,
  );
  const cancel = database.prepare("delete from gatehouse_invitations where address = ? and expires_at > ?");
  const find = database.prepare(
    `select ${invitations.columns} from gatehouse_invitations
     where id = ? and expires_at > ? and (binding_hash is null or binding_hash = ?)`,
  );
  const bind = database.prepare(
    `update gatehouse_invitations set binding_hash = ?1
     where id = ?2 and expires_at > ?3 and (binding_hash is null or binding_hash = ?1)`,
  );
  const findBound = database.prepare(
    `select ${invitations.columns} from gatehouse_invitations where id = ? and binding_hash = ? and expires_at > ?`,
  );
  const remove = database.prepare("delete from gatehouse_invitations where id = ?");
  const findTaken = database.prepare(
    `select ends_grants from gatehouse_invitations where id = ? and binding_hash = ? and expires_at > ?`,
  );
  const isKnown = database.prepare("select 1 from gatehouse_passkeys where id = ?");
  const rememberAccount = database.prepare(
    `insert into gatehouse_accounts (${accounts.columns}, created_at, signed_in_at)
     values (${placeholders(accounts.names.length + 2)})
     on conflict (subject) do update set provider = excluded.provider, email = excluded.email,
       group_names = excluded.group_names, confirmed_at = excluded.confirmed_at
     where gatehouse_accounts.blocked_at is null`,
  );
  const removePasskeys = database.prepare("delete from gatehouse_passkeys where subject = ?");
  const storePasskey = insertInto(database, "gatehouse_passkeys", passkeys);
  const endings = ["gatehouse_browser_sessions", "oauth2_sessions", "oauth2_codes"].map((table) =>
    database.prepare(`delete from ${table} where subject = ?`),
  );
  const grantEndings = [
    "delete from user_tokens where grant_id in (select id from gatehouse_grants where subject = ?)",
    "delete from gatehouse_grants where subject = ?",
  ].map((sql) => database.prepare(sql));
  const write = (invitation: Parameters<PasskeyStore["invite"]>[0]) => [
    ...valuesOf(invitations, invitation),
    invitation.email.toLowerCase(),
  ];
  return {
    invite: (invitation) => database.write(() => void invite.run(...write(invitation))),
    inviteFirst: (invitation, now) =>
      database.write(() => inviteFirst.run(...write(invitation), now).changes === 1),
    cancelInvitation: (email, now) =>
      database.write(() => cancel.run(email.toLowerCase(), now).changes === 1),
    findInvitation: (tokenHash, bindingHash, now) =>
      database.read(() => found(find.get(tokenHash, now, bindingHash ?? null), invitations)),
    bindInvitation: (tokenHash, bindingHash, now) =>
      database.write(() => bind.run(bindingHash, tokenHash, now).changes === 1),
    findBoundInvitation: (tokenHash, bindingHash, now) =>
      database.read(() => found(findBound.get(tokenHash, bindingHash, now), invitations)),
    completeInvitation: ({ tokenHash, bindingHash, account, passkey, now }) =>
      database.write(() => {
        const { subject } = account;
        const taken = findTaken.get(tokenHash, bindingHash, now);
        if (taken === undefined) return "gone";
        if (addresses.otherHolder(account) !== undefined) return "held";
        if (isKnown.get(passkey.id) !== undefined) return "known";
        const former = addresses.addressOf(subject);
        const remembered = rememberAccount.run(...valuesOf(accounts, account), now, now);
        if (remembered.changes !== 1) return "blocked"; // it is left as it is
        addresses.assign(account, former);
        remove.run(tokenHash);
        removePasskeys.run(subject);
        storePasskey(passkey);
        for (const ending of taken[0] === 1 ? [...endings, ...grantEndings] : endings) ending.run(subject);
        return "registered";
      }),
  };
}
