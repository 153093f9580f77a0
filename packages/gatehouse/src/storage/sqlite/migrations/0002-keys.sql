-- The keys that refresh tokens were made with, as fingerprints that give nothing of them away (docs/storage.md).
create table gatehouse_keys (
  fingerprint text primary key,
  since integer,
  started_at integer
) strict, without rowid;

-- Which of them the live refresh token was made with: the first 32 bits of the fingerprint.
alter table gatehouse_grants add column key_id integer;
