/*
 * Why a provider sends somebody back without a code: they cancelled there, or it does not let them in. RFC
 * 6749 has one error code for both, so a provider's own codes and numbers decide, and its words at last.
 */

/** `cancelled`: the person said no, or nobody can tell. `turnedAway`: the provider does not let them in. */
export type Denial = "cancelled" | "turnedAway";

/** Codes of providers' own that mean one of the two by themselves. */
const byCode: Readonly<Record<string, Denial>> = {
  // LinkedIn, and Apple the second.
  user_cancelled_login: "cancelled",
  user_cancelled_authorize: "cancelled",
  // Auth0, of people who are blocked there or whom a rule keeps out.
  unauthorized: "turnedAway",
  // Google, of accounts of an organisation that does not allow it, or of others than the app's organisation.
  admin_policy_enforced: "turnedAway",
  org_internal: "turnedAway",
};

/**
 * Microsoft's numbers, which stand in the description in any language. It may change them: then words decide,
 * as with any other provider. learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const byNumber: Readonly<Record<string, Denial>> = {
  AADSTS65004: "cancelled", // declined to consent
  AADB2C90091: "cancelled",
  AADSTS50105: "turnedAway", // not assigned to the application
  AADSTS16000: "turnedAway", // not in the tenant, and so the next five
  AADSTS16003: "turnedAway",
  AADSTS50014: "turnedAway",
  AADSTS50020: "turnedAway",
  AADSTS50034: "turnedAway",
  AADSTS51004: "turnedAway",
  AADSTS50057: "turnedAway", // disabled
  AADSTS53000: "turnedAway", // conditional access: device, app, policy, risk
  AADSTS53001: "turnedAway",
  AADSTS53002: "turnedAway",
  AADSTS53003: "turnedAway",
  AADSTS53011: "turnedAway",
  AADSTS530034: "turnedAway",
  AADSTS530035: "turnedAway",
  AADSTS500021: "turnedAway", // restrictions between tenants
  AADSTS500022: "turnedAway",
  AADSTS500212: "turnedAway",
  AADSTS500213: "turnedAway",
};

/** The last resort: whoever cancelled is said to have declined, denied or aborted, or nothing is said. */
const words = [
  // Okta's access policies; Authelia's authorization policies.
  /^Policy evaluation failed for this request\b/i,
  /\buser was denied access to this client\b/i,
  /\bnot (?:been )?(?:assigned|allowed|permitted|authori[sz]ed|entitled|a member)\b/i,
  /\bno access\b/i,
  /\b(?:account|user) (?:is )?(?:blocked|disabled|suspended|deactivated)\b/i,
];

/**
 * Which of the two an error response (RFC 6749 §4.1.2.1) means; `undefined`: neither, it is another error. A
 * provider's own words are shown to nobody (C-n7): they only tell the two apart.
 */
export function denialIn(answer: URLSearchParams): Denial | undefined {
  const error = answer.get("error") ?? "";
  const description = (answer.get("error_description") ?? "").slice(0, 500);
  if (Object.hasOwn(byCode, error)) return byCode[error];
  const number = /\bAAD(?:STS|B2C)\d{4,7}\b/.exec(description)?.[0] ?? "";
  if (Object.hasOwn(byNumber, number)) return byNumber[number];
  if (error !== "access_denied") return undefined;
  // Microsoft, of whoever goes back or cancels.
  if (answer.get("error_subcode") === "cancel") return "cancelled";
  return words.some((each) => each.test(description)) ? "turnedAway" : "cancelled";
}
