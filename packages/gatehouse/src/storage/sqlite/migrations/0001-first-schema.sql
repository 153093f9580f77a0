-- The four tables other services read keep their names and columns; ours begin with gatehouse_. Times are whole seconds since 1970,
-- lists are JSON arrays. Secrets stand here only as SHA-256 (docs/storage.md).

create table oauth2_clients (
  id text primary key,
  secret text,
  redirect_uris text not null default '[]',
  token_endpoint_auth_method text not null default 'client_secret_post',
  client_name text not null default '',
  dynamically_registered integer not null default 0,
  last_used_at integer,
  created_at integer not null,
  secret_hash text,
  grant_types text not null default '["authorization_code","refresh_token"]',
  scope text,
  metadata text not null default '{}',
  keys text,
  registrations integer not null default 1
) strict, without rowid;

-- For the clean-up of idle clients.
create index oauth2_clients_idle on oauth2_clients (coalesce(last_used_at, created_at)) where dynamically_registered = 1;

-- The operator's own, among many that registered themselves.
create index oauth2_clients_provisioned on oauth2_clients (created_at) where dynamically_registered = 0;

-- Codes, tokens and grants have a rowid: new rows go to the end of their table, and only the small entries of its indexes to a random place, which is
-- what a write costs.
create table oauth2_codes (
  id text primary key,
  client_id text not null references oauth2_clients (id) on delete cascade,
  email text not null,
  code_challenge text not null default '',
  code_challenge_method text not null default '',
  redirect_uri text not null default '',
  resource text not null default '',
  created_at integer not null,
  state text,
  scope text not null default '',
  subject text not null,
  auth_time integer not null,
  expires_at integer not null,
  used integer not null default 0,
  grant_id text
) strict;

create index oauth2_codes_created_at on oauth2_codes (created_at);

-- One row an attempt to authorize; stage is sign-in, claimed or consent.
create table oauth2_sessions (
  id text primary key,
  client_id text not null references oauth2_clients (id) on delete cascade,
  callback_state text,
  callback_url text not null,
  code_challenge text not null default '',
  code_challenge_method text not null default '',
  resource text not null default '',
  created_at integer not null,
  binding_hash text not null,
  stage text not null,
  scope text not null default '',
  subject text,
  email text,
  auth_time integer,
  expires_at integer not null
) strict, without rowid;

create index oauth2_sessions_expires_at on oauth2_sessions (expires_at);

create table user_tokens (
  token text primary key,
  email text not null,
  expires_at integer not null,
  created_at integer not null,
  scope_project_id integer,
  scope_permissions text,
  subject text,
  client_id text,
  grant_id text,
  scope text,
  resource text
) strict;

create index user_tokens_expires_at on user_tokens (expires_at);
-- Revoking a grant ends its tokens.
create index user_tokens_grant_id on user_tokens (grant_id) where grant_id is not null;

create table gatehouse_grants (
  id text primary key,
  client_id text not null references oauth2_clients (id) on delete cascade,
  subject text not null,
  email text not null,
  scope text not null,
  resource text not null,
  generation integer not null,
  salt text not null,
  auth_time integer not null,
  created_at integer not null,
  rotated_at integer not null,
  superseded_at text not null default '[]',
  expires_at integer not null,
  ends_at integer not null
) strict;

create index gatehouse_grants_expires_at on gatehouse_grants (expires_at);
-- Does this client own a live grant? And all grants of a client or person, to remove them.
create index gatehouse_grants_client_id on gatehouse_grants (client_id);
create index gatehouse_grants_subject on gatehouse_grants (subject);

-- Assertions of clients that were used, until they expire.
create table gatehouse_client_assertions (
  id text primary key,
  expires_at integer not null
) strict, without rowid;

create index gatehouse_client_assertions_expires_at on gatehouse_client_assertions (expires_at);

create table gatehouse_accounts (
  subject text primary key,
  issuer text not null,
  upstream_subject text not null,
  email text not null,
  created_at integer not null,
  signed_in_at integer not null
) strict, without rowid;

-- The operator looks people up by address.
create index gatehouse_accounts_email on gatehouse_accounts (lower(email));

create table gatehouse_browser_sessions (
  id text primary key,
  subject text not null references gatehouse_accounts (subject) on delete cascade,
  auth_time integer not null,
  last_seen_at integer not null,
  expires_at integer not null
) strict, without rowid;

create index gatehouse_browser_sessions_expires_at on gatehouse_browser_sessions (expires_at);
create index gatehouse_browser_sessions_subject on gatehouse_browser_sessions (subject);

create table gatehouse_consents (
  subject text not null references gatehouse_accounts (subject) on delete cascade,
  client_id text not null references oauth2_clients (id) on delete cascade,
  redirect_uri text not null,
  resource text not null,
  scope text not null,
  fingerprint text not null,
  decided_at integer not null,
  primary key (subject, client_id, redirect_uri, resource)
) strict, without rowid;

create index gatehouse_consents_client_id on gatehouse_consents (client_id);

create table gatehouse_resources (
  identifier text primary key,
  name text,
  scopes text not null,
  credential_hash text not null unique,
  created_at integer not null
) strict, without rowid;
