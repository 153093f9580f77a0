-- How often something was done in a window of time, counted for all processes together.
-- Programs that know 20 go on.
create table if not exists gatehouse_budgets (
  id text primary key,
  window_start timestamptz not null,
  used bigint not null
);

create index if not exists gatehouse_budgets_window_start_idx on gatehouse_budgets (window_start);
