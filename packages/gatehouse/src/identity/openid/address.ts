import { SignInError } from "../../oauth/ports.ts";
import { isEmailAddress } from "../email-address.ts";
import { type Claims, findClaim, named } from "./claims.ts";
import { isGuest, provesDomainOwner } from "./microsoft.ts";
import type { OpenIdOptions } from "./options.ts";
import { google } from "./presets.ts";
import { show } from "./refusal.ts";

type Trust = Pick<
  OpenIdOptions,
  "preset" | "issuer" | "emailClaim" | "trustEmail" | "addressOptional" | "domains" | "otherDomains"
>;

/**
 * The account's address, if it is proven to be its owner's (V13, V14). Throws {@link SignInError}
 * `access_denied` when it is not, and `""` may not stand for it (V19): never when the provider itself says
 * that the address is not verified.
 */
export function provenAddress(claims: Claims, trust: Trust): string {
  const address = findClaim(claims, named(trust.emailClaim ?? "email"))?.value;
  if (typeof address !== "string" || !isEmailAddress(address)) {
    if (trust.addressOptional) return "";
    throw noAddress(claims, trust);
  }
  const proof = proofOf(claims, trust, address);
  if (proof.proves === true) return address;
  if (proof.proves === undefined && trust.addressOptional) return "";
  throw unproven(address, proof.why, trust);
}

interface Proof {
  /** `undefined`: nothing says so, neither yes nor no. */
  readonly proves: boolean | undefined;
  readonly why: string;
}

const proven: Proof = { proves: true, why: "" };

/** The first place that says anything decides (V14). */
function proofOf(claims: Claims, trust: Trust, address: string): Proof {
  const { idToken, userinfo } = claims;
  // V13: `email_verified` is about `email`, and nothing is about any other claim.
  if ((trust.emailClaim ?? "email") === "email") {
    const verified = findClaim(claims, named("email_verified"));
    if (verified !== undefined) {
      if (verified.value !== true) {
        const where = verified.place === "idToken" ? "" : " in userinfo";
        return { proves: false, why: `email_verified is ${show(verified.value)}${where}, must be true` };
      }
      // Userinfo vouches for the address that stands there.
      if (verified.place === "userinfo" && userinfo?.email !== undefined && userinfo.email !== address) {
        return {
          proves: false,
          why: "email_verified in userinfo is about another address than the ID token's",
        };
      }
      return authoritative(claims, trust, address);
    }
    const edov = trust.preset === "microsoft" ? named("xms_edov")(idToken) : undefined;
    if (edov !== undefined) {
      return provesDomainOwner(edov) ? proven : { proves: false, why: `xms_edov is ${show(edov)}` };
    }
  }
  if (!trust.trustEmail) return { proves: undefined, why: whatIsMissing(trust) };
  if (trust.preset === "microsoft" && isGuest(idToken)) {
    return {
      proves: undefined,
      why: "the account is a guest's, whose address trust_email does not vouch for: only the optional claim xms_edov can",
    };
  }
  return proven;
}

/**
 * V30: without a domain of its own Google is the authority for its own mail and for Workspace accounts only;
 * any other address was verified once, and may have a new owner whom another provider knows.
 */
function authoritative(
  { idToken }: Claims,
  { preset, issuer, domains, otherDomains }: Trust,
  address: string,
): Proof {
  const isGoogle = preset === "google" || issuer === google;
  if (!isGoogle || Array.isArray(domains) || otherDomains === undefined) return proven;
  if (typeof idToken.hd === "string" || /@gmail\.com$/i.test(address)) return proven;
  return {
    proves: undefined,
    why: "hd is absent and the address is not at gmail.com, so Google is no authority for it",
  };
}

function whatIsMissing({ preset, issuer, emailClaim = "email" }: Trust): string {
  if (emailClaim !== "email") {
    return `nothing can prove an address in the claim ${emailClaim} but trust_email: true`;
  }
  if (preset === "microsoft") {
    return "email_verified is absent, which Microsoft Entra never sends: let the application send the optional claim xms_edov, or set trust_email: true with the company's domains";
  }
  const absent = "email_verified is absent, must be true, neither in the ID token nor in userinfo";
  return new URL(issuer).hostname === "login.microsoftonline.com"
    ? `${absent}. Microsoft Entra never sends it: configure it under providers: in gatehouse.yaml, with preset: microsoft`
    : absent;
}

function noAddress({ idToken }: Claims, { emailClaim = "email" }: Trust): SignInError {
  const where = emailClaim === "email" ? "" : ` in the claim ${emailClaim}`;
  const scope = emailClaim === "email" ? ": is the scope email allowed?" : "";
  return new SignInError(
    "access_denied",
    `neither the ID token nor userinfo carries an e-mail address${where}${scope}`,
    {
      hint: "the identity provider gave no e-mail address for this account",
      reason: { key: "noAddress" },
      logReason: "no address",
      account: String(idToken.sub ?? ""),
    },
  );
}

function unproven(address: string, why: string, { preset }: Trust): SignInError {
  const advice =
    preset === "authentik" && why.startsWith("email_verified is false")
      ? "; authentik says so of everybody until a property mapping of the scope email says otherwise"
      : "";
  return new SignInError("access_denied", `the address is not proven: ${why}${advice}`, {
    hint: "the identity provider has not verified the e-mail address of this account",
    reason: { key: "unverifiedAddress", email: address },
    logReason: "address not proven",
    account: address,
  });
}
