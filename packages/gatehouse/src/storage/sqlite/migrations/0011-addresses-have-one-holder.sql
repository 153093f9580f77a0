-- Whose an e-mail address is, written in lower case: one person's at a time. Of several who had one the latest to sign in has it.
create table gatehouse_addresses (
  address text primary key,
  subject text not null references gatehouse_accounts (subject) on delete cascade
) strict, without rowid;

create index gatehouse_addresses_subject on gatehouse_addresses (subject);

insert into gatehouse_addresses (address, subject)
select lower(email), subject from gatehouse_accounts as a
where email <> '' and issuer <> 'urn:gatehouse:address' and not exists (
  select 1 from gatehouse_accounts as b
  where lower(b.email) = lower(a.email) and b.issuer <> 'urn:gatehouse:address'
    and (b.signed_in_at > a.signed_in_at or (b.signed_in_at = a.signed_in_at and b.subject > a.subject))
);

-- Of an attempt that waits for the person to choose where to sign in: what that choice is about, as JSON.
alter table oauth2_sessions add column choice text;
