-- Whose addresses are at a domain that another provider speaks for now?
create index if not exists gatehouse_addresses_domain_idx on gatehouse_addresses ((substr(address, strpos(address, '@') + 1)), subject);
