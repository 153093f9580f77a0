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
