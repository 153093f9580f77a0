-- The audit trail: records in chains, one a process that writes; where each ends, and how many there are.
-- Programs that know 19 go on.
create table gatehouse_audit_blocks (
  chain text not null,
  first_sequence integer not null,
  last_sequence integer not null,
  first_at integer not null,
  last_at integer not null,
  records text not null
) strict;
create unique index gatehouse_audit_blocks_chain on gatehouse_audit_blocks (chain, last_sequence);
create index gatehouse_audit_blocks_time on gatehouse_audit_blocks (last_at, chain, last_sequence);

-- Addresses of people that records mention, apart from them so that they can be removed.
create table gatehouse_audit_addresses (
  chain text not null,
  sequence integer not null,
  id text not null,
  subject text,
  address text not null,
  folded text not null,
  salt text not null,
  primary key (chain, sequence, id)
) strict, without rowid;
create index gatehouse_audit_addresses_folded on gatehouse_audit_addresses (folded);
create index gatehouse_audit_addresses_subject on gatehouse_audit_addresses (subject) where subject is not null;

create table gatehouse_audit_chains (
  number integer primary key,
  chain text not null unique,
  instance text not null,
  key_id integer,
  opened_at integer not null,
  sequence integer not null,
  mac text not null,
  written_at integer not null,
  is_ended integer not null,
  seal text not null,
  cut_sequence integer not null,
  cut_mac text not null,
  cut_key_id integer,
  cut_seal text not null,
  bytes integer not null
) strict;

create table gatehouse_audit_registry (
  id integer primary key,
  opened integer not null,
  sealed_opened integer not null,
  sealed_key_id integer,
  sealed text not null,
  forgotten integer not null,
  forgotten_key_id integer,
  forgotten_seal text not null
) strict;
insert into gatehouse_audit_registry (id, opened, sealed_opened, sealed, forgotten, forgotten_seal) values (1, 0, 0, '', 0, '');
