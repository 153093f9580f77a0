import type { AccessRules, GroupName, Match, Rule } from "../../access/rules.ts";
import type { DeclaredRule } from "./access.ts";
import { type ProviderFacts, readGroup } from "./access-names.ts";
import type { SectionValues } from "./sections.ts";

/** The rules that a configuration without faults has; `undefined`: none at all. */
export function accessRulesOf(config: {
  readonly sections: SectionValues;
  readonly providers: readonly ProviderFacts[];
  readonly servers: readonly { readonly address: string }[];
}): AccessRules | undefined {
  const { sections, providers, servers } = config;
  const { access } = sections;
  const toRules = (declared: readonly DeclaredRule[], name: string) =>
    declared.map((rule, index) => toRule(rule, `${name}[${index}]`, providers));
  const behind = servers.flatMap(({ address }, index): [string, readonly Rule[]][] => {
    const who = sections.servers?.[index]?.who;
    return who === undefined ? [] : [[address, toRules(who, `servers[${index}].who`)]];
  });
  if (access === undefined && behind.length === 0) return undefined;
  const listed = Object.entries(access?.resources ?? {}).map(([key, rules]): [string, readonly Rule[]] => [
    key,
    toRules(rules, `access.resources.${key}`),
  ]);
  return {
    signIn: access?.sign_in && toRules(access.sign_in, "access.sign_in"),
    resources: new Map([...listed, ...behind]),
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
    name,
    ...(scopes && { scopes }),
  };
}
