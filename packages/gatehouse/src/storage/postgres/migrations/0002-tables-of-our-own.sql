-- Secrets stand here only as SHA-256 (docs/storage.md).

create table if not exists gatehouse_grants (
  id text primary key,
  client_id text not null references oauth2_clients (id) on delete cascade,
  subject text not null,
  email text not null,
  scope text not null,
  resource text not null,
  generation int not null,
  salt text not null,
  auth_time timestamptz not null,
  created_at timestamptz not null,
  rotated_at timestamptz not null,
  -- When the generations before the live one were superseded, the latest first: seconds since 1970, ten digits each.
  superseded_at text not null default '',
  expires_at timestamptz not null,
  ends_at timestamptz not null
);

create index if not exists gatehouse_grants_expires_at_idx on gatehouse_grants (expires_at);

-- Does this client own a live grant? And all grants of a client or person, to remove them.
create index if not exists gatehouse_grants_client_id_idx on gatehouse_grants (client_id);

create index if not exists gatehouse_grants_subject_idx on gatehouse_grants (subject);

-- Assertions of clients that were used, until they expire.
create table if not exists gatehouse_client_assertions (
  id text primary key,
  expires_at timestamptz not null
);

create index if not exists gatehouse_client_assertions_expires_at_idx on gatehouse_client_assertions (expires_at);

create table if not exists gatehouse_accounts (
  subject text primary key,
  issuer text not null,
  upstream_subject text not null,
  email text not null,
  created_at timestamptz not null,
  signed_in_at timestamptz not null
);

-- The operator looks people up by address.
create index if not exists gatehouse_accounts_email_idx on gatehouse_accounts ((lower(email)));

create table if not exists gatehouse_browser_sessions (
  id text primary key,
  subject text not null references gatehouse_accounts (subject) on delete cascade,
  auth_time timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null
);

create index if not exists gatehouse_browser_sessions_expires_at_idx on gatehouse_browser_sessions (expires_at);

create index if not exists gatehouse_browser_sessions_subject_idx on gatehouse_browser_sessions (subject);

create table if not exists gatehouse_consents (
  subject text not null references gatehouse_accounts (subject) on delete cascade,
  client_id text not null references oauth2_clients (id) on delete cascade,
  redirect_uri text not null,
  resource text not null,
  scope text not null,
  fingerprint text not null,
  decided_at timestamptz not null,
  primary key (subject, client_id, redirect_uri, resource)
);

create index if not exists gatehouse_consents_client_id_idx on gatehouse_consents (client_id);

create table if not exists gatehouse_resources (
  identifier text primary key,
  name text,
  scopes text not null,
  credential_hash text not null unique,
  created_at timestamptz not null
);
