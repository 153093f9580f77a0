-- When a grant's tokens were used last, and from where it was asked for new ones.
-- Programs that know 24 go on.
alter table gatehouse_grants add column if not exists used_at timestamptz;

alter table gatehouse_grants add column if not exists token_address text;
