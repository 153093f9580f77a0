-- What rules of access took from a grant's scope since it was granted.
alter table gatehouse_grants add column taken_scope text;

-- What a resource is told of people besides, a JSON list; nothing without it.
alter table gatehouse_resources add column claims text;
