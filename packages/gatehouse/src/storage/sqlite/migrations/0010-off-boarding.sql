-- A provider names its session when that ends.
create index gatehouse_browser_sessions_sid on gatehouse_browser_sessions (sid) where sid is not null;

-- When the provider was last asked whether it still knows the person, and since when it has given no answer.
alter table gatehouse_accounts add column confirm_tried_at integer;
alter table gatehouse_accounts add column confirm_failing_since integer;
