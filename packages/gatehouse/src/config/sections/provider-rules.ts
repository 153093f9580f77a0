import { presetNames, presets } from "../../identity/openid/presets.ts";
import type { ProviderKind } from "./provider-meaning.ts";
import { neededBy, ofAll, ofKind, ofMicrosoft } from "./provider-members.ts";
import { anyOf, hasAll, hasNone, hasOneOf, isOneOf, not, type SchemaRule, where } from "./schema-rules.ts";

const kinds = Object.keys(ofKind) as ProviderKind[];
const all = [...new Set([...kinds.flatMap((kind) => ofKind[kind]), ...ofMicrosoft])];
const withIssuer = presetNames.filter((name) => presets[name].issuer !== undefined);

const isOfKind = (kind: ProviderKind) =>
  kind === "openid" ? anyOf(hasAll("preset"), isOneOf("kind", [kind])) : isOneOf("kind", [kind]);

/**
 * What an editor can tell of one provider: what its kind needs, and what belongs to another kind. Of what
 * follows from a value (which scopes, whose tenant, whom to trust) only the checks speak.
 */
export const providerRules: readonly SchemaRule[] = [
  anyOf(hasAll("kind"), hasAll("preset")),
  where(hasAll("preset"), { properties: { kind: { const: "openid" } } }),
  ...kinds.map((kind) => {
    const its: readonly string[] = [...ofAll, ...ofKind[kind], ...(kind === "openid" ? ofMicrosoft : [])];
    const others = all.filter((member) => !its.includes(member));
    return where(isOfKind(kind), hasAll(...neededBy[kind]), hasNone(...others));
  }),
  where(isOneOf("preset", withIssuer), hasNone("issuer")),
  where({ allOf: [isOfKind("openid"), not(isOneOf("preset", withIssuer))] }, hasAll("issuer")),
  where(isOneOf("preset", ["microsoft"]), hasOneOf("tenant", "tenants")),
  where({ allOf: [isOfKind("openid"), not(isOneOf("preset", ["microsoft"]))] }, hasNone(...ofMicrosoft)),
  where(hasAll("revalidate_grace"), hasAll("revalidate")),
];
