import type { Access, Person, ScopeDecision } from "../oauth/ports.ts";
import type { ResourceIdentifier } from "../oauth/values.ts";
import { rulesForResource } from "./access.ts";
import { type Facts, factsOf, type Miss, missOf } from "./match.ts";
import type { AccessRules, Rule } from "./rules.ts";

export interface RuleOutcome {
  readonly rule: Rule;
  /** Why it is not about the person; `undefined`: it is. */
  readonly miss: Miss | undefined;
  /** It counts as about the person because nothing is known of their groups (V41). */
  readonly byUnknownGroups: boolean;
}

/** What the rules say of a person, one by one, and what comes of it: the answer the server gives (V48). */
export interface Explanation {
  /** `undefined`: there are none. */
  readonly signIn: readonly RuleOutcome[] | undefined;
  /** Those for the resource; `undefined`: there are none. */
  readonly resource: readonly RuleOutcome[] | undefined;
  readonly decision: ScopeDecision;
}

/** @param access made of these rules */
export function explainAccess(
  access: Access,
  rules: AccessRules,
  person: Person,
  resource: ResourceIdentifier,
  scope: string,
): Explanation {
  const facts = factsOf(person);
  const outcomesOf = (list: readonly Rule[] | undefined) => list?.map((rule) => outcomeOf(rule, facts));
  return {
    signIn: outcomesOf(rules.signIn),
    resource: outcomesOf(rulesForResource(rules, resource)),
    decision: access.use(person, resource, scope),
  };
}

function outcomeOf(rule: Rule, facts: Facts): RuleOutcome {
  const miss = missOf(rule, facts);
  const byUnknownGroups = miss === undefined && rule.match.group !== undefined && facts.groups === undefined;
  return { rule, miss, byUnknownGroups };
}
