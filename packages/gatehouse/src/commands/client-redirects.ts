import type { TokenEndpointAuthMethod } from "../oauth/records.ts";
import { checkRedirectPattern } from "../oauth/redirects/legacy-pattern.ts";
import { checkRedirectUri } from "../oauth/redirects/redirect-uri.ts";
import { oneLine } from "../telemetry/sanitize.ts";
import { Refusal } from "./refusal.ts";

/** @throws Refusal for an address, or a pattern of them, that an operator cannot have meant */
export function checkRedirect(uri: string, authMethod: TokenEndpointAuthMethod): void {
  const problem = authMethod === "client_secret_post" ? checkNewPattern(uri) : checkRedirectUri(uri);
  if (problem !== undefined) throw new Refusal(2, `redirect URI ${oneLine(uri)}: ${problem}`);
}

function checkNewPattern(pattern: string): string | undefined {
  // It is a legal one, which nobody means.
  return /[^\\]\?[^/?*+|)]+=/.test(pattern) && /[*\\[(+|{^$]/.test(pattern)
    ? "a ? makes what stands before it optional; write \\? for the question mark of a query"
    : checkRedirectPattern(pattern);
}
