import { SignInError } from "../../oauth/ports.ts";
import { denialIn } from "./denial.ts";
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
  if (error !== null) throw providerError(error, answer);
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

/** C18. */
function providerError(error: string, answer: URLSearchParams): SignInError {
  const description = answer.get("error_description") ?? "";
  const answered = JSON.stringify([error, description].map((text) => text.slice(0, 200)));
  const message = `the identity provider answered the error ${answered}`;
  // What a silent question is answered with (OpenID Connect Core §3.1.2.6), whatever else it says.
  const wantsPerson = isOfSilence.has(error);
  const denial = denialIn(answer);
  if (denial === "turnedAway") {
    return new SignInError("access_denied", message, {
      hint: "the identity provider does not let this account in",
      reason: { key: "turnedAway", provider: undefined, app: undefined },
      logReason: "turned away by the provider",
      // Its own page says more to a person who has not seen it.
      wantsPerson,
    });
  }
  if (denial === "cancelled") {
    return new SignInError("access_denied", message, {
      hint: "sign-in was cancelled at the identity provider",
      reason: { key: "cancelled", provider: undefined, app: undefined },
      logReason: "cancelled at the provider",
    });
  }
  if (wantsPerson) {
    return new SignInError("server_error", message, {
      hint: "the identity provider has to see the person",
      wantsPerson,
    });
  }
  return error === "temporarily_unavailable"
    ? new SignInError("temporarily_unavailable", message, {
        hint: "the identity provider cannot answer right now",
        logReason: "the provider answered an error",
      })
    : new SignInError("server_error", message, {
        hint: "the identity provider reported an error",
        logReason: "the provider answered an error",
      });
}

const isOfSilence = new Set([
  "login_required",
  "interaction_required",
  "account_selection_required",
  "consent_required",
]);
