import { policyOf } from "../clients/policy.ts";
import { OAuthError } from "../messages/errors.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { Reason } from "../reason.ts";
import type { Services } from "../services.ts";
import type { AttemptState } from "../store/transactions.ts";
import { hashSecret } from "../tokens/secret.ts";
import { hasAttempts, resumeAttempt } from "./attempt.ts";

/**
 * Why an answer belongs to no attempt of this browser that could go on: it took too long, it was answered
 * already, it was begun in another browser, or this one does not bring the cookie back. Each is another
 * thing to do, so each has its own words, for the person and in the log.
 * @param handle of the attempt that the answer names
 * @param stage at which it should be
 * @param debug what it was that failed, for the log, where nothing more is known
 */
export async function lostAttempt(
  services: Pick<Services, "store" | "clock" | "settings">,
  request: OAuthRequest,
  handle: string | undefined,
  stage: AttemptState["stage"],
  debug: string,
): Promise<OAuthError> {
  const { clock, settings, store } = services;
  const state = handle === undefined ? undefined : await store.findAttempt(hashSecret(handle));
  const attempt = state?.reference;
  const hint = "sign-in was not started in this browser, or is over";
  if (state === undefined) return new OAuthError("invalid_grant", { hint, debug });
  if (state.stage === stage && state.expiresAt <= clock.now()) return await expired(services, state);
  if (resumeAttempt(request, handle) !== undefined) {
    return state.stage === stage
      ? new OAuthError("invalid_grant", { hint, debug, attempt })
      : refused(hint, { key: "alreadyAnswered" }, "already answered", debug, attempt);
  }
  const reason = "no cookie for this attempt";
  if (hasAttempts(request)) {
    const debugged = "the browser brought the cookie of another attempt: it was begun elsewhere";
    return refused(hint, { key: "otherBrowser" }, reason, debugged, attempt);
  }
  const { hostname } = new URL(settings.issuer);
  const debugged = "the browser brought no cookie of any attempt: it blocks or loses them, or never had them";
  return refused(hint, { key: "noCookie", host: hostname }, reason, debugged, attempt);
}

async function expired(
  { clock, settings, store }: Pick<Services, "store" | "clock" | "settings">,
  { clientId, expiresAt, reference }: AttemptState,
): Promise<OAuthError> {
  // One that publishes itself is none of the original's.
  const client = await store.findClient(clientId);
  const limit = settings.lifetimes[client === undefined ? "transaction" : policyOf(client).signInLifetime];
  const age = Math.max(limit, clock.now() - expiresAt + limit);
  return new OAuthError("invalid_grant", {
    hint: "the sign-in took too long: start it again in the app",
    debug: `begun ${age} s ago, good for ${limit} s (TRANSACTION_TTL)`,
    reason: { key: "attemptExpired", seconds: age, limit },
    attempt: reference,
    log: { event: "attempt_expired", reason: "expired" },
    decidedBy: {
      rule: "expired",
      expected: `an answer within ${limit} s (TRANSACTION_TTL)`,
      received: `one after ${age} s`,
    },
  });
}

function refused(
  hint: string,
  reason: Reason,
  logged: string,
  debug: string,
  attempt: string | undefined,
): OAuthError {
  const decidedBy = { rule: logged, expected: "an attempt of this browser that goes on", received: debug };
  return new OAuthError("invalid_grant", {
    hint,
    debug,
    reason,
    attempt,
    log: { reason: logged },
    decidedBy,
  });
}
