import { isLoopbackUrl } from "../../oauth/host.ts";
import { SignInError } from "../../oauth/ports.ts";

/** What an operator should look at when the provider cannot be used, by node's code for why. */
const byCode: Readonly<Record<string, string>> = {
  ENOTFOUND: "check the spelling of UPSTREAM_ISSUER, and this machine's name server",
  EAI_AGAIN: "this machine's name server does not answer",
  ECONNREFUSED: "nothing listens there: check the port in UPSTREAM_ISSUER, and whether the provider runs",
  CERT_HAS_EXPIRED: "its certificate has expired, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name than the one in UPSTREAM_ISSUER",
};
const unknownAuthority = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

/**
 * Why the provider's own description of itself cannot be used, and what to check, in one sentence for the
 * operator's log.
 * @param error what `discover` threw
 */
export function describeDiscoveryFailure(issuer: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `nobody can sign in: ${message}. What to check: ${adviceFor(issuer, error)}`;
}

function adviceFor(issuer: string, error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = "code" in inner ? String(inner.code) : "";
    if (unknownAuthority.includes(code)) {
      return "its certificate is of no authority that this machine trusts; if it is your company's, name the authority's file: NODE_EXTRA_CA_CERTS=/path/ca.pem";
    }
    const advice = byCode[code];
    if (advice !== undefined) return advice;
  }
  const named = error instanceof SignInError ? error.issuerFound : undefined;
  if (named !== undefined) {
    return isSameButSlash(issuer, named)
      ? `a slash at the end counts: set UPSTREAM_ISSUER=${named}`
      : `if that is the provider you mean, set UPSTREAM_ISSUER=${named}, to the letter`;
  }
  if (error instanceof SignInError && error.code === "temporarily_unavailable") {
    const more = isLoopbackUrl(new URL(issuer)) ? "" : ", and whether a firewall lets this machine reach it";
    return `whether the provider runs${more}`;
  }
  return `whether ${issuer} is the issuer of an OpenID provider: its document is at ${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

const isSameButSlash = (one: string, other: string) => one.replace(/\/$/, "") === other.replace(/\/$/, "");
