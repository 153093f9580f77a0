-- Long lists are told in parts, the newest first, and people are looked for by the beginning of an address.
-- Programs that know 23 go on.
create index if not exists gatehouse_accounts_created_at_idx on gatehouse_accounts (created_at, subject);

create index if not exists gatehouse_accounts_blocked_idx on gatehouse_accounts (created_at, subject) where blocked_at is not null;

create index if not exists gatehouse_accounts_address_idx on gatehouse_accounts ((lower(email) collate "C"), subject);

create index if not exists gatehouse_grants_created_at_idx on gatehouse_grants (created_at, id);

create index if not exists gatehouse_grants_client_created_idx on gatehouse_grants (client_id, created_at, id);

drop index if exists gatehouse_grants_client_id_idx;

create index if not exists oauth2_clients_created_at_idx on oauth2_clients (created_at, id);
