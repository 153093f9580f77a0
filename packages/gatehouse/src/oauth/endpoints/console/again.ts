import { startVisit } from "../../authorization/visit.ts";
import { OAuthError } from "../../messages/errors.ts";
import type { OAuthResponse } from "../../messages/response.ts";
import { type Seconds, seconds } from "../../values.ts";
import { type Asked, show } from "./asked.ts";

/** How long ago a sign-in at the provider may be, in seconds (Z31). */
export const toLook = seconds(15 * 60);
export const toAct = seconds(5 * 60);

/** What a form has besides what the person entered. */
const ours = new Set(["csrf", "act", "confirmed"]);

/**
 * `undefined` while the person has shown lately that it is them; else the page that asks them to, from which
 * they come back to where they are, with what they had entered. Nothing of it is done by that.
 * @param within seconds
 */
export async function askAgain(
  asked: Asked,
  within: Seconds,
  { returnTo = pathWithEntries(asked) }: { readonly returnTo?: string } = {},
): Promise<OAuthResponse | undefined> {
  const { services, request, session, presence } = asked;
  if (presence !== undefined && services.clock.now() - presence <= within) return undefined;
  const { account } = session;
  const provider = services.providers.find(account.provider);
  if (provider === undefined) throw new OAuthError("access_denied", { hint: "the provider went away" });
  const { location, cookies } = await startVisit(services, request, provider, {
    prompt: "login",
    maxAge: within,
    returnTo,
    ...(account.email !== "" && { loginHint: account.email }),
  });
  const isAct = request.method === "POST";
  return show(asked, { kind: "again", href: location.href, within, provenAt: presence, isAct }, cookies);
}

/** Of a form its page, which shows again what was entered; of a page the page. */
function pathWithEntries({ request, path }: Asked): string {
  const entries = new URLSearchParams(request.method === "POST" ? request.body : request.rawQuery);
  for (const name of ours) entries.delete(name);
  const query = entries.toString();
  return query === "" ? path : `${path}?${query}`;
}
