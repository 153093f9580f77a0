import type { Store } from "../../oauth/store.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";

export function providerLogoutOperation(database: Database): Pick<Store, "signOutByProvider"> {
  // Of several with one notice the later ones wait here for the first.
  const use = database.prepare(
    "insert into gatehouse_client_assertions (id, expires_at) values ($1, $2) on conflict (id) do nothing",
  );
  const endSession = database.prepare(
    `delete from gatehouse_browser_sessions where sid = $1 and ($3::text is null or subject = $3::text)
       and exists (select 1 from gatehouse_accounts as a where a.subject = gatehouse_browser_sessions.subject and a.issuer = $2)
     returning subject`,
  );
  const endSessions = database.prepare("delete from gatehouse_browser_sessions where subject = $1");
  // In the order in which one becomes the other.
  const endCodes = database.prepare("delete from oauth2_codes where subject = any($1)");
  const endGrants = database.prepare("delete from gatehouse_grants where subject = any($1) returning id");
  const endTokens = database.prepare("delete from user_tokens where grant_id = any($1)");
  return {
    signOutByProvider: ({ noticeHash, acceptedUntil, issuer, sid, subject, endsGrants }) =>
      database.transaction(async (run) => {
        if ((await run(use, noticeHash, instant(acceptedUntil))).changes === 0) return undefined;
        const people = new Set(subject === undefined ? [] : [subject as string]);
        let sessions = 0;
        if (sid !== undefined) {
          const { rows } = await run(endSession, sid, issuer, subject ?? null);
          for (const [whose] of rows) people.add(whose as string);
          sessions = rows.length;
        } else if (subject !== undefined) {
          sessions = (await run(endSessions, subject)).changes;
        }
        if (!endsGrants) return { sessions, grants: 0 };
        await run(endCodes, [...people]);
        const grants = (await run(endGrants, [...people])).rows.map(([id]) => id as string);
        await run(endTokens, grants);
        return { sessions, grants: grants.length };
      }),
  };
}
