-- The provider a person signed in with last, and what it said of them. group_names is a JSON list; null: not known, which is never the same as none.
alter table gatehouse_accounts add column if not exists provider text not null default 'default';

alter table gatehouse_accounts add column if not exists name text;

alter table gatehouse_accounts add column if not exists group_names text default '[]';
-- When the provider last proved who they are, and what it gave for asking again without them, encrypted.
alter table gatehouse_accounts add column if not exists confirmed_at timestamptz;

alter table gatehouse_accounts add column if not exists upstream_credential text;
-- Since when the operator lets them do nothing.
alter table gatehouse_accounts add column if not exists blocked_at timestamptz;

-- The session at the provider, which it names when it ends.
alter table gatehouse_browser_sessions add column if not exists sid text;

-- Where the browser was sent to sign in.
alter table oauth2_sessions add column if not exists provider text;
