-- The reference of a client's registration, or of what its document says, which attempts name.
-- Programs that know 26 go on.
alter table oauth2_clients add column if not exists reference text;
