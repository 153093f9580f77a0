-- What happened in attempts to authorize, step by step, for a while.
-- Programs that know 19 go on.
create table gatehouse_traces (
  reference text primary key,
  first_at integer not null,
  last_at integer not null,
  client_id text,
  subject text,
  last_step text not null,
  outcome text not null,
  signed_in integer not null,
  steps integer not null,
  bytes integer not null
) strict, without rowid;
create index gatehouse_traces_last_at on gatehouse_traces (last_at, reference);
create index gatehouse_traces_client on gatehouse_traces (client_id, last_at, reference) where client_id is not null;
create index gatehouse_traces_subject on gatehouse_traces (subject, last_at, reference) where subject is not null;
create index gatehouse_traces_signed_in on gatehouse_traces (signed_in, last_at, bytes);

create table gatehouse_trace_steps (
  reference text not null references gatehouse_traces (reference) on delete cascade,
  place integer not null,
  step text not null,
  primary key (reference, place)
) strict, without rowid;
