import type { OAuthErrorCode } from "../../oauth/messages/errors.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";
import { mendForRedirect, mendForUnknownClient, registerAnew } from "./client-mends.ts";
import { mendForLimit } from "./outage-mends.ts";
import { mendForResource } from "./resource-mends.ts";

/* What to do about refusals, by the error or the reason that they name. */

type Mend = string | ((step: TraceStep) => string);

const byError: Partial<Record<OAuthErrorCode, Mend>> = {
  invalid_redirect_uri: mendForRedirect,
  invalid_client: mendForUnknownClient,
  invalid_target: mendForResource,
  invalid_scope:
    "The app asks for a scope that cannot be had. gatehouse resources list shows which there are.",
  unauthorized_client: `The app did not register for what it does. If it registers itself: ${registerAnew}.`,
  unsupported_response_type: "The app does not speak OAuth 2.1: its developer has to mend that.",
  unsupported_grant_type:
    "The app asks for tokens in a way that is not offered: its developer has to mend that.",
  invalid_grant:
    "The code or refresh token, or the page of a sign-in, is used, over, or somebody else's. Start again in the app; if it happens each time, compare the clocks: gatehouse doctor.",
  access_denied: "If the person should have access: gatehouse access test says rule by rule what holds.",
  login_required: "Nothing is wrong: the app asked whether somebody is signed in, and nobody is.",
  consent_required: "Nothing is wrong: the app asked without showing a page, and the person has to decide.",
  slow_down: ({ expected = "" }) => mendForLimit(expected),
  invalid_client_metadata:
    "The app's registration is not valid: its developer has to mend what the rule says.",
};

/** Where the rule says more than the error. */
const byRefusedRule: Readonly<Record<string, string>> = {
  "no cookie for this attempt":
    "One person: they allow cookies for this server, and go on in the browser in which they began. Everybody: the proxy drops or rewrites Set-Cookie, or BASE_URL is another host than people use; gatehouse doctor says which (public.cookies, public.url). Correct the proxy and reload it, or BASE_URL and restart this server.",
  expired:
    "They start again in the app. If people need longer than the limit above, raise TRANSACTION_TTL (10m are ten minutes, 10 are ten seconds) and restart this server.",
  "already answered":
    "Nothing is wrong: it was answered before, and the page was opened once more. They look into the app, and start again there if it is not connected.",
};

export function mendForRefusal(step: TraceStep): string {
  const { rule = "", facts } = step;
  if (Object.hasOwn(byRefusedRule, rule)) return byRefusedRule[rule] ?? "";
  const error = facts?.error ?? "";
  const known = Object.hasOwn(byError, error) ? byError[error as OAuthErrorCode] : undefined;
  if (typeof known === "function") return known(step);
  return (
    known ?? "The app sends a request that is not valid: its developer has to mend what the rule above says."
  );
}

/** The reason of a sign-in that the provider answered with `access_denied`. */
export const cancelledThere = "cancelled at the provider";

/** The same, where the provider said that it does not let them in. */
export const turnedAwayThere = "turned away by the provider";

/** By the reason that stands in the log as well. */
const byReason: Readonly<Record<string, string>> = {
  clock:
    "Set this machine's clock by NTP first (timedatectl says whether it is); if it is right, the provider's operator must set theirs. No restart.",
  signature:
    "The provider signs with another key than it publishes. What it publishes is fetched again by itself, within 30 seconds and without a restart: try once more then. If that fails too, its operator must publish the key it signs with, or sign with the one it publishes: gatehouse doctor looks (provider.keys).",
  "token refused":
    "What the provider says of the person does not hold: its ID token, as the log line of this reference says. Compare UPSTREAM_ISSUER and OAUTH2_CLIENT_ID with the provider's, and restart this server after a change; those in providers: of gatehouse.yaml are read again on SIGHUP.",
  domain:
    "If they should get in: add the domain to ALLOWED_DOMAINS and restart this server, or to domains: of the provider in gatehouse.yaml and have it read again (SIGHUP). Else they use another account.",
  "address not proven":
    "The provider has to confirm the address: set email_verified there, or have the person confirm it. docs/providers/ says where each provider keeps that. No restart.",
  "no address":
    "The provider gives no e-mail address: allow the scope email there, or set email_claim of the provider in gatehouse.yaml and have it read again (SIGHUP).",
  "address taken":
    "If the address is theirs now: gatehouse people release <address>, which the log line names.",
  blocked: "gatehouse people unblock <address> lets them in again.",
  [cancelledThere]:
    "Who did cancel starts again in the app. Who did not was turned away by the provider: its own words above say why. Mostly they, or a group of theirs, have to be assigned to this server's application there. No restart.",
  [turnedAwayThere]:
    "The provider's own words above say why. Mostly they, or a group of theirs, have to be assigned to this server's application there, by whoever looks after the provider. Nothing is to be set here, no restart.",
  "provider refused our credentials":
    "Check OAUTH2_CLIENT_ID and OAUTH2_CLIENT_SECRET: the secret may have expired at the provider. Put the new one there and restart this server; client_secret in providers: of gatehouse.yaml is read again on SIGHUP.",
  "the provider does not answer":
    "Look whether the provider runs and can be reached from this server: gatehouse doctor. Once it answers no restart is needed; if its address is wrong, correct UPSTREAM_ISSUER and restart this server.",
  "the provider cannot answer": "The provider says that it cannot answer now: try again later.",
  "the provider answered an error": "The provider's own words above say why; its log says more.",
  "no auth_time":
    "The provider was asked to let the person sign in anew, and does not say that it did: let it send auth_time, which OpenID Connect wants where max_age is sent.",
  "not a member":
    "They have to become a member of the organisation, or organisations of the provider in gatehouse.yaml has to name another (read again on SIGHUP).",
  "membership unknown": "The organisation has to allow the app at GitHub, so that members can be told.",
  "unticked at the provider": "They try again and allow all that the provider asks about.",
  denied: "A rule of access.sign_in denies them. gatehouse access test says which.",
  not_allowed: "No rule of access.sign_in lets them in. gatehouse access test says rule by rule what holds.",
  groups_unknown:
    "Their groups could not be had, so rules about groups count against them: gatehouse doctor looks at the provider's claims.",
};

const byRule = (rule = "") => (Object.hasOwn(byReason, rule) ? byReason[rule] : undefined);

export function mendForSignIn({ rule }: TraceStep): string {
  return (
    byRule(rule) ??
    "The provider's answer is not what it should be: gatehouse doctor looks at the provider, and the log line of this reference has the cause."
  );
}

export function mendForFailure({ rule }: TraceStep): string {
  return (
    byRule(rule) ??
    "Look for this reference in the log: the line has the cause. gatehouse doctor looks at database, disk and provider."
  );
}
