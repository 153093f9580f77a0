import type { Page } from "../oauth/messages/page.ts";

/** What every answer carries. */
export function commonHeaders(secure: boolean): Record<string, string> {
  return {
    "X-Content-Type-Options": "nosniff",
    ...(secure ? { "Strict-Transport-Security": "max-age=63072000" } : {}), // S01
  };
}

const policy =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * What a page carries besides (S04, D09). The consent page has no `form-action`: browsers apply it to the
 * redirect that follows the form, and that one leads to the client (D10).
 */
export function pageHeaders(page: Page, language: string): Record<string, string> {
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Language": language,
    Vary: "Accept-Language",
    "Content-Security-Policy": page.kind === "consent" ? policy : `${policy}; form-action 'self'`,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
  };
}
