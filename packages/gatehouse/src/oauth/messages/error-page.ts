import type { Reason } from "../reason.ts";
import type { OAuthError } from "./errors.ts";
import type { WayBack } from "./page.ts";
import type { OAuthRequest } from "./request.ts";
import { type OAuthResponse, page } from "./response.ts";

/**
 * What a person reads when there is nowhere safe to redirect to (ERRPAGE), or should not be redirected
 * unasked (B20), or is told before the client is (Z05).
 */
export function errorPage(request: OAuthRequest, error: OAuthError, continueTo?: WayBack): OAuthResponse {
  const status = error.status >= 500 || error.status === 429 || error.status === 403 ? error.status : 400;
  const answer = page(status, {
    kind: "error",
    status,
    reason: reasonOf(error),
    detail: error.hint === undefined ? error.code : `${error.code}: ${error.hint}`,
    reference: request.id,
    continueTo,
  });
  return { ...answer, headers: { ...answer.headers, ...error.headers } };
}

/** By what the person can do about it. */
function reasonOf(error: OAuthError): Reason {
  const { status } = error;
  if (error.reason !== undefined) return error.reason;
  if (status === 503) return { key: "unavailable" };
  if (status >= 500) return { key: "failed" };
  if (status === 429) return { key: "tooManyAttempts", seconds: undefined };
  return reasons[error.code] ?? { key: "unusableRequest" };
}

const reasons: Partial<Record<OAuthError["code"], Reason>> = {
  invalid_client: { key: "unknownApp", apps: [] },
  invalid_redirect_uri: { key: "unknownRedirect", app: undefined, uri: undefined },
  invalid_target: { key: "unknownResource", asked: undefined, known: undefined },
  login_required: { key: "nobodySignedIn" },
  consent_required: { key: "notApproved" },
  access_denied: { key: "notSignedIn" },
  invalid_grant: { key: "pageOver" },
};
