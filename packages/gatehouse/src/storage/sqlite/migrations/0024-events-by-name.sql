-- How often something happened in an hour, and what of a kind happened last, without reading everything else.
-- Programs that know 23 go on.
create index gatehouse_audit_name on gatehouse_audit (name, happened_at);
