-- The operator vouches for a client: by provisioning it, or by name (gatehouse clients vouch). A public client without a secret that nobody vouches for
-- is self-asserted, whoever wrote its row: the service before us has no other way to say that it registered itself. See client-columns.ts.
alter table oauth2_clients add column if not exists vouched bool not null default false;

-- A secret that was rotated stays good beside the new one until then.
alter table oauth2_clients add column if not exists previous_secret_hash text;

alter table oauth2_clients add column if not exists previous_secret_until timestamptz;

-- Only tokens that were minted here are cleaned away; the others, which nobody may ever delete, must not be read each time.
create index if not exists user_tokens_minted_here_idx on user_tokens (expires_at) where grant_id is not null;

drop index if exists user_tokens_expires_at_idx;
