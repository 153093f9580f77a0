import type { Store } from "../../oauth/store.ts";
import { registerAnew } from "./client-mends.ts";
import type { Timeline } from "./timeline.ts";

/** A database that is no older may well have been taken for the one before. */
const newMs = 7 * 24 * 60 * 60_000;

/**
 * Says of an app that nobody knows here that the database is new, where it is: then that is why, and every
 * other app will meet the same.
 * @param trailBegin up to when the audit trail is gone, milliseconds since 1970; 0: it is all there
 */
export async function withNewDatabase(
  store: Pick<Store, "findAudit" | "listResources">,
  timeline: Timeline,
  trailBegin: number,
): Promise<Timeline> {
  const refused = timeline.entries.find(({ facts }) => facts.why === "unknown client_id");
  if (refused === undefined || trailBegin > 0) return timeline;
  const [oldest] = (await store.findAudit({}, { order: "oldest", limit: 1 })).records;
  const resources = await store.listResources();
  // A trail may be younger than its database, which had none at first.
  const begin = Math.min(oldest?.time ?? refused.time, ...resources.map((each) => each.createdAt * 1000));
  if (refused.time - begin > newMs) return timeline;
  const { means, mend = "" } = timeline.conclusion;
  const each = timeline.client?.startsWith("dyn_")
    ? `for each app: ${registerAnew}. Nothing is to be set here then`
    : mend.replace(/\.$/, "");
  const since = `${new Date(begin).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return {
    ...timeline,
    conclusion: {
      means: `${means} This database is new: it has nothing from before ${since}, so every app that was connected before will meet this.`,
      mend: `If there is an older database, this server runs with another one than before: SQL_URL, or the folder it was started in, names it; correct that and restart. Else: ${each}.`,
    },
  };
}
