-- A provider names its session when that ends.
create index if not exists gatehouse_browser_sessions_sid_idx on gatehouse_browser_sessions (sid) where sid is not null;

-- When the provider was last asked whether it still knows the person, and since when it has given no answer.
alter table gatehouse_accounts add column if not exists confirm_tried_at timestamptz;

alter table gatehouse_accounts add column if not exists confirm_failing_since timestamptz;
