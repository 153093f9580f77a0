import { isPlainGroup, maxGroupLength } from "../plain-text.ts";
import { type Claims, type Found, findClaim, named, namedOrAt } from "./claims.ts";
import { show } from "./refusal.ts";

/** V37: more are no list of groups but a directory. */
const maxGroups = 1000;

export interface FoundGroups {
  /** `undefined`: unknown, for the reason in `problem`. */
  readonly groups: readonly string[] | undefined;
  /** What the operator should know. */
  readonly problem: string | undefined;
}

/** @param claim where they stand; `undefined`: this provider gives none */
export function readGroups(claims: Claims, claim: string | undefined): FoundGroups {
  if (claim === undefined) return { groups: [], problem: undefined };
  if (hasTooMany(claims, claim)) return unknown(tooMany);
  const found = findClaim(claims, namedOrAt(claim));
  if (found !== undefined) return fromClaim(claim, found);
  return claims.userinfoFailed === undefined
    ? { groups: [], problem: undefined }
    : unknown(claims.userinfoFailed);
}

const tooMany =
  'the account is in more groups than Microsoft Entra puts into a token (200), so its groups are unknown. Either let the application be told only of groups assigned to it (Token configuration, groups claim, "Groups assigned to the application"), or give it app roles and set groups_claim: roles';

/**
 * V27, OpenID Connect Core §5.6.2: the claim exists but stands elsewhere. The place is a stranger's word:
 * nothing is ever fetched from there.
 */
export function hasTooMany({ idToken }: Claims, claim: string): boolean {
  if (findClaim({ idToken, userinfo: undefined }, named(claim)) !== undefined) return false;
  const elsewhere = named(claim)(idToken._claim_names) !== undefined;
  return elsewhere || (claim === "groups" && (idToken.hasgroups === true || idToken.hasgroups === "true"));
}

/** V37. A text is one group, whatever commas are in it; of an object (roles at Zitadel) the names count. */
function fromClaim(claim: string, { value, place }: Found): FoundGroups {
  const where = `${claim} in the ${place === "idToken" ? "ID token" : "userinfo"}`;
  const names = listOf(value);
  if (names === undefined) return unknown(`${where} is no list of names: ${show(value)}`);
  if (names.length > maxGroups) return unknown(`${where} has ${names.length} groups, more than ${maxGroups}`);
  const long = names.find((name) => name.length > maxGroupLength);
  if (long !== undefined) return unknown(`${where} has a group of more than ${maxGroupLength} characters`);
  const plain = names.filter(isPlainGroup);
  const problem =
    plain.length === names.length
      ? undefined
      : `${where} has groups with control or bidirectional characters in their names; those are left out`;
  return { groups: [...new Set(plain)], problem };
}

function listOf(value: unknown): string[] | undefined {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.every((name) => typeof name === "string") ? value : undefined;
  return typeof value === "object" && value !== null ? Object.keys(value) : undefined;
}

function unknown(problem: string): FoundGroups {
  return { groups: undefined, problem };
}
