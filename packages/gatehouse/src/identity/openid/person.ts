import type { JWTPayload } from "jose";
import type { Identity } from "../../oauth/ports.ts";
import { seconds } from "../../oauth/values.ts";
import { plainName } from "../plain-text.ts";
import { provenAddress } from "./address.ts";
import { type Claims, findClaim, named, namedOrAt } from "./claims.ts";
import { hasTooMany, readGroups } from "./groups.ts";
import { microsoftSubject, saysWhetherGuest } from "./microsoft.ts";
import type { OpenIdOptions } from "./options.ts";
import { checkOrganisation } from "./organisation.ts";
import { presets } from "./presets.ts";

/** The claim groups are looked for in; `undefined`: nowhere. */
export function groupsClaimOf({ preset, groupsClaim }: OpenIdOptions): string | undefined {
  return groupsClaim ?? (preset && presets[preset].groupsClaim);
}

/**
 * V09: what is needed and does not stand in the ID token, so that userinfo is asked: the address or its
 * proof, without which nobody signs in, or only the name or the groups.
 */
export function whatIsLacking(idToken: JWTPayload, options: OpenIdOptions): "address" | "more" | undefined {
  const claims: Claims = { idToken, userinfo: undefined };
  const lacks = (name: string) => findClaim(claims, named(name)) === undefined;
  const { emailClaim = "email", preset, ofVariables } = options;
  const proofs = preset === "microsoft" ? ["email_verified", "xms_edov"] : ["email_verified"];
  if (lacks(emailClaim) || (emailClaim === "email" && proofs.every(lacks))) return "address";
  if (!ofVariables && lacks("name")) return "more";
  const groups = groupsClaimOf(options);
  if (groups === undefined || hasTooMany(claims, groups)) return undefined;
  return findClaim(claims, namedOrAt(groups)) === undefined ? "more" : undefined;
}

/**
 * Who the claims prove somebody to be, as far as this provider may say so. Throws `SignInError`
 * `access_denied` when the token is good but its address is not proven (C14, V14) or not one of the
 * provider's (C15, V18).
 */
export function personOf(issuer: string, claims: Claims, options: OpenIdOptions): Identity {
  const { idToken } = claims;
  const { name, preset, warn, trustEmail } = options;
  // V11: who it is and whose account it is says the ID token alone.
  const subject = preset === "microsoft" ? microsoftSubject(idToken) : String(idToken.sub);
  const email = provenAddress(claims, options);
  checkOrganisation({ email, hostedDomain: idToken.hd }, options);
  const { groups, problem } = readGroups(claims, groupsClaimOf(options));
  const about = (message: string) => warn?.(`provider ${name}, subject ${subject}: ${message}`);
  if (problem !== undefined) about(problem);
  if (preset === "microsoft" && trustEmail && !saysWhetherGuest(idToken)) {
    about("trust_email is set, but the token does not tell guests from members: add the optional claim acct");
  }
  return {
    provider: name,
    issuer,
    subject,
    email,
    name: options.ofVariables ? undefined : plainName(findClaim(claims, named("name"))?.value),
    groups,
    ...(isText(idToken.sid) && { sid: idToken.sid }),
    ...(typeof idToken.auth_time === "number" && { authenticatedAt: seconds(idToken.auth_time) }),
    claims: placesOf(claims, options),
  };
}

/** Where what decided stood, for the trace: names of claims, and `email_verified`, which is no secret. */
function placesOf(claims: Claims, options: OpenIdOptions): Record<string, string> {
  const where = (look: (claims: unknown) => unknown) => {
    const found = findClaim(claims, look);
    return found === undefined ? "nowhere" : found.place === "idToken" ? "ID token" : "userinfo";
  };
  const { emailClaim = "email" } = options;
  const verified = findClaim(claims, named("email_verified"))?.value;
  const groups = groupsClaimOf(options);
  return {
    [`claim ${emailClaim}`]: where(named(emailClaim)),
    "claim email_verified": `${where(named("email_verified"))}${verified === undefined ? "" : `: ${verified}`}`,
    ...(groups !== undefined && { [`claim ${groups}`]: where(namedOrAt(groups)) }),
    userinfo: claims.userinfoFailed ?? (claims.userinfo === undefined ? "not needed" : "asked"),
  };
}

/** Anything else is no name that a logout token could repeat. */
function isText(sid: unknown): sid is string {
  return typeof sid === "string" && /^[\x20-\x7E]{1,255}$/.test(sid);
}
