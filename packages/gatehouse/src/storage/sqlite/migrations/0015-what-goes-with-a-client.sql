-- What goes along when a client is removed is found by the client, not by looking through everybody's: unused registrations are removed while others wait.
create index oauth2_codes_client_id on oauth2_codes (client_id);
create index oauth2_sessions_client_id on oauth2_sessions (client_id);
