/** What an identity provider answered to an authorization request, without being followed. */
export interface AuthorizationAnswer {
  readonly status: number;
  readonly location: string | null;
  /** The beginning of what it shows. */
  readonly page: string;
}

/**
 * `redirect URI`, `client`: that is unknown there. `refused`: it does not say why. `undefined`: it cannot be
 * told, because nothing looks like a sign-in page or like an error.
 */
export type Verdict = "accepted" | "redirect URI" | "client" | "refused" | undefined;

/** AADSTS50011 and AADSTS700016 are Microsoft's, which answers both with 200. */
const aboutRedirect =
  /AADSTS50011|redirect[ _-]?ur[il](?:[^<]{0,80})(?:mismatch|match|valid|registered|allowed|whitelist)|(?:invalid|mismatch|unregistered|illegal)[^<]{0,40}redirect[ _-]?ur[il]|redirect_uri_mismatch|invalid_redirect_uri/i;
const aboutClient =
  /AADSTS700016|invalid_client|unauthorized_client|unknown client|client[^<]{0,30}(?:not found|not exist|is invalid|not registered)/i;
const aSignInPage = /<input[^>]+type=["']?(?:password|email)|<form[\s>]/i;

/**
 * Whether a provider accepts our redirect URI, from what it answers to a person's first request there.
 * Providers agree on no more than that an unknown redirect URI is never answered to.
 * @param asked the authorization request
 */
export function judgeAnswer(
  { status, location, page }: AuthorizationAnswer,
  asked: URL,
  callbackUrl: string,
): Verdict {
  if (status >= 300 && status < 400 && location !== null) {
    if (!URL.canParse(location, asked)) return undefined;
    const next = new URL(location, asked);
    // It answers us there, whatever it says.
    if (next.href.startsWith(callbackUrl)) return "accepted";
    const names = `${next.pathname} ${next.searchParams.get("error") ?? ""} ${decoded(next.searchParams.get("authError"))}`;
    if (/redirect_uri/i.test(names)) return "redirect URI";
    if (aboutClient.test(names)) return "client";
    return /error/i.test(next.pathname) ? "refused" : "accepted";
  }
  if (aboutRedirect.test(page)) return "redirect URI";
  if (aboutClient.test(page)) return "client";
  if (status >= 400 && status < 500) return "refused";
  return status === 200 && aSignInPage.test(page) ? "accepted" : undefined;
}

/** Google tells what is wrong in base64. */
const decoded = (text: string | null) =>
  text === null ? "" : Buffer.from(text, "base64").toString("latin1");
