-- How many records of the audit trail have a name in each hour, without reading them.
-- Programs that know 25 go on.
create table if not exists gatehouse_audit_hours (
  hour bigint not null,
  name text not null,
  chain text not null,
  records bigint not null,
  primary key (name, hour, chain)
);
