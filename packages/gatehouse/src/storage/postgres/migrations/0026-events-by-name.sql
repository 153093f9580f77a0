-- How often something happened in an hour, and what of a kind happened last, without reading everything else.
-- Programs that know 25 go on.
create index if not exists gatehouse_audit_name_idx on gatehouse_audit (name, happened_at);
