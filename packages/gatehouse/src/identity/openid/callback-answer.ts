import { SignInError } from "../../oauth/ports.ts";
import type { IssuerRule } from "./issuer.ts";
import type { ProviderMetadata } from "./provider-metadata.ts";

/**
 * The code out of the provider's answer. Throws {@link SignInError}: the answer is another attempt's, another
 * provider's, or an error (RFC 6749 §4.1.2.1). What the provider says in words is for the log only (C-n7).
 */
export function readAnswer(
  answer: URLSearchParams,
  expectedState: string,
  provider: Pick<ProviderMetadata, "issuer" | "namesItself">,
  issuers: Pick<IssuerRule, "acceptsAnswer">,
): string {
  if (answer.get("state") !== expectedState) {
    throw new SignInError("server_error", "the identity provider's answer carries another attempt's state", {
      misdirected: true,
    });
  }
  checkIssuer(answer, provider, issuers);
  const error = answer.get("error");
  if (error !== null) throw providerError(error, answer.get("error_description"));
  const code = answer.get("code");
  if (!code) throw new SignInError("server_error", "the identity provider answered neither code nor error");
  return code;
}

/** C17, RFC 9207 §2.4: before anything else is believed, and before the code goes anywhere. */
function checkIssuer(
  answer: URLSearchParams,
  { issuer, namesItself }: Pick<ProviderMetadata, "issuer" | "namesItself">,
  issuers: Pick<IssuerRule, "acceptsAnswer">,
) {
  const named = answer.get("iss");
  if (named === null ? !namesItself : issuers.acceptsAnswer(named, issuer)) return;
  const found =
    named === null ? "nobody, though its metadata promises to" : JSON.stringify(named.slice(0, 200));
  throw new SignInError("server_error", `the answer should name ${issuer} as its issuer but names ${found}`, {
    // Some forget to name themselves when all they have is an error.
    misdirected: named !== null || answer.has("code"),
  });
}

/**
 * Words of a provider that does not let the account in; whoever cancelled is said to have declined, denied or
 * aborted, or nothing at all is said. AADSTS50105 is what Entra says of people who are not assigned.
 */
const turnsAway =
  /\bnot (?:been )?(?:assigned|allowed|permitted|authori[sz]ed|entitled|a member)\b|\bAADSTS50105\b|\bno access\b|\b(?:account|user) (?:is )?(?:blocked|disabled|suspended|deactivated)\b/i;

/** C18. */
function providerError(error: string, description: string | null): SignInError {
  const answered = JSON.stringify([error, description ?? ""].map((text) => text.slice(0, 200)));
  const message = `the identity provider answered the error ${answered}`;
  switch (error) {
    case "access_denied":
      // Its own words are shown to nobody (C-n7): they only tell the two apart.
      if (description !== null && turnsAway.test(description.slice(0, 500)))
        return new SignInError("access_denied", message, {
          hint: "the identity provider does not let this account in",
          reason: { key: "turnedAway", provider: undefined, app: undefined },
          logReason: "turned away by the provider",
        });
      return new SignInError("access_denied", message, {
        hint: "sign-in was cancelled at the identity provider",
        reason: { key: "cancelled", provider: undefined, app: undefined },
        logReason: "cancelled at the provider",
      });
    case "temporarily_unavailable":
      return new SignInError("temporarily_unavailable", message, {
        hint: "the identity provider cannot answer right now",
        logReason: "the provider answered an error",
      });
    // What a silent question is answered with (OpenID Connect Core §3.1.2.6).
    case "login_required":
    case "interaction_required":
    case "account_selection_required":
    case "consent_required":
      return new SignInError("server_error", message, {
        hint: "the identity provider has to see the person",
        wantsPerson: true,
      });
    default:
      return new SignInError("server_error", message, {
        hint: "the identity provider reported an error",
        logReason: "the provider answered an error",
      });
  }
}
