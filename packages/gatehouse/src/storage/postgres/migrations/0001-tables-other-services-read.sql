-- Four tables that the service before us made and other services read. Here they are made, or brought from whatever state they are in to one
-- and the same; rows are left as they are. Columns of ours are additive and have a default, so that the old service keeps running beside us.
-- Each statement may run again: one process after the other, or after one that was killed. Statements end with ";" at a line's end and run one by one.

create table if not exists oauth2_clients (
  id text primary key,
  secret text,
  redirect_uri text not null default '',
  created_at timestamptz not null default now()
);

alter table oauth2_clients alter column secret drop not null;

-- One redirect URI at first, several later. It is there, with a default, in every state we leave; it counts where redirect_uris is empty.
alter table oauth2_clients add column if not exists redirect_uri text not null default '';

alter table oauth2_clients alter column redirect_uri set default '';

alter table oauth2_clients add column if not exists redirect_uris text[] not null default array[]::text[];

alter table oauth2_clients add column if not exists token_endpoint_auth_method text not null default 'client_secret_post';

alter table oauth2_clients add column if not exists client_name text not null default '';

alter table oauth2_clients add column if not exists dynamically_registered bool not null default false;

alter table oauth2_clients add column if not exists last_used_at timestamptz;

alter table oauth2_clients add column if not exists secret_hash text;

alter table oauth2_clients add column if not exists grant_types text[] not null default array['authorization_code', 'refresh_token']::text[];

alter table oauth2_clients add column if not exists scope text;

alter table oauth2_clients add column if not exists metadata text not null default '{}';

alter table oauth2_clients add column if not exists keys text;

alter table oauth2_clients add column if not exists registrations int not null default 1;

-- For the clean-up of idle clients.
create index if not exists oauth2_clients_idle on oauth2_clients ((coalesce(last_used_at, created_at))) where dynamically_registered;

-- The operator's own, among many that registered themselves.
create index if not exists oauth2_clients_provisioned on oauth2_clients (created_at) where not dynamically_registered;

create table if not exists oauth2_codes (
  id text primary key,
  client_id text not null references oauth2_clients (id) on delete cascade,
  email text not null,
  created_at timestamptz not null default now()
);

alter table oauth2_codes add column if not exists code_challenge text not null default '';

alter table oauth2_codes add column if not exists code_challenge_method text not null default '';

alter table oauth2_codes add column if not exists redirect_uri text not null default '';

alter table oauth2_codes add column if not exists resource text not null default '';

alter table oauth2_codes add column if not exists state text;

alter table oauth2_codes add column if not exists scope text not null default '';

alter table oauth2_codes add column if not exists subject text;

alter table oauth2_codes add column if not exists auth_time timestamptz;

alter table oauth2_codes add column if not exists expires_at timestamptz not null default now() + interval '1 hour';

alter table oauth2_codes add column if not exists used bool not null default false;

alter table oauth2_codes add column if not exists grant_id text;

create index if not exists oauth2_codes_created_at_idx on oauth2_codes (created_at);

-- Removing a client removes its codes.
create index if not exists oauth2_codes_client_id_idx on oauth2_codes (client_id);

-- One row an attempt to authorize. Stage is sign-in, claimed or consent; legacy in rows of the old service, which none of our statements takes.
create table if not exists oauth2_sessions (
  id text primary key,
  client_id text not null,
  state text not null default '',
  callback_state text,
  callback_url text not null,
  created_at timestamptz not null default now()
);

alter table oauth2_sessions alter column state set default '';

alter table oauth2_sessions alter column callback_state drop not null;

alter table oauth2_sessions add column if not exists code_challenge text not null default '';

alter table oauth2_sessions add column if not exists code_challenge_method text not null default '';

alter table oauth2_sessions add column if not exists resource text not null default '';

alter table oauth2_sessions add column if not exists binding_hash text not null default '';

alter table oauth2_sessions add column if not exists stage text not null default 'legacy';

alter table oauth2_sessions add column if not exists scope text not null default '';

alter table oauth2_sessions add column if not exists subject text;

alter table oauth2_sessions add column if not exists email text;

alter table oauth2_sessions add column if not exists auth_time timestamptz;

alter table oauth2_sessions add column if not exists expires_at timestamptz not null default now() + interval '1 hour';

create index if not exists oauth2_sessions_expires_at_idx on oauth2_sessions (expires_at);

create table if not exists user_tokens (
  token text primary key,
  email text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);

alter table user_tokens add column if not exists scope_project_id int;

alter table user_tokens add column if not exists scope_permissions text[];

alter table user_tokens add column if not exists subject text;

alter table user_tokens add column if not exists client_id text;

alter table user_tokens add column if not exists grant_id text;

alter table user_tokens add column if not exists scope text;

alter table user_tokens add column if not exists resource text;

create index if not exists user_tokens_expires_at_idx on user_tokens (expires_at);

-- Revoking a grant ends its tokens.
create index if not exists user_tokens_grant_id_idx on user_tokens (grant_id);
