import type { AuditEvent } from "../ports.ts";
import type { Reason } from "../reason.ts";
import type { DecidingRule } from "../trace-step.ts";

/**
 * Every error this server gives, with the status of its JSON form. RFC 6749 §4.1.2.1 and §5.2, RFC 7591
 * §3.2.2, RFC 8707 §2.
 */
const statusOf = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  invalid_scope: 400,
  invalid_target: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  invalid_token: 401,
  access_denied: 403,
  login_required: 400,
  consent_required: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
  server_error: 500,
  temporarily_unavailable: 503,
  slow_down: 429,
} as const;

export type OAuthErrorCode = keyof typeof statusOf;

export const oauthErrorCodes = Object.keys(statusOf) as readonly OAuthErrorCode[];

interface Details {
  /**
   * For the developer of the client: may be shown. Printable ASCII without `"` and `\` (E15); anything else
   * is dropped.
   */
  readonly hint?: string;
  /** For the operator's log only. Never a secret. */
  readonly debug?: string;
  readonly cause?: unknown;
  /** Headers the JSON answer must carry, such as `WWW-Authenticate` or `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What a person is told, where more is known than the code says. */
  readonly reason?: Reason;
  /** Overrides the table, for the few answers whose status the RFCs leave open. */
  readonly status?: number;
  /** How the log calls it: another event than the usual one, and a word for which of several causes. */
  readonly log?: Pick<Partial<AuditEvent>, "reason" | "provider"> & { readonly event?: AuditEvent["name"] };
  /** The reference of the attempt to authorize that it is about and not of, for the log. */
  readonly attempt?: string | undefined;
  /** The name of the budget that was used up, where that is why. */
  readonly budget?: string;
  /** The rule that decided, for the trace, where more is known than the code and the hint say. */
  readonly decidedBy?: DecidingRule;
}

/** The one way a protocol step says no. Rendered in one place: `answer.ts`. */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode;
  readonly status: number;
  readonly hint: string | undefined;
  readonly debug: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly reason: Reason | undefined;
  readonly attempt: string | undefined;
  readonly budget: string | undefined;
  readonly log: Details["log"];
  readonly decidedBy: DecidingRule | undefined;

  constructor(code: OAuthErrorCode, details: Details = {}) {
    super(details.debug ?? details.hint ?? code, { cause: details.cause });
    this.code = code;
    this.status = details.status ?? statusOf[code];
    this.hint = details.hint?.replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, "");
    this.debug = details.debug;
    this.headers = details.headers ?? {};
    this.reason = details.reason;
    this.attempt = details.attempt;
    this.budget = details.budget;
    this.log = details.log;
    this.decidedBy = details.decidedBy;
  }
}

/** E16. @param wait seconds until another attempt is looked at */
export function tooManyFailures(wait: number): OAuthError {
  return new OAuthError("slow_down", {
    hint: "too many failed attempts",
    budget: "guesses",
    headers: { "Retry-After": String(wait) },
  });
}
