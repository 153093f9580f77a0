-- A resource's credential that was rotated stays good beside the new one until then.
alter table gatehouse_resources add column previous_credential_hash text;
alter table gatehouse_resources add column previous_credential_until integer;

create index gatehouse_resources_previous_idx on gatehouse_resources (previous_credential_hash)
  where previous_credential_hash is not null;
