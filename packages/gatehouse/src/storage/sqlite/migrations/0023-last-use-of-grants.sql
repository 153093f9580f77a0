-- When a grant's tokens were used last, and from where it was asked for new ones.
-- Programs that know 22 go on.
alter table gatehouse_grants add column used_at integer;
alter table gatehouse_grants add column token_address text;
