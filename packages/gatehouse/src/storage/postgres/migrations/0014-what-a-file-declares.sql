-- Resources and clients that gatehouse.yaml declares: in which form, where in which file, and since when they are gone from it.
alter table gatehouse_resources add column if not exists declared_as text;

alter table gatehouse_resources add column if not exists declared_in text;

alter table gatehouse_resources add column if not exists left_at timestamptz;

alter table oauth2_clients add column if not exists declared_as text;

alter table oauth2_clients add column if not exists declared_in text;

alter table oauth2_clients add column if not exists left_at timestamptz;

-- Which declarations of each kind hold: those of the process that started or reloaded last.
create table if not exists gatehouse_declarations (
  kind text primary key,
  fingerprint text not null,
  declared_at timestamptz not null
);
