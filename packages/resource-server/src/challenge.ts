import type { Answer } from "./answer.ts";

/** What a challenge names. */
export interface ChallengeContext {
  /** Where this server's metadata are (RFC 9728 §5.1). */
  readonly metadataUrl: string;
  /** What a client should ask for; none: it is not told. */
  readonly scopes: readonly string[];
}

/**
 * 401 for a request without a token: it learns where to get one, and is accused of nothing (U02, RFC 6750
 * §3.1).
 */
export function tokenNeeded({ metadataUrl, scopes }: ChallengeContext): Answer {
  const challenge = { resource_metadata: metadataUrl, scope: scopes.join(" ") };
  return refusal(401, challenge, {
    message: "An access token is needed. WWW-Authenticate says where to get one.",
  });
}

/** 401 for a token that is not good here (U03, U04). */
export function invalidToken({ metadataUrl, scopes }: ChallengeContext, description: string): Answer {
  const error = { error: "invalid_token", error_description: description };
  return refusal(401, { ...error, resource_metadata: metadataUrl, scope: scopes.join(" ") }, error);
}

/** 403 for a good token that may do too little: `scopes` are all that the operation needs (U05, step-up). */
export function insufficientScope({ metadataUrl, scopes }: ChallengeContext): Answer {
  const error = {
    error: "insufficient_scope",
    error_description: "This needs an access token with more scope.",
  };
  return refusal(403, { ...error, scope: scopes.join(" "), resource_metadata: metadataUrl }, error);
}

/** 400 for a request that carries two tokens (U07, RFC 6750 §3.1). */
export function twoTokens({ metadataUrl }: ChallengeContext): Answer {
  const error = {
    error: "invalid_request",
    error_description:
      "The request carries more than one access token; send one, in the Authorization header.",
  };
  return refusal(400, { ...error, resource_metadata: metadataUrl }, error);
}

/** 413 for a form too large to be looked through. */
export function formTooLarge(): Answer {
  return json(413, { message: "The form is too large." });
}

/** 503 when the authorization server could not be asked: closed, and worth another try (U09). */
export function cannotCheck(): Answer {
  const body = {
    error: "temporarily_unavailable",
    error_description: "The access token could not be checked right now.",
  };
  return json(503, body, { "Retry-After": "5" });
}

/**
 * 503 when the authorization server does not take this server's credential: trying again helps nobody.
 * @param reference under which both logs tell of it
 */
export function setUpWrongly(reference: string | undefined): Answer {
  const named = reference === undefined ? "" : ` (reference ${reference})`;
  const body = {
    error: "server_error",
    error_description: `The MCP server is set up wrongly; its operator must act${named}.`,
  };
  return json(503, body);
}

/** 503 when the issuer's metadata could not be fetched to be repeated here. */
export function noCopy(): Answer {
  const body = {
    error: "temporarily_unavailable",
    error_description: "The authorization server's metadata could not be fetched right now.",
  };
  return json(503, body, { "Retry-After": "5" });
}

/** 404 for a place where clients look for what this server does not have. */
export function noSuchDocument(): Answer {
  return json(404, { message: "There is no such document here." });
}

function refusal(
  status: number,
  parameters: Readonly<Record<string, string>>,
  body: Readonly<Record<string, string>>,
): Answer {
  const present = Object.entries(parameters).filter(([, value]) => value !== "");
  const list = present.map(([name, value]) => `${name}=${quote(value)}`).join(", ");
  return json(status, body, { "WWW-Authenticate": `Bearer ${list}` });
}

function json(
  status: number,
  body: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
    body: JSON.stringify(body),
  };
}

/** A quoted-string (RFC 9110 §5.6.4). What could end the header or is not ASCII is left out (U-n4). */
function quote(value: string): string {
  return `"${value.replace(/[^\x20-\x7E]/g, "").replace(/["\\]/g, "\\$&")}"`;
}
