-- The groups that the invitation gave the person, a JSON list: the account's are those of the last sign-in.
alter table gatehouse_passkeys add column group_names text not null default '[]';

drop index gatehouse_invitations_binding_hash;
