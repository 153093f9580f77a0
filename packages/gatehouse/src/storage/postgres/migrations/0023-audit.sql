-- The audit trail: records in chains, one a process that writes; where each ends, and how many there are.
-- Programs that know 21 go on.
create table if not exists gatehouse_audit_blocks (
  chain text not null,
  first_sequence bigint not null,
  last_sequence bigint not null,
  first_at bigint not null,
  last_at bigint not null,
  records text not null,
  primary key (chain, last_sequence)
);

create index if not exists gatehouse_audit_blocks_time_idx on gatehouse_audit_blocks (last_at, chain, last_sequence);

create table if not exists gatehouse_audit_addresses (
  chain text not null,
  sequence bigint not null,
  id text not null,
  subject text,
  address text not null,
  folded text not null,
  salt text not null,
  primary key (chain, sequence, id)
);

create index if not exists gatehouse_audit_addresses_folded_idx on gatehouse_audit_addresses (folded);

create index if not exists gatehouse_audit_addresses_subject_idx on gatehouse_audit_addresses (subject);

create table if not exists gatehouse_audit_chains (
  number bigint primary key,
  chain text not null unique,
  instance text not null,
  key_id int,
  opened_at bigint not null,
  sequence bigint not null,
  mac text not null,
  written_at bigint not null,
  is_ended bool not null,
  seal text not null,
  cut_sequence bigint not null,
  cut_mac text not null,
  cut_key_id int,
  cut_seal text not null,
  bytes bigint not null
);

create table if not exists gatehouse_audit_registry (
  id bigint primary key,
  opened bigint not null,
  sealed_opened bigint not null,
  sealed_key_id int,
  sealed text not null,
  forgotten bigint not null,
  forgotten_key_id int,
  forgotten_seal text not null
);

insert into gatehouse_audit_registry (id, opened, sealed_opened, sealed, forgotten, forgotten_seal)
values (1, 0, 0, '', 0, '') on conflict (id) do nothing;
