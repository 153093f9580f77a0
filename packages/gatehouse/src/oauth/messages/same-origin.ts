import { OAuthError } from "./errors.ts";
import type { OAuthRequest } from "./request.ts";

/**
 * Refuses a form that another site submitted (D08), with `access_denied`. `Origin: null` is what browsers
 * send from our own pages too, since these ask for `Referrer-Policy: no-referrer`; `Sec-Fetch-Site` tells
 * those apart where it exists, and a value that only our page knows everywhere.
 *
 * @param origin our own
 */
export function refuseForeignForm({ headers }: Pick<OAuthRequest, "headers">, origin: string): void {
  const { origin: sentFrom, secFetchSite } = headers;
  const elsewhere = sentFrom !== undefined && sentFrom !== "null" && sentFrom !== origin;
  if (
    elsewhere ||
    (secFetchSite !== undefined && secFetchSite !== "same-origin" && secFetchSite !== "none")
  ) {
    throw new OAuthError("access_denied", { hint: "the form was submitted by another site" });
  }
}
