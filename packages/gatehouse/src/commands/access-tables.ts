import type { RuleOutcome } from "../access/explanation.ts";
import type { Match } from "../access/rules.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { AccessRefusal } from "../oauth/ports.ts";
import { formatInstant } from "../oauth/values.ts";
import type { AccessTest } from "./access.ts";
import { nameOf } from "./people-tables.ts";
import { formatTable } from "./table.ts";

/* How `access test` says what came of each rule. Names and groups come from outside: made harmless. */

const why: Readonly<Record<AccessRefusal, string>> = {
  denied: "a deny rule is about them",
  not_allowed: "no allow rule is about them",
  groups_unknown: "their groups are unknown, and rules ask for groups",
  no_scope: "nothing of what is asked for is left",
};

export function describeExplanation(tested: AccessTest): string {
  const { person, resource, asked, explanation } = tested;
  const { decision, signIn, resource: own } = explanation;
  const lines = [
    `${nameOf(person)} (${person.subject}), who signed in with ${oneLine(person.provider)}`,
    `groups: ${describeGroups(tested)}`,
    `${resource.identifier}, asked for ${asked === "" ? "no scope" : asked}`,
    "",
    describeRules("Signing in", signIn, "whoever the provider may speak for"),
    "",
    describeRules("This MCP server", own, "whoever may sign in, with every scope"),
    "",
  ];
  if (person.blockedAt !== undefined) {
    lines.push(`Refused: blocked since ${formatInstant(person.blockedAt)}, whatever the rules say.`);
  } else if (decision.allowed) {
    const missing = lost(asked, decision.scope);
    lines.push(`Allowed: ${decision.scope === "" ? "without any scope" : decision.scope}`);
    if (missing.length > 0) lines.push(`Not allowed: ${missing.join(" ")}`);
  } else {
    lines.push(`Refused: ${why[decision.reason]}.`);
  }
  return [...lines, describeBounds(tested)].join("\n");
}

function describeGroups({ person, now }: AccessTest): string {
  const { groups, confirmedAt } = person;
  const names = groups === undefined ? "unknown" : groups.map((group) => oneLine(group)).join(", ") || "none";
  if (confirmedAt === undefined) return `${names}, from before such notes were kept`;
  return `${names}, as the provider said ${describeLength(now - confirmedAt)} ago`;
}

/** V45: when what changes from here on takes effect. */
function describeBounds({ person, ruleBound, groupBound }: AccessTest): string {
  const rule = `A changed rule ends access within ${describeLength(ruleBound)}.`;
  const provider = oneLine(person.provider);
  return groupBound === undefined
    ? `${rule} A group lost at ${provider} has no bound: that provider has no revalidate; it shows at the next sign-in.`
    : `${rule} A group lost at ${provider} does within ${describeLength(groupBound)}.`;
}

function describeRules(title: string, outcomes: readonly RuleOutcome[] | undefined, without: string): string {
  if (outcomes === undefined) return `${title}: there are no rules, so ${without}`;
  const rows = outcomes.map(({ rule, ...outcome }) => [
    describeOutcome(outcome),
    rule.effect,
    describeMatch(rule.match) + (rule.scopes === undefined ? "" : `, scopes ${rule.scopes.join(" ")}`),
    rule.name,
  ]);
  return `${title}:\n${formatTable(["OUTCOME", "EFFECT", "WHOM", "RULE"], rows)}`;
}

function describeOutcome({ miss, byUnknownGroups }: Omit<RuleOutcome, "rule">): string {
  if (miss === undefined) return byUnknownGroups ? "matched: groups unknown" : "matched";
  return miss.groupsUnknown ? "groups unknown" : `not: ${miss.key}`;
}

function describeMatch({ everyone, provider, domain, address, group }: Match): string {
  if (everyone) return "everyone";
  return Object.entries({ provider, domain, address, group: group?.map(groupText) })
    .flatMap(([key, values]) => (values === undefined ? [] : [`${key} ${values.join(" or ")}`]))
    .join(", ");
}

const groupText = ({ provider, name }: { readonly provider: string; readonly name: string }) =>
  `${provider}:${name}`;

function lost(asked: string, granted: string): string[] {
  const left = granted.split(" ");
  return asked.split(" ").filter((token) => token !== "" && !left.includes(token));
}

const units = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** In the two largest units that it has. */
function describeLength(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.floor(seconds));
  for (const [size, unit] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
  }
  return parts.join(" ") || "0 seconds";
}

export function explanationAsJson(tested: AccessTest): Record<string, unknown> {
  const { person, resource, asked, explanation, ruleBound, groupBound } = tested;
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
    allowed: !blocked && decision.allowed,
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
