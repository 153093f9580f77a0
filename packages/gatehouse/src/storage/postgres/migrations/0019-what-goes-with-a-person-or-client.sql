-- What goes along when a person or a client is removed is found by the person or client, not by looking through everybody's.
-- Programs that know 17 go on.
create index if not exists oauth2_codes_subject_idx on oauth2_codes (subject);

create index if not exists oauth2_sessions_subject_idx on oauth2_sessions (subject);

create index if not exists oauth2_sessions_client_id_idx on oauth2_sessions (client_id);

create index if not exists gatehouse_invitations_subject_idx on gatehouse_invitations (subject);
