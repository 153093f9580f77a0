/*
 * The databases of the service before us, as they stand at its users', each with rows (see "Database" in the
 * compatibility notes: before its MCP change, after it, and after what came later).
 */

const beforeMcp = `
  create table oauth2_clients (
    id text primary key, secret text not null, redirect_uri text not null, created_at timestamptz not null default now());
  create table oauth2_codes (
    id text primary key, client_id text not null references oauth2_clients (id) on delete cascade, email text not null,
    created_at timestamptz not null default now());
  create index on oauth2_codes (created_at);
  create table oauth2_sessions (
    id text primary key, client_id text not null, state text not null, callback_state text not null, callback_url text not null,
    created_at timestamptz not null default now());
  create index on oauth2_sessions (created_at);
  create table user_tokens (
    token text primary key, email text not null, expires_at timestamptz not null, created_at timestamptz not null default now());
  insert into oauth2_clients (id, secret, redirect_uri, created_at)
    values ('web', 's3cret', 'https://*.example.com/cb', '2020-01-02 03:04:05.678+00'), ('other', 'x', 'https://other.example/cb', now());
  insert into oauth2_codes (id, client_id, email) values ('an old code', 'web', 'alice@example.com');
  insert into oauth2_sessions (id, client_id, state, callback_state, callback_url)
    values ('an old session', 'web', 'upstream', 'the client''s', 'https://app.example.com/cb');
  insert into user_tokens (token, email, expires_at)
    values ('plain', 'alice@example.com', now() + interval '7 days'), ('over', 'alice@example.com', now() - interval '1 day');`;

const narrowedTokens = `
  alter table user_tokens add column scope_project_id int;
  alter table user_tokens add column scope_permissions text[];
  insert into user_tokens (token, email, expires_at, scope_project_id, scope_permissions)
    values ('narrowed', 'bob@example.com', now() + interval '7 days', 7, array['read', 'write'])`;

const ledger = `
  create table migrations (id text primary key, content text not null, ts timestamptz not null default now());
  insert into migrations (id, content) values ('01_init.sql', 'create table …'), ('02_mcp.sql', 'alter table …')`;

const mcp = `
  alter table oauth2_clients alter column secret drop not null;
  alter table oauth2_clients alter column redirect_uri set default '';
  alter table oauth2_clients add column redirect_uris text[] not null default array[]::text[];
  alter table oauth2_clients add column token_endpoint_auth_method text not null default 'client_secret_post';
  alter table oauth2_clients add column client_name text not null default '';
  alter table oauth2_codes add column code_challenge text not null default '';
  alter table oauth2_codes add column code_challenge_method text not null default '';
  alter table oauth2_codes add column redirect_uri text not null default '';
  alter table oauth2_codes add column resource text not null default '';
  alter table oauth2_sessions add column code_challenge text not null default '';
  alter table oauth2_sessions add column code_challenge_method text not null default '';
  alter table oauth2_sessions add column resource text not null default '';
  insert into oauth2_clients (id, redirect_uris, token_endpoint_auth_method, client_name)
    values ('public', array['https://a.example/cb', 'http://127.0.0.1/cb'], 'none', 'A "quoted", näme');
  insert into oauth2_codes (id, client_id, email, code_challenge, code_challenge_method, redirect_uri, resource)
    values ('a newer code', 'public', 'bob@example.com', 'challenge', 'S256', 'https://a.example/cb', 'https://mcp.example.com')`;

const later = `
  update oauth2_clients set redirect_uris = array['regexp:' || redirect_uri] where redirect_uri <> '';
  alter table oauth2_clients drop column redirect_uri;
  alter table oauth2_clients add column dynamically_registered bool not null default false;
  alter table oauth2_clients add column last_used_at timestamptz;
  update oauth2_clients set dynamically_registered = true, last_used_at = '2024-05-06 07:08:09+00' where id = 'public';
  create table refresh_tokens (
    token text primary key, email text not null, client_id text not null, created_at timestamptz not null default now(),
    expires_at timestamptz not null);
  insert into refresh_tokens (token, email, client_id, expires_at)
    values ('refresh', 'bob@example.com', 'public', now() + interval '30 days')`;

interface OldState {
  readonly name: string;
  readonly steps: readonly string[];
  /** The redirect URIs of the client `web`. */
  readonly redirectUris: readonly string[];
}

const pattern = ["https://*.example.com/cb"];

export const oldStates: readonly OldState[] = [
  { name: "before the MCP change", steps: [beforeMcp], redirectUris: pattern },
  {
    name: "before the MCP change, with its ledger and narrowed tokens",
    steps: [beforeMcp, ledger, narrowedTokens],
    redirectUris: pattern,
  },
  { name: "after the MCP change", steps: [beforeMcp, mcp], redirectUris: pattern },
  {
    name: "after the MCP change, with its ledger and narrowed tokens",
    steps: [beforeMcp, ledger, narrowedTokens, mcp],
    redirectUris: pattern,
  },
  {
    name: "after the later changes",
    steps: [beforeMcp, narrowedTokens, mcp, later],
    redirectUris: ["regexp:https://*.example.com/cb"],
  },
  {
    name: "after the later changes, with its ledger",
    steps: [beforeMcp, ledger, narrowedTokens, mcp, later],
    redirectUris: ["regexp:https://*.example.com/cb"],
  },
];
