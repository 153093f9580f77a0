import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { Services } from "../services.ts";

/**
 * Refuses a form another site submitted (D08). `Origin: null` is what browsers send from our own pages too, since these ask for
 * `Referrer-Policy: no-referrer`; `Sec-Fetch-Site` tells those apart where it exists, and the CSRF value everywhere.
 */
export function refuseForeignForm(services: Services, request: OAuthRequest): void {
  const { origin, secFetchSite } = request.headers;
  const foreign =
    origin !== undefined && origin !== "null" && origin !== endpointUrls(services.settings.issuer).origin;
  if (foreign || (secFetchSite !== undefined && secFetchSite !== "same-origin" && secFetchSite !== "none")) {
    throw new OAuthError("access_denied", { hint: "the form was submitted by another site" });
  }
}
