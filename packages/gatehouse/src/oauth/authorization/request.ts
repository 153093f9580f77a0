import { identifiedBy } from "../clients/client.ts";
import { knownDocument } from "../clients/known-clients.ts";
import { lookUpClient } from "../clients/lookup.ts";
import { policyOf } from "../clients/policy.ts";
import { shownUri, withoutValues } from "../clients/request-facts.ts";
import { unknownClient } from "../clients/unknown-client.ts";
import { OAuthError } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { isCodeChallenge } from "../pkce.ts";
import type { AuthorizationRequest, Client } from "../records.ts";
import { admitsRedirectUri, checkRedirectUri } from "../redirects/redirect-uri.ts";
import { chooseResource } from "../resource.ts";
import { grantableScope } from "../scope.ts";
import type { Services } from "../services.ts";

/** A valid authorization request, with what only the endpoint itself needs to know. */
export interface ValidRequest {
  readonly authorization: AuthorizationRequest;
  readonly prompt: ReadonlySet<string>;
  /** Seconds since the last sign-in that the client tolerates (B22). */
  readonly maxAge: number | undefined;
}

/**
 * The client and the redirect URI: until both are right nothing may be redirected (B03, B04, B07, B09).
 * Throws errors that are for a page.
 */
export async function identifyClient(
  services: Services,
  request: Pick<OAuthRequest, "id" | "address" | "query">,
): Promise<{ client: Client; redirectUri: string }> {
  const { query } = request;
  const doubled = query.repeated().find((name) => name === "client_id" || name === "redirect_uri");
  if (doubled !== undefined) throw new OAuthError("invalid_request", { hint: `${doubled} is repeated` });
  const clientId = query.get("client_id");
  if (clientId === undefined) throw new OAuthError("invalid_request", { hint: "client_id is missing" });
  const client = await lookUpClient(services, clientId, request);
  if (client === undefined) throw await unknownClient(services.store, clientId, query);
  return { client, redirectUri: chooseRedirectUri(client, query.get("redirect_uri")) };
}

function chooseRedirectUri(client: Client, requested: string | undefined): string {
  const policy = policyOf(client);
  const [only, ...others] = client.redirectUris;
  if (requested === undefined) {
    if (
      policy.redirectUri === "required" ||
      only === undefined ||
      others.length > 0 ||
      checkRedirectUri(only) !== undefined
    ) {
      throw new OAuthError("invalid_request", { hint: "redirect_uri is missing" });
    }
    return only;
  }
  if (!admitsRedirectUri(client.redirectUris, requested, policy.redirectMatching)) {
    const { redirectUris, id } = client;
    const hint = "redirect_uri is not registered for this client";
    const registered = redirectUris.slice(0, 5).map(shownUri).join(" ");
    const more = redirectUris.length > 5 ? ` and ${redirectUris.length - 5} more` : "";
    throw new OAuthError("invalid_redirect_uri", {
      hint,
      debug: `${hint}; registered: ${registered}${more}`,
      reason: client.dynamicallyRegistered
        ? { key: "unknownRedirect", app: knownDocument(id)?.name, uri: shownUri(requested) }
        : { key: "provisionedRedirect", uri: shownUri(requested) },
      log: { reason: "redirect_uri" },
      decidedBy: {
        rule: "redirect_uri (RFC 6749 §3.1.2.3)",
        expected: client.redirectUris.join(" or ") || "none: the client registered none",
        received: withoutValues(requested),
        facts: { "known by": identifiedBy(client) },
      },
    });
  }
  return requested;
}

/**
 * Everything else, in the order of OAuth 2.1 §4.1.1. Throws errors that the client is told by redirect
 * (ERRREDIR).
 */
export async function validateRequest(
  services: Services,
  client: Client,
  redirectUri: string,
  { id: reference, query }: Pick<OAuthRequest, "id" | "query">,
): Promise<ValidRequest> {
  query.refuseRepeated(); // B09
  const policy = policyOf(client);
  if (policy.state === "required" && query.get("state") === undefined) {
    throw new OAuthError("invalid_request", { hint: "state is missing" }); // B26
  }
  refuseUnsupported(query);
  checkResponseType(client, query.get("response_type"));
  const codeChallenge = readCodeChallenge(client, query);
  const prompt = readPrompt(query.get("prompt"));
  const maxAge = readMaxAge(query.get("max_age"));
  const resource = await chooseResource(services.store, services.settings, query.all("resource"));
  if (resource === undefined && policy.resource === "required") {
    throw new OAuthError("invalid_target", { hint: "resource is missing and this server has no default" }); // L05
  }
  const refreshable = client.grantTypes.includes("refresh_token");
  return {
    prompt,
    maxAge,
    authorization: {
      clientId: client.id,
      redirectUri,
      state: query.get("state"),
      codeChallenge,
      scope: grantableScope(query.get("scope"), resource, refreshable),
      resource: resource?.identifier,
      reference,
    },
  };
}

