-- 1: the operator vouches for a client that registered itself (gatehouse clients vouch).
alter table oauth2_clients add column vouched integer not null default 0;

-- A secret that was rotated stays good beside the new one until then.
alter table oauth2_clients add column previous_secret_hash text;
alter table oauth2_clients add column previous_secret_until integer;
