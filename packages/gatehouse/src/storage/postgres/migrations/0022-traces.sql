-- What happened in attempts to authorize, step by step, for a while.
-- Programs that know 21 go on.
create table if not exists gatehouse_traces (
  reference text primary key,
  first_at bigint not null,
  last_at bigint not null,
  client_id text,
  subject text,
  last_step text not null,
  outcome text not null,
  signed_in bool not null,
  steps bigint not null,
  bytes bigint not null
);

create index if not exists gatehouse_traces_last_at_idx on gatehouse_traces (last_at, reference);

create index if not exists gatehouse_traces_client_idx on gatehouse_traces (client_id, last_at, reference);

create index if not exists gatehouse_traces_subject_idx on gatehouse_traces (subject, last_at, reference);

create index if not exists gatehouse_traces_signed_in_idx on gatehouse_traces (signed_in, last_at, bytes);

create table if not exists gatehouse_trace_steps (
  reference text not null references gatehouse_traces (reference) on delete cascade,
  place bigint not null,
  step text not null,
  primary key (reference, place)
);
