import type { Store } from "../../oauth/store.ts";
import type { Database } from "./database.ts";

export function providerLogoutOperation(database: Database): Pick<Store, "signOutByProvider"> {
  const use = database.prepare(
    "insert into gatehouse_client_assertions (id, expires_at) values (?, ?) on conflict (id) do nothing",
  );
  const endSession = database.prepare(
    `delete from gatehouse_browser_sessions where sid = ?1 and (?3 is null or subject = ?3)
       and exists (select 1 from gatehouse_accounts as a where a.subject = gatehouse_browser_sessions.subject and a.issuer = ?2)
     returning subject`,
  );
  const endSessions = database.prepare("delete from gatehouse_browser_sessions where subject = ?");
  const endCodes = database.prepare("delete from oauth2_codes where subject = ?");
  const endTokens = database.prepare(
    "delete from user_tokens where grant_id in (select id from gatehouse_grants where subject = ?)",
  );
  const endGrants = database.prepare("delete from gatehouse_grants where subject = ?");
  return {
    signOutByProvider: ({ noticeHash, acceptedUntil, issuer, sid, subject, endsGrants }) =>
      database.write(() => {
        if (use.run(noticeHash, acceptedUntil).changes === 0) return undefined;
        const people = new Set(subject === undefined ? [] : [subject as string]);
        let sessions = 0;
        if (sid !== undefined) {
          for (const [whose] of endSession.all(sid, issuer, subject ?? null)) {
            people.add(whose as string);
            sessions++;
          }
        } else if (subject !== undefined) {
          sessions = Number(endSessions.run(subject).changes);
        }
        let grants = 0;
        for (const person of endsGrants ? people : []) {
          endCodes.run(person);
          endTokens.run(person);
          grants += Number(endGrants.run(person).changes);
        }
        return { sessions, grants };
      }),
  };
}
