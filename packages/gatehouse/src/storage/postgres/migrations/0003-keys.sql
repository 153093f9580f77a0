-- The keys that refresh tokens were made with, as fingerprints that give nothing of them away (docs/storage.md).
create table if not exists gatehouse_keys (
  fingerprint text primary key,
  since timestamptz,
  started_at timestamptz
);

-- Which of them the live refresh token was made with: the first 32 bits of the fingerprint.
alter table gatehouse_grants add column if not exists key_id int;
