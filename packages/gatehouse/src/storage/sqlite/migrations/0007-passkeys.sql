-- People whose accounts are ours: their passkeys (WebAuthn credentials), which go with them.
create table gatehouse_passkeys (
  id text primary key,
  subject text not null references gatehouse_accounts (subject) on delete cascade,
  rp_id text not null,
  public_key text not null,
  counter integer not null,
  backup_eligible integer not null,
  backed_up integer not null,
  name text not null,
  created_at integer not null,
  last_used_at integer
) strict, without rowid;

create index gatehouse_passkeys_subject on gatehouse_passkeys (subject);

-- One open invitation an address, in lower case; the one for the first person has none.
create table gatehouse_invitations (
  id text primary key,
  address text not null unique,
  email text not null,
  subject text not null,
  user_handle text not null,
  group_names text not null,
  ends_grants integer not null,
  binding_hash text,
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;

create index gatehouse_invitations_expires_at on gatehouse_invitations (expires_at);
create index gatehouse_invitations_binding_hash on gatehouse_invitations (binding_hash) where binding_hash is not null;

-- Challenges that a browser is to answer, and what came of them, for minutes.
create table gatehouse_ceremonies (
  id text primary key,
  binding_hash text not null,
  purpose text not null,
  subject text,
  expires_at integer not null
) strict, without rowid;

create index gatehouse_ceremonies_expires_at on gatehouse_ceremonies (expires_at);
