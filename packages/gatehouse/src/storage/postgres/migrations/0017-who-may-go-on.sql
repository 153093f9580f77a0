-- After an upgrade: programs that know the migration of this number go on. Empty: only those that know this one.
alter table gatehouse_migrations add column if not exists needs int;
