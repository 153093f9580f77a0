-- What a provider gave for asking again is forgotten when no grant of the person lives: which may that be?
create index gatehouse_accounts_credential on gatehouse_accounts (signed_in_at) where upstream_credential is not null;
