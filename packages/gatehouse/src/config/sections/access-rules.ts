import type { AccessRules, GroupName, Match, Rule } from "../../access/rules.ts";
import type { DeclaredRule } from "./access.ts";
import { type ProviderFacts, readGroup } from "./access-names.ts";
import type { SectionValues } from "./sections.ts";

/** The rules that a configuration without faults has; `undefined`: none at all. */
export function accessRulesOf(config: {
  readonly sections: SectionValues;
  readonly providers: readonly ProviderFacts[];
}): AccessRules | undefined {
  const { access } = config.sections;
  if (access === undefined) return undefined;
  const { providers } = config;
  const toRules = (declared: readonly DeclaredRule[], name: string) =>
    declared.map((rule, index) => toRule(rule, `${name}[${index}]`, providers));
  return {
    signIn: access.sign_in && toRules(access.sign_in, "sign_in"),
    resources: new Map(
      Object.entries(access.resources ?? {}).map(([key, rules]) => [key, toRules(rules, `resources.${key}`)]),
    ),
  };
}

function toRule(
  { allow, deny, scopes }: DeclaredRule,
  name: string,
  providers: readonly ProviderFacts[],
): Rule {
  const { group, ...others } = allow ?? deny ?? {};
  const match = {
    ...others,
    ...(group && { group: group.map((text) => readGroup(text, providers) as GroupName) }), // checked before
  } as Match;
  return {
    effect: allow === undefined ? "deny" : "allow",
    match,
    name: `access.${name}`,
    ...(scopes && { scopes }),
  };
}
