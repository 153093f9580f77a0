-- A refresh writes its grant anew: with room for that on the same page no index is touched. CockroachDB knows the word and does nothing.
-- Programs that know 17 go on.
alter table gatehouse_grants set (fillfactor = 85);
