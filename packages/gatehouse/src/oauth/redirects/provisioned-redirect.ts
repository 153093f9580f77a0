import type { TokenEndpointAuthMethod } from "../records.ts";
import { checkRedirectPattern } from "./legacy-pattern.ts";
import { checkRedirectUri } from "./redirect-uri.ts";

/** What is wrong with an address, or a pattern of them, that an operator cannot have meant. */
export function checkProvisionedRedirect(
  uri: string,
  authMethod: TokenEndpointAuthMethod,
): string | undefined {
  return authMethod === "client_secret_post" ? checkNewPattern(uri) : checkRedirectUri(uri);
}

function checkNewPattern(pattern: string): string | undefined {
  // It is a legal one, which nobody means.
  return /[^\\]\?[^/?*+|)]+=/.test(pattern) && /[*\\[(+|{^$]/.test(pattern)
    ? "a ? makes what stands before it optional; write \\? for the question mark of a query"
    : checkRedirectPattern(pattern);
}
