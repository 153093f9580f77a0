import { factsOf } from "../clients/request-facts.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { OAuthResponse, SetCookie } from "../messages/response.ts";
import { type Access, type AccessRefusal, SignInError } from "../ports.ts";
import type { Reason } from "../reason.ts";
import type { Account, AuthorizationRequest, Client } from "../records.ts";
import type { Services } from "../services.ts";
import { traceStep } from "../tracing.ts";
import { type Attempt, releaseAttempt } from "./attempt.ts";
import { refusePerson } from "./refused-person.ts";

/*
 * What the operator's rules make of a person on the way to a code (V43). Every step asks the rules in force
 * then; one request asks one version of them.
 */

export type Permitted =
  | { readonly allowed: true; readonly authorization: AuthorizationRequest }
  | { readonly allowed: false; readonly reason: AccessRefusal };

/** The request with what of its scope this person can have (V42); without rules, all of it. */
export function permitted(
  access: Access | undefined,
  account: Account,
  authorization: AuthorizationRequest,
): Permitted {
  if (access === undefined) return { allowed: true, authorization };
  const decision = access.use(account, authorization.resource, authorization.scope);
  if (!decision.allowed) return decision;
  const { scope } = decision;
  return {
    allowed: true,
    authorization: scope === authorization.scope ? authorization : { ...authorization, scope },
  };
}

/** @throws SignInError for whom the rules do not let sign in; nothing of them has been stored */
export function requireSignIn(access: Access | undefined, account: Account): void {
  const decision = access?.signIn(account);
  if (decision === undefined || decision.allowed) return;
  const { email, upstreamSubject, provider, subject, name } = account;
  const message = `the rules of access.sign_in do not let ${subject} in through ${provider}: ${decision.reason}`;
  throw new SignInError("access_denied", message, {
    hint: "this account may not sign in here",
    reason: decision.reason === "groups_unknown" ? { key: "groupsUnknown" } : { key: "accountNotAllowed" },
    logReason: decision.reason,
    account: email || upstreamSubject,
    accountName: name,
  });
}

/**
 * Tells the person why they may not go on, and what they can do (V62).
 * @param refused.attempt ends with it; left out: none does
 */
export async function refuseAccess(
  services: Services,
  request: OAuthRequest,
  refused: {
    readonly access: Access | undefined;
    readonly reason: AccessRefusal;
    readonly attempt?: Attempt;
    readonly client: Client;
    readonly authorization: AuthorizationRequest;
    readonly account: Account;
    readonly cookies: readonly SetCookie[];
  },
): Promise<OAuthResponse> {
  const { access, reason, attempt, client, authorization, account } = refused;
  const { clock, events, providers, store } = services;
  if (attempt !== undefined) await store.completeTransaction(attempt.handleHash, clock.now(), {});
  traceStep(
    services,
    request,
    "access_refused",
    {
      client: client.id,
      subject: account.subject,
      resource: authorization.resource,
      ...(access?.decidingRule?.(account, authorization.resource) ?? { rule: `access: ${reason}` }),
      facts: { reason, provider: account.provider, "scope asked": authorization.scope },
    },
    "refused",
  );
  events.emit({
    name: "access_refused",
    ...factsOf(request, authorization),
    subject: account.subject,
    provider: account.provider,
    reason,
  });
  return refusePerson(services, request, {
    client,
    authorization,
    person: {
      account: { email: account.email, name: account.name },
      provider: providers.find(account.provider)?.title,
    },
    reason: reasons[reason],
    hint: "the person has no access to this",
    access,
    cookies: [...refused.cookies, ...(attempt === undefined ? [] : [releaseAttempt(attempt)])],
  });
}

const reasons: Readonly<Record<AccessRefusal, Reason>> = {
  denied: { key: "resourceNotAllowed" },
  not_allowed: { key: "resourceNotAllowed" },
  groups_unknown: { key: "groupsUnknown" },
  no_scope: { key: "scopeNotAllowed" },
};
