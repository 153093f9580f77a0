import { type Claims, findClaim, named, namedOrAt } from "./claims.ts";
import { hasTooMany, readGroups } from "./groups.ts";
import type { OpenIdOptions } from "./options.ts";
import { groupsClaimOf } from "./person.ts";
import { google } from "./presets.ts";
import { show } from "./refusal.ts";

/** A claim of a test sign-in, and what became of it (V49). */
export interface ClaimFate {
  readonly place: "idToken" | "userinfo";
  readonly claim: string;
  /** As JSON, at most 200 characters; left out where it is of one sign-in and of no use to anybody. */
  readonly value: string;
  readonly fate: string;
}

const unused = "not used";
/** Of this one sign-in: they are neither a token nor of any use afterwards. */
const momentary = ["nonce", "at_hash", "c_hash", "s_hash", "jti", "sid", "session_state", "uti", "rh", "aio"];

/** What becomes of all that a provider says, in the order in which it says it. */
export function fatesOf(claims: Claims, options: OpenIdOptions): ClaimFate[] {
  const uses = usesOf(claims, options);
  const rows = (place: "idToken" | "userinfo") =>
    Object.entries(claims[place] ?? {}).map(([claim, value]) => ({
      place,
      claim,
      value: momentary.includes(claim) ? "…" : show(value),
      fate: fateOf(place, claim, claims, uses),
    }));
  return [...rows("idToken"), ...rows("userinfo")];
}

type Uses = ReadonlyMap<string, string>;

function fateOf(place: "idToken" | "userinfo", claim: string, { idToken }: Claims, uses: Uses): string {
  const use = uses.get(claim);
  if (place === "idToken") return use ?? unused;
  if (claim === "sub") return "compared: it is the ID token's";
  if (use === undefined || onlyFromToken.includes(claim)) return unused;
  return named(claim)(idToken) === undefined ? use : "not used, the ID token has it";
}

/** V11. */
const onlyFromToken = [
  ...["iss", "aud", "azp", "exp", "iat", "nbf", "nonce"],
  ...["sid", "tid", "oid", "hd", "xms_edov", "acct", "idp"],
];

function usesOf(claims: Claims, options: OpenIdOptions): Uses {
  const { preset, issuer, emailClaim = "email", trustEmail, ofVariables } = options;
  const isMicrosoft = preset === "microsoft";
  const uses = new Map<string, string>([
    ["iss", "checked: the provider's"],
    ["aud", "checked: for us"],
    ["azp", "checked: issued to us"],
    ["exp", "checked"],
    ["iat", "checked"],
    ["nbf", "checked"],
    ["nonce", "checked: of this attempt"],
    ["sid", "kept, for a logout there"],
    ["sub", isMicrosoft ? "not used, another application gets another one" : "the person, with iss"],
    [emailClaim, "the address"],
  ]);
  if (emailClaim === "email") uses.set("email_verified", "proof of the address");
  if (isMicrosoft) {
    uses.set("tid", "checked: the tenant");
    uses.set("oid", "the person, with iss");
    if (emailClaim === "email" && findClaim(claims, named("email_verified")) === undefined)
      uses.set("xms_edov", "proof of the address");
    if (trustEmail) {
      for (const claim of ["acct", "idp", "upn", "preferred_username"]) {
        if (!uses.has(claim)) uses.set(claim, "tells guests from members");
      }
    }
  }
  if (preset === "google" || issuer === google) uses.set("hd", "checked: the Workspace");
  if (!ofVariables) uses.set("name", "the name shown");
  const groups = groupsClaimOf(options);
  if (groups !== undefined) {
    const { groups: read, problem } = readGroups(claims, groups);
    const isLiteral = findClaim(claims, named(groups)) !== undefined;
    const holder = isLiteral ? groups : (groups.split(".")[0] ?? groups);
    if (findClaim(claims, namedOrAt(groups)) !== undefined)
      uses.set(holder, read === undefined ? `groups unknown: ${problem}` : `groups: ${read.length}`);
    if (hasTooMany(claims, groups)) {
      for (const claim of ["_claim_names", "hasgroups"]) uses.set(claim, `groups unknown: ${problem}`);
    }
  }
  return uses;
}
