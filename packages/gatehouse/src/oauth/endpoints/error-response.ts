import { attemptReference, factsOf } from "../clients/request-facts.ts";
import { OAuthError } from "../messages/errors.ts";
import type { Reason } from "../messages/reason.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { json, noStore, type OAuthResponse, page } from "../messages/response.ts";
import type { AuthorizationRequest } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { StoreUnavailableError } from "../store.ts";
import type { SecretHash } from "../values.ts";

/*
 * The one place where a failure becomes an answer: JSON for programs (RFC 6749 §5.2), a page for people. Whatever an endpoint throws ends
 * here, and nothing of it but the code and the hint goes out (E15).
 */

/** Wraps an endpoint programs talk to. */
export function answersJson(services: Services, endpoint: Endpoint): Endpoint {
  return answering(services, endpoint, (_request, error) =>
    json(error.status, errorBody(error), { ...noStore, ...error.headers }),
  );
}

/** Wraps an endpoint people look at. */
export function answersPage(services: Services, endpoint: Endpoint): Endpoint {
  return answering(services, endpoint, (request, error) => errorPage(request, error));
}

function answering(
  services: Services,
  endpoint: Endpoint,
  render: (request: OAuthRequest, error: OAuthError) => OAuthResponse,
): Endpoint {
  return async (request) => {
    try {
      return await endpoint(request);
    } catch (thrown) {
      const error = asOAuthError(thrown);
      report(services, request, error);
      return render(request, error);
    }
  };
}

/** What a failure is to the outside: an unknown one `server_error`, a store that cannot answer `temporarily_unavailable`. */
export function asOAuthError(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (thrown instanceof StoreUnavailableError) {
    return new OAuthError("temporarily_unavailable", {
      hint: "try again in a moment",
      cause: thrown,
      headers: { "Retry-After": "1" },
    });
  }
  return new OAuthError("server_error", { hint: "something went wrong on our side", cause: thrown });
}

/** @param of the attempt that the request belongs to, and what it was begun with, once that is known */
export function report(
  services: Services,
  request: OAuthRequest,
  error: OAuthError,
  of: { readonly attempt?: SecretHash | undefined; readonly authorization?: AuthorizationRequest } = error,
): void {
  services.events.emit({
    name: error.status >= 500 ? "failure" : "request_refused",
    ...factsOf(request, of.authorization),
    attempt: of.attempt && attemptReference(of.attempt),
    error: error.code,
    detail: error.debug ?? error.hint,
    cause: error.cause,
  });
}

function errorBody(error: OAuthError): { error: string; error_description?: string } {
  return error.hint === undefined
    ? { error: error.code }
    : { error: error.code, error_description: error.hint };
}

/** What a person reads when there is nowhere safe to redirect to (ERRPAGE), or should not be redirected unasked (B20). */
export function errorPage(
  request: OAuthRequest,
  error: OAuthError,
  continueTo?: { readonly uri: string; readonly host: string },
): OAuthResponse {
  const status = error.status >= 500 || error.status === 429 || error.status === 403 ? error.status : 400;
  const answer = page(status, {
    kind: "error",
    status,
    reason: reasonOf(error, status),
    detail: error.hint === undefined ? error.code : `${error.code}: ${error.hint}`,
    reference: request.id,
    continueTo,
  });
  return { ...answer, headers: { ...answer.headers, ...error.headers } };
}

/** By what the person can do about it. */
function reasonOf(error: OAuthError, status: number): Reason {
  if (error.reason !== undefined) return error.reason;
  if (status === 503) return { key: "unavailable" };
  if (status >= 500) return { key: "failed" };
  if (status === 429) return { key: "tooManyAttempts" };
  return reasons[error.code] ?? { key: "unusableRequest" };
}

const reasons: Partial<Record<OAuthError["code"], Reason>> = {
  invalid_client: { key: "unknownApp", apps: [] },
  invalid_redirect_uri: { key: "unknownRedirect" },
  invalid_target: { key: "unknownResource" },
  login_required: { key: "nobodySignedIn" },
  consent_required: { key: "notApproved" },
  access_denied: { key: "notSignedIn" },
  invalid_grant: { key: "pageOver" },
};
