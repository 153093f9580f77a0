import type { Store } from "../../oauth/store.ts";
import type { Timeline } from "./timeline.ts";

/* What `reason` of `introspection_refused` says, in words for whoever never heard of these ways. */

const ways: Readonly<Record<string, string>> = {
  Bearer: "its credential alone (Authorization: Bearer)",
  client_secret_basic: "its id and credential (HTTP Basic)",
  client_secret_post: "its id and credential, as form parameters",
  resource: "a credential that is good, of another MCP server than the token's",
};

/** The rule that decided, and the facts with the way in words. */
export function inWordsOfIntrospection(
  reason: string | undefined,
  { reason: _, ...facts }: Readonly<Record<string, string>>,
): { readonly rule: string; readonly facts: Readonly<Record<string, string>> } {
  const way = reason !== undefined && Object.hasOwn(ways, reason) ? ways[reason] : reason;
  return {
    rule: "an MCP server has to prove which one it is (RFC 7662 §2.1)",
    facts: { ...(way !== undefined && { "asked with": way }), ...facts },
  };
}

/**
 * Of an attempt that came to an introspection that was refused: whether the MCP server has asked since with a
 * credential that is its own.
 */
export async function withAcceptedSince(
  store: Pick<Store, "findAudit">,
  timeline: Timeline,
): Promise<Timeline> {
  const refused = timeline.entries.findLast(({ name }) => name === "introspection_refused");
  const { resource, conclusion } = timeline;
  if (refused === undefined || resource === undefined || conclusion.mend !== refused.mend) return timeline;
  const query = { name: "introspection_accepted", resource, since: refused.time };
  const [accepted] = (await store.findAudit(query, { order: "newest", limit: 1 })).records;
  if (accepted === undefined) return timeline;
  const when = new Date(accepted.time).toISOString().slice(0, 19).replace("T", " ");
  return {
    ...timeline,
    conclusion: {
      means: `${conclusion.means} Since ${when} UTC it asks with its own again.`,
      mend: "Nothing: it is mended. Whoever was kept out tries again.",
    },
  };
}
