-- Whose addresses are at a domain that another provider speaks for now?
create index gatehouse_addresses_domain on gatehouse_addresses (substr(address, instr(address, '@') + 1), subject);
