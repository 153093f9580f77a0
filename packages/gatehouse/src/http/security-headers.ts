import { hasScript, type Page } from "../oauth/messages/page.ts";

/** What every answer carries. */
export function commonHeaders(secure: boolean): Record<string, string> {
  return {
    "X-Content-Type-Options": "nosniff",
    ...(secure ? { "Strict-Transport-Security": "max-age=63072000" } : {}), // S01
  };
}

const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const authenticator = "publickey-credentials-get=(self), publickey-credentials-create=(self)";

/** Kinds of pages whose form is followed by redirects that may lead to the client, or to a provider. */
const leadsOut: readonly Page["kind"][] = ["consent", "choose-provider", "refused-person", "passkey-sign-in"];

/**
 * What a page carries besides (S04, D09). Browsers apply `form-action` to the redirects that follow a form,
 * so the pages whose form ends at the client or a provider have none (D10). Only pages of passkeys have a
 * script, in a file of ours, and only they may use the authenticator, for themselves (V70).
 */
export function pageHeaders(page: Page, language: string): Record<string, string> {
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Language": language,
    Vary: "Accept-Language",
    "Content-Security-Policy": [
      policy,
      ...(hasScript(page) ? ["script-src 'self'"] : []),
      ...(leadsOut.includes(page.kind) ? [] : ["form-action 'self'"]),
    ].join("; "),
    ...(hasScript(page) ? { "Permissions-Policy": authenticator } : {}),
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
  };
}
