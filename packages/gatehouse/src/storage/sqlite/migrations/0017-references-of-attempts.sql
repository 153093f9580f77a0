-- The reference of the request that began an attempt to authorize, for all that comes of it.
alter table oauth2_sessions add column reference text;
alter table oauth2_codes add column reference text;
alter table gatehouse_grants add column reference text;
