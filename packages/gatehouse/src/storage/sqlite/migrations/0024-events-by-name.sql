-- How many records of the audit trail have a name in each hour, without reading them.
-- Programs that know 23 go on.
create table gatehouse_audit_hours (
  hour integer not null,
  name text not null,
  chain text not null,
  records integer not null,
  primary key (name, hour, chain)
) strict, without rowid;
