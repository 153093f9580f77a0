/*
 * What is remembered for a while of an attempt to authorize, step by step, so that whoever runs the server
 * can read afterwards what came in, which rule decided, and what it expected. Never a secret.
 */

import type { AuditEventName } from "./audit-events.ts";

/** Every step there is; `insight/trace/meanings.ts` says what each means. */
export const traceStepNames = [
  "client_registered",
  "client_document_read",
  "authorization_received",
  "request_refused",
  "request_failed",
  "session_used",
  "provider_choice_shown",
  "provider_chosen",
  "provider_asked",
  "browser_returned",
  "other_browser",
  "attempt_over",
  "identity_proven",
  "sign_in_failed",
  "access_refused",
  "consent_shown",
  "consent_not_needed",
  "consent_approved",
  "consent_denied",
  "account_switched",
  "code_sent",
  "tokens_issued",
  "refresh_refused",
  "access_lost",
  "introspection_refused",
  "grant_ended",
] as const;

export type TraceStepName = (typeof traceStepNames)[number];

/**
 * Steps that the audit trail tells by these events: nobody writes them down a second time, since a step costs
 * more than all else that a request for tokens writes (Z08).
 */
export const auditedSteps = {
  code_redeemed: "tokens_issued",
  client_registered: "client_registered",
} as const satisfies Partial<Record<AuditEventName, TraceStepName>>;

/** Those that are written down as they happen. */
export type WrittenStepName = Exclude<TraceStepName, (typeof auditedSteps)[keyof typeof auditedSteps]>;

/** `refused`: a rule, or a person, said no. `failed`: it was to be and did not work. */
export type TraceOutcome = "ok" | "refused" | "failed";

/**
 * What an attempt came to: its latest step's outcome, unless more is known. `open`: something has to follow,
 * and still may. `stopped`: it did not. `unknown`: what would tell is gone. `doubtful`: the app has its
 * tokens, and asked for others at once.
 */
export type AttemptState = TraceOutcome | "open" | "stopped" | "unknown" | "doubtful";

/** The rule that decided, in the field's words, what it expects, and what it found. Never a secret. */
export interface DecidingRule {
  /** `redirect_uri (RFC 6749 §3.1.2.3)` */
  readonly rule: string;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  /** What else of it helps to mend it, by its name in words. */
  readonly facts?: Readonly<Record<string, string | undefined>> | undefined;
}

/** One step. Everything but the names is cut and made harmless before it is stored. */
export interface TraceStep {
  /** Of the attempt, or of a request that is none's. */
  readonly reference: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The process that took it. */
  readonly instance: string;
  readonly step: TraceStepName;
  readonly outcome: TraceOutcome;
  readonly client?: string | undefined;
  /** Whose attempt it is, from where somebody has signed in. */
  readonly subject?: string | undefined;
  readonly resource?: string | undefined;
  readonly rule?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  /** What else there is to say, by its name in words. */
  readonly facts?: Readonly<Record<string, string | undefined>> | undefined;
}
