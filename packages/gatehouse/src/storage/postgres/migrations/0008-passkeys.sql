-- People whose accounts are ours: their passkeys (WebAuthn credentials), which go with them.
create table if not exists gatehouse_passkeys (
  id text primary key,
  subject text not null references gatehouse_accounts (subject) on delete cascade,
  rp_id text not null,
  public_key text not null,
  counter bigint not null,
  backup_eligible bool not null,
  backed_up bool not null,
  name text not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);

create index if not exists gatehouse_passkeys_subject_idx on gatehouse_passkeys (subject);

-- One open invitation an address, in lower case; the one for the first person has none.
create table if not exists gatehouse_invitations (
  id text primary key,
  address text not null unique,
  email text not null,
  subject text not null,
  user_handle text not null,
  group_names text not null,
  ends_grants bool not null,
  binding_hash text,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create index if not exists gatehouse_invitations_expires_at_idx on gatehouse_invitations (expires_at);

create index if not exists gatehouse_invitations_binding_hash_idx on gatehouse_invitations (binding_hash) where binding_hash is not null;

-- Challenges that a browser is to answer, and what came of them, for minutes.
create table if not exists gatehouse_ceremonies (
  id text primary key,
  binding_hash text not null,
  purpose text not null,
  subject text,
  expires_at timestamptz not null
);

create index if not exists gatehouse_ceremonies_expires_at_idx on gatehouse_ceremonies (expires_at);