const unsupported = [
  ["request", "request_not_supported"],
  ["request_uri", "request_uri_not_supported"],
  ["registration", "registration_not_supported"],
] as const;

/** B23: none of these may be silently ignored. */
function refuseUnsupported(query: Parameters): void {
  for (const [name, code] of unsupported) {
    if (query.get(name) !== undefined) throw new OAuthError(code, { hint: `${name} is not supported` });
  }
  const mode = query.get("response_mode");
  if (mode !== undefined && mode !== "query") {
    throw new OAuthError("invalid_request", { hint: "only response_mode=query is supported" });
  }
}

function checkResponseType(client: Client, responseType: string | undefined): void {
  // B10. The old web client sends none (B26).
  if (responseType === undefined && policyOf(client).responseType === "required") {
    throw new OAuthError("invalid_request", { hint: "response_type is missing" });
  }
  if (responseType !== undefined && responseType !== "code")
    throw new OAuthError("unsupported_response_type", {
      hint: "only response_type=code is supported",
      decidedBy: { rule: "response_type (OAuth 2.1 §4.1.1)", expected: "code", received: responseType },
    });
  if (!client.grantTypes.includes("authorization_code")) {
    const hint = "the client is not registered for the authorization code grant";
    const decidedBy = {
      rule: "grant_types (RFC 7591 §2)",
      expected: "authorization_code",
      received: client.grantTypes.join(" ") || "none",
    };
    throw new OAuthError("unauthorized_client", { hint, decidedBy }); // B11
  }
}

/**
 * PKCE is required of everybody but LEGACY clients, and whoever sends a challenge is held to it (B12-B14,
 * B27).
 */
function readCodeChallenge(client: Client, query: Parameters): string | undefined {
  const required = policyOf(client).pkce === "required";
  const challenge = query.get("code_challenge");
  const method = query.get("code_challenge_method");
  if (challenge === undefined) {
    if (method !== undefined) throw new OAuthError("invalid_request", { hint: "code_challenge is missing" });
    if (!required) return undefined;
    const decidedBy = { rule: "code_challenge (OAuth 2.1 §4.1.1)", expected: "PKCE", received: "nothing" };
    throw new OAuthError("invalid_request", {
      hint: "code_challenge is missing: PKCE is required",
      decidedBy,
    });
  }
  if (method !== "S256" && !(method === undefined && !required)) {
    throw new OAuthError("invalid_request", {
      hint: "code_challenge_method must be S256",
      decidedBy: {
        rule: "code_challenge_method (OAuth 2.1 §4.1.1)",
        expected: "S256",
        received: method ?? "nothing, which means plain",
      },
    });
  }
  if (!isCodeChallenge(challenge)) {
    throw new OAuthError("invalid_request", {
      hint: "code_challenge must be 43 base64url characters",
      decidedBy: {
        rule: "code_challenge (RFC 7636 §4.2)",
        expected: "43 base64url characters",
        received: `${challenge.length} characters`,
      },
    });
  }
  return challenge;
}

function readPrompt(prompt: string | undefined): ReadonlySet<string> {
  const values = new Set(prompt?.split(" ").filter((value) => value !== ""));
  if (values.has("none") && values.size > 1) {
    const decidedBy = { rule: "prompt", expected: "none alone", received: prompt };
    throw new OAuthError("invalid_request", { hint: "prompt=none cannot be combined", decidedBy }); // B21
  }
  return values;
}

function readMaxAge(maxAge: string | undefined): number | undefined {
  if (maxAge === undefined) return undefined;
  if (!/^\d{1,9}$/.test(maxAge))
    throw new OAuthError("invalid_request", {
      hint: "max_age must be a number of seconds",
      decidedBy: { rule: "max_age", expected: "a number of seconds", received: maxAge },
    });
  return Number(maxAge);
}
