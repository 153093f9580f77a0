import { attemptReference, factsOf } from "../clients/request-facts.ts";
import { type Advice, OAuthError } from "../messages/errors.ts";
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
  of: { readonly attempt?: SecretHash | undefined; readonly request?: AuthorizationRequest } = error,
): void {
  services.events.emit({
    name: error.status >= 500 ? "failure" : "request_refused",
    ...factsOf(request, of.request),
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
  const { title, explanation, remedies = [] } = words(error, status);
  const answer = page(status, {
    kind: "error",
    status,
    title,
    explanation,
    remedies,
    detail: error.hint === undefined ? error.code : `${error.code}: ${error.hint}`,
    reference: request.id,
    continueTo,
  });
  return { ...answer, headers: { ...answer.headers, ...error.headers } };
}

/** Titles by what the person can do about it. */
function words(error: OAuthError, status: number): Advice {
  if (error.forPerson !== undefined) return error.forPerson;
  if (status === 503) {
    return {
      title: "Please try again in a moment",
      explanation:
        "The sign-in service cannot answer right now. Nothing was changed. Go back to your app and try once more.",
    };
  }
  if (status >= 500) {
    return {
      title: "Something went wrong on our side",
      explanation:
        "This is not your fault and nothing was shared. Go back to your app and try once more; if it fails again, give the reference below to whoever runs this server.",
    };
  }
  if (status === 429) {
    return {
      title: "Too many attempts",
      explanation: "Please wait a minute, then go back to your app and try again.",
    };
  }
  return (
    pages[error.code] ?? {
      title: "This sign-in link does not work",
      explanation:
        "Your app sent a request this server cannot accept, so nothing was shared. Update the app or start again from it; its developer can use the detail below.",
    }
  );
}

const pages: Partial<Record<OAuthError["code"], Advice>> = {
  invalid_client: {
    title: "This server does not know the app",
    explanation:
      "The app uses a registration that does not exist here (any more). Remove this server in the app, or sign out of it there, and add it again: it then registers anew.",
  },
  invalid_redirect_uri: {
    title: "The app wants the answer sent to an unknown address",
    explanation:
      "For your safety nothing was sent. If you just updated or moved the app, remove this server in it and add it again, so that it registers its new address.",
  },
  invalid_target: {
    title: "This server does not look after that MCP server",
    explanation:
      "Your app asked for access to an MCP server that is not set up here. Check the server's address in your app, or ask whoever runs it.",
  },
  login_required: {
    title: "The app wanted to connect without asking you",
    explanation:
      "It asked for no page to be shown, and you are not signed in here, so nothing was shared. To connect it, start from the app itself.",
  },
  consent_required: {
    title: "The app wanted to connect without asking you",
    explanation:
      "It asked for no page to be shown, and you have not approved it, so nothing was shared. To connect it, start from the app itself.",
  },
  access_denied: {
    title: "You were not signed in",
    explanation: "Nothing was shared. Go back to your app and start again if you want to connect it.",
  },
  invalid_grant: {
    title: "This page is no longer valid",
    explanation:
      "It was already answered, it expired, or it was opened in another browser. Go back to your app and start again: it takes a few seconds.",
  },
};
