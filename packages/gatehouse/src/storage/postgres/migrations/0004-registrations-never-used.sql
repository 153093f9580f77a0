-- A registration that nobody used yet: keyed hash of the address it came from. Null once it was used, and for all that never count.
alter table oauth2_clients add column if not exists registered_from text;

-- Holds a bounded number of rows: how many has an address, and which are the oldest?
create index if not exists oauth2_clients_unused_idx on oauth2_clients (registered_from, (coalesce(last_used_at, created_at))) where registered_from is not null;
