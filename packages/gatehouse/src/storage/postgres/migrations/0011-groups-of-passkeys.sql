-- The groups that the invitation gave the person, a JSON list: the account's are those of the last sign-in.
alter table gatehouse_passkeys add column if not exists group_names text not null default '[]';

drop index if exists gatehouse_invitations_binding_hash_idx;
