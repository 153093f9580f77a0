/*
 * What is remembered for a while of an attempt to authorize, step by step, so that whoever runs the server
 * can read afterwards what came in, which rule decided, and what it expected. Never a secret.
 */

/** Every step there is; `insight/trace/meanings.ts` says what each means. */
export const traceStepNames = [
  "authorization_received",
  "client_registered",
  "client_document_read",
  "request_refused",
  "session_used",
  "provider_choice_shown",
  "provider_chosen",
  "provider_asked",
  "provider_unreachable",
  "browser_returned",
  "other_browser",
  "identity_proven",
  "sign_in_failed",
  "access_refused",
  "consent_shown",
  "consent_not_needed",
  "consent_denied",
  "code_sent",
  "error_sent",
  "tokens_issued",
  "code_refused",
  "refresh_refused",
] as const;

export type TraceStepName = (typeof traceStepNames)[number];

/** One step. Everything but the names is cut and made harmless before it is stored. */
export interface TraceStep {
  /** Of the attempt, or of a request that is none's. */
  readonly reference: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The process that took it. */
  readonly instance: string;
  readonly step: TraceStepName;
  readonly outcome: "ok" | "refused" | "failed";
  readonly client?: string | undefined;
  /** Whose attempt it is, from where somebody has signed in. */
  readonly subject?: string | undefined;
  readonly resource?: string | undefined;
  /** The rule that decided, in the field's words: `redirect_uri (RFC 6749 §3.1.2.3)`. */
  readonly rule?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly facts?: Readonly<Record<string, string | undefined>> | undefined;
}
