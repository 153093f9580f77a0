import type { RuleOutcome } from "../access/explanation.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { AccessAnswer } from "../oauth/messages/console-page.ts";
import type { AccessTest } from "../start/access-test.ts";
import { tellAccess } from "../start/access-words.ts";
import { nameOf } from "./people-tables.ts";
import { formatTable } from "./table.ts";

/** All that `access test` says. */
export function describeExplanation(tested: AccessTest): string {
  const { person, resource, asked, groups, rules, verdict, bounds } = tellAccess(tested);
  const lists = rules.flatMap(({ about, none, outcomes }) => [
    none === undefined ? `${about}:\n${tableOf(outcomes)}` : `${about}: ${none}`,
    "",
  ]);
  return [
    `${nameOf(person)} (${person.subject}), who signed in with ${oneLine(person.provider)}`,
    `groups: ${groups}`,
    `${resource}, asked for ${asked}`,
    "",
    ...lists,
    ...verdict,
    bounds,
  ].join("\n");
}

function tableOf(outcomes: AccessAnswer["rules"][number]["outcomes"]): string {
  const rows = outcomes.map(({ outcome, effect, whom, rule }) => [outcome, effect, whom, rule]);
  return formatTable(["OUTCOME", "EFFECT", "WHOM", "RULE"], rows);
}

export function explanationAsJson(tested: AccessTest): Record<string, unknown> {
  const { person, resource, asked, allowed, explanation, ruleBound, groupBound } = tested;
  const { decision, signIn, resource: own } = explanation;
  const rules = (outcomes: readonly RuleOutcome[] | undefined) =>
    outcomes?.map(({ rule, miss, byUnknownGroups }) => ({
      rule: rule.name,
      effect: rule.effect,
      scopes: rule.scopes,
      matched: miss === undefined,
      missed: miss?.key,
      groups_unknown: miss?.groupsUnknown ?? byUnknownGroups,
    }));
  const blocked = person.blockedAt !== undefined;
  return {
    subject: person.subject,
    resource: resource.identifier,
    asked,
    allowed,
    scope: blocked ? "" : decision.scope,
    reason: blocked ? "blocked" : decision.allowed ? undefined : decision.reason,
    provider: person.provider,
    groups: person.groups,
    groups_confirmed_at: person.confirmedAt,
    sign_in: rules(signIn),
    rules: rules(own),
    rule_change_ends_access_within: ruleBound,
    lost_group_ends_access_within: groupBound,
  };
}
