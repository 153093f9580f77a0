-- How often something was done in a window of time, counted for all processes together.
-- Programs that know 18 go on.
create table gatehouse_budgets (
  id text primary key,
  window_start integer not null,
  used integer not null
) strict, without rowid;
create index gatehouse_budgets_window_start on gatehouse_budgets (window_start);
