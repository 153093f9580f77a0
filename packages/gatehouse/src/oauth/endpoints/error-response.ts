import { factsOf, type RequestFacts } from "../clients/request-facts.ts";
import { errorPage } from "../messages/error-page.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { json, noStore, type OAuthResponse } from "../messages/response.ts";
import type { Reason } from "../reason.ts";
import type { AuthorizationRequest } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { StoreUnavailableError } from "../store.ts";
import { senderOf, traceStep } from "../tracing.ts";

/*
 * The one place where a failure becomes an answer: JSON for programs (RFC 6749 §5.2), a page for people.
 * Whatever an endpoint throws ends here, and nothing of it but the code and the hint goes out (E15).
 */

/** Where failures are told. */
type Reporting = Pick<Services, "events"> & Partial<Pick<Services, "trace">>;

/** Wraps an endpoint programs talk to. */
export function answersJson(services: Services, endpoint: Endpoint): Endpoint {
  return answering(services, endpoint, (request, error) =>
    json(error.status, errorBody(request, error), { ...noStore, ...error.headers }),
  );
}

/** Wraps an endpoint people look at. */
export function answersPage(services: Reporting, endpoint: Endpoint): Endpoint {
  return answering(services, endpoint, (request, error) => errorPage(request, error));
}

function answering(
  services: Reporting,
  endpoint: Endpoint,
  render: (request: OAuthRequest, error: OAuthError) => OAuthResponse,
): Endpoint {
  return async (request) => {
    try {
      return await endpoint(request);
    } catch (thrown) {
      const error = asOAuthError(thrown);
      report(services, request, error);
      return { ...render(request, error), error: error.code };
    }
  };
}

/**
 * What a failure is to the outside: an unknown one `server_error`, a store that cannot answer
 * `temporarily_unavailable`.
 */
export function asOAuthError(thrown: unknown): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (thrown instanceof StoreUnavailableError) {
    return new OAuthError("temporarily_unavailable", {
      hint: "try again in a moment",
      cause: thrown,
      reason: storeReasons[thrown.kind],
      headers: { "Retry-After": "1" },
    });
  }
  return new OAuthError("server_error", { hint: "something went wrong on our side", cause: thrown });
}

const storeReasons: Readonly<Record<StoreUnavailableError["kind"], Reason>> = {
  locked: { key: "storeBusy" },
  full: { key: "storeFull" },
  unreachable: { key: "storeUnreachable" },
  other: { key: "unavailable" },
};

/** @param authorization what its attempt was begun with, once that is known */
export function report(
  services: Reporting,
  request: OAuthRequest,
  error: OAuthError,
  authorization?: AuthorizationRequest,
): void {
  const { budget } = error;
  const refused = budget === undefined ? "request_refused" : "limit_reached";
  const facts = factsOf(request, authorization);
  traceRefusal(services, request, error, facts);
  services.events.emit({
    name: error.log?.event ?? (error.status >= 500 ? "failure" : refused),
    ...facts,
    attempt: error.attempt,
    error: error.code,
    provider: error.log?.provider,
    reason: error.log?.reason ?? budget,
    detail: error.debug ?? error.hint,
    cause: error.cause,
  });
}

/** The rule that decided, what it expected and what came (Z06); of a failure of ours, what went wrong. */
function traceRefusal(
  { trace }: Reporting,
  request: OAuthRequest,
  { status, code, hint, debug, reason, log, decidedBy, attempt }: OAuthError,
  { client, resource, redirectUri, scope }: RequestFacts,
): void {
  if (trace === undefined) return;
  const failed = status >= 500;
  const { facts, ...rule } = decidedBy ?? {
    rule: log?.reason ?? code,
    ...(failed ? { received: debug } : { expected: debug ?? hint }),
  };
  traceStep(
    { trace },
    request,
    failed ? "request_failed" : "request_refused",
    {
      client,
      resource,
      ...rule,
      facts: {
        ...facts,
        error: code,
        why: hint,
        "grant type": request.form?.get("grant_type"),
        "redirect uri": redirectUri,
        scope,
        attempt: attempt === request.id ? undefined : attempt,
        ...senderOf(request),
      },
    },
    failed ? "failed" : "refused",
  );
  if (attempt === undefined || attempt === request.id) return;
  // What this browser is about is somebody's attempt: that names this request, and nothing else of it (Z-n2).
  const isElsewhere = reason?.key === "otherBrowser" || reason?.key === "noCookie";
  const step = isElsewhere ? "other_browser" : "attempt_over";
  traceStep({ trace }, { id: attempt }, step, { facts: { see: request.id } }, "refused");
}

function errorBody(request: OAuthRequest, { code, hint }: OAuthError) {
  return {
    error: code,
    ...(hint !== undefined && { error_description: `${hint} (reference ${request.id})` }),
  };
}
