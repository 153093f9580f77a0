-- Resources and clients that gatehouse.yaml declares: in which form, where in which file, and since when they are gone from it.
alter table gatehouse_resources add column declared_as text;
alter table gatehouse_resources add column declared_in text;
alter table gatehouse_resources add column left_at integer;

alter table oauth2_clients add column declared_as text;
alter table oauth2_clients add column declared_in text;
alter table oauth2_clients add column left_at integer;

-- Which declarations of each kind hold: those of the process that started or reloaded last.
create table gatehouse_declarations (
  kind text primary key,
  fingerprint text not null,
  declared_at integer not null
) strict, without rowid;
