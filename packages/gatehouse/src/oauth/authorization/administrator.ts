import type { OAuthRequest } from "../messages/request.ts";
import type { BrowserSession } from "../records.ts";
import type { Services } from "../services.ts";

/**
 * Whether whoever is signed in is an administrator, by their account as it is stored now (Z30). Where anybody
 * is whoever they say, only in a browser on this very computer, with nothing in between.
 */
export function isAdministrator(
  { admins, providers }: Services,
  { thisComputer }: Pick<OAuthRequest, "thisComputer">,
  { account }: BrowserSession,
): boolean {
  if (admins?.includes(account) !== true) return false;
  const believes = providers.find(account.provider)?.believesEverybody === true;
  return !believes || thisComputer === true;
}
