-- Long lists are told in parts, the newest first, and people are looked for by the beginning of an address.
-- Programs that know 21 go on.
create index gatehouse_accounts_created_at on gatehouse_accounts (created_at, subject);
create index gatehouse_accounts_blocked on gatehouse_accounts (created_at, subject) where blocked_at is not null;
create index gatehouse_grants_created_at on gatehouse_grants (created_at, id);
drop index gatehouse_grants_client_id;
create index gatehouse_grants_client_id on gatehouse_grants (client_id, created_at, id);
create index oauth2_clients_created_at on oauth2_clients (created_at, id);
