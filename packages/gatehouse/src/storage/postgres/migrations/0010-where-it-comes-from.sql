-- Whether the database was that of the service before us, so that others may read access tokens in user_tokens. A database that was new to us notes it
-- before our first migration; for an older one what only that service writes tells: tokens without a grant, secrets in clear text, its one redirect URI.
create table if not exists gatehouse_origin (was_originals bool not null);

insert into gatehouse_origin (was_originals)
  select exists (select token from user_tokens where grant_id is null)
    or exists (select id from oauth2_clients where secret is not null or redirect_uri <> '')
    or exists (select table_name from information_schema.tables where table_schema = current_schema() and table_name = 'refresh_tokens')
  where not exists (select was_originals from gatehouse_origin);
