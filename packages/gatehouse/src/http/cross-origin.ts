import type { OAuthResponse } from "../oauth/messages/response.ts";
import { allowedMethods, type Route } from "./route.ts";

/**
 * What every answer of a route carries that any origin may call, errors included (A15, E18). Never
 * `Allow-Credentials`: these routes know no cookies.
 */
export const crossOriginHeaders = { "Access-Control-Allow-Origin": "*" } as const;

/** What an error carries besides: a script may read what else it says only if it is named here. */
export const crossOriginErrorHeaders = {
  ...crossOriginHeaders,
  "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
} as const;

/**
 * The answer to a browser that asks first (A15, E18). Only for routes with `cors`: the others approve no
 * preflight (B19).
 */
export function preflight(route: Route): OAuthResponse {
  return {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": allowedMethods(route),
      // `*`, which never covers Authorization, is for headers that clients add to all their requests: nothing
      // here trusts any.
      "Access-Control-Allow-Headers": "authorization, content-type, dpop, mcp-protocol-version, *",
      "Access-Control-Max-Age": "86400",
    },
  };
}
