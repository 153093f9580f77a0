-- What goes along when a person is removed is found by the person, not by looking through everybody's.
-- Programs that know 16 go on.
create index oauth2_codes_subject on oauth2_codes (subject);
create index oauth2_sessions_subject on oauth2_sessions (subject) where subject is not null;
create index gatehouse_invitations_subject on gatehouse_invitations (subject);
