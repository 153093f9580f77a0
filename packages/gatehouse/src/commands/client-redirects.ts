import { oneLine } from "../oauth/harmless.ts";
import type { TokenEndpointAuthMethod } from "../oauth/records.ts";
import { checkProvisionedRedirect } from "../oauth/redirects/provisioned-redirect.ts";
import { Refusal } from "./refusal.ts";

/** @throws Refusal for an address, or a pattern of them, that an operator cannot have meant */
export function checkRedirect(uri: string, authMethod: TokenEndpointAuthMethod): void {
  const problem = checkProvisionedRedirect(uri, authMethod);
  if (problem !== undefined) throw new Refusal(2, `redirect URI ${oneLine(uri)}: ${problem}`);
}
