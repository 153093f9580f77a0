import type { Account, Ceremony, Invitation, Passkey } from "../oauth/records.ts";
import type { SecretHash, Subject } from "../oauth/values.ts";
import { layout, type Row } from "./layout.ts";
import { accounts } from "./layouts.ts";

export const passkeys = layout(
  (column): Passkey => ({
    id: column.text("id"),
    subject: column.text<Subject>("subject"),
    rpId: column.text("rp_id"),
    publicKey: column.text("public_key"),
    counter: column.integer("counter"),
    backupEligible: column.flag("backup_eligible"),
    backedUp: column.flag("backed_up"),
    name: column.text("name"),
    createdAt: column.instant("created_at"),
    lastUsedAt: column.optionalInstant("last_used_at"),
    groups: column.json<string[]>("group_names"),
  }),
  (passkey, { instant, flag }) => ({
    id: passkey.id,
    subject: passkey.subject,
    rp_id: passkey.rpId,
    public_key: passkey.publicKey,
    counter: passkey.counter,
    backup_eligible: flag(passkey.backupEligible),
    backed_up: flag(passkey.backedUp),
    name: passkey.name,
    created_at: instant(passkey.createdAt),
    last_used_at: passkey.lastUsedAt === undefined ? null : instant(passkey.lastUsedAt),
    group_names: JSON.stringify(passkey.groups),
  }),
);

/** @param row of an account's columns, and the groups that its passkeys have */
export function toPasskeyPerson(row: Row): { readonly account: Account; readonly groups: readonly string[] } {
  const groups = JSON.parse(row[accounts.names.length] as string) as string[];
  return { account: accounts.read(row), groups };
}

export const invitations = layout(
  (column): Invitation => ({
    tokenHash: column.text<SecretHash>("id"),
    email: column.text("email"),
    subject: column.text<Subject>("subject"),
    userHandle: column.text("user_handle"),
    groups: column.json<string[]>("group_names"),
    endsGrants: column.flag("ends_grants"),
    createdAt: column.instant("created_at"),
    expiresAt: column.instant("expires_at"),
  }),
  (invitation, { instant, flag }) => ({
    id: invitation.tokenHash,
    email: invitation.email,
    subject: invitation.subject,
    user_handle: invitation.userHandle,
    group_names: JSON.stringify(invitation.groups),
    ends_grants: flag(invitation.endsGrants),
    created_at: instant(invitation.createdAt),
    expires_at: instant(invitation.expiresAt),
  }),
);

export const ceremonies = layout(
  (column): Ceremony => ({
    secretHash: column.text<SecretHash>("id"),
    bindingHash: column.text<SecretHash>("binding_hash"),
    purpose: column.text<Ceremony["purpose"]>("purpose"),
    subject: column.optionalText<Subject>("subject"),
    expiresAt: column.instant("expires_at"),
  }),
  (ceremony, { instant }) => ({
    id: ceremony.secretHash,
    binding_hash: ceremony.bindingHash,
    purpose: ceremony.purpose,
    subject: ceremony.subject ?? null,
    expires_at: instant(ceremony.expiresAt),
  }),
);
