import type { OAuthRequest } from "../messages/request.ts";

/**
 * Whether the client itself sent the browser here, by what the browser says and no page can forge.
 * `Sec-Fetch-Site` looks at every redirect on the way, `Referer` at the page the way began on, so both
 * together leave only pages of the redirect URI's own origin, whose way led through no other site.
 *
 *  - `same-origin`: a page of ours, so the client's only where it lives on our origin;
 *  - `same-site`: a page of our site; the client's if the referrer is of the redirect URI's origin;
 *  - `cross-site`: never. Also a client's page, if another site redirected on the way: that one chose the
 *    request;
 *  - `none`: never. A link from mail, chat or a QR code, which anybody can write;
 *  - absent, or a word of the future: never.
 *
 * Only an https redirect URI can be a page's.
 */
export function startedByClient(
  { headers }: Pick<OAuthRequest, "headers">,
  issuer: string,
  redirectUri: string,
): boolean {
  if (!redirectUri.startsWith("https://")) return false;
  const { origin } = new URL(redirectUri);
  if (headers.secFetchSite === "same-origin") return origin === new URL(issuer).origin;
  if (headers.secFetchSite !== "same-site" || headers.referer === undefined) return false;
  return URL.canParse(headers.referer) && new URL(headers.referer).origin === origin;
}
