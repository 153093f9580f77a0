import type { RuleOutcome } from "../access/explanation.ts";
import type { Match } from "../access/rules.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { AccessAnswer } from "../oauth/messages/console-page.ts";
import type { AccessRefusal } from "../oauth/ports.ts";
import { formatInstant } from "../oauth/values.ts";
import type { AccessTest } from "./access-test.ts";

/* What came of each rule, in words for operators. Names and groups come from outside: made harmless. */

const why: Readonly<Record<AccessRefusal, string>> = {
  denied: "a deny rule is about them",
  not_allowed: "no allow rule is about them",
  groups_unknown: "their groups are unknown, and rules ask for groups",
  no_scope: "nothing of what is asked for is left",
};

export function tellAccess(tested: AccessTest): AccessAnswer {
  const { person, resource, asked, allowed, explanation } = tested;
  return {
    person,
    resource: resource.identifier,
    asked: asked === "" ? "no scope" : asked,
    groups: describeGroups(tested),
    rules: [
      tellRules("Signing in", explanation.signIn, "whoever the provider may speak for"),
      tellRules("This MCP server", explanation.resource, "whoever may sign in, with every scope"),
    ],
    allowed,
    verdict: describeVerdict(tested),
    bounds: describeBounds(tested),
  };
}

function describeVerdict({ person, asked, explanation: { decision } }: AccessTest): string[] {
  if (person.blockedAt !== undefined) {
    return [`Refused: blocked since ${formatInstant(person.blockedAt)}, whatever the rules say.`];
  }
  if (!decision.allowed) return [`Refused: ${why[decision.reason]}.`];
  const missing = lost(asked, decision.scope);
  return [
    `Allowed: ${decision.scope === "" ? "without any scope" : decision.scope}`,
    ...(missing.length > 0 ? [`Not allowed: ${missing.join(" ")}`] : []),
  ];
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

function tellRules(
  about: string,
  outcomes: readonly RuleOutcome[] | undefined,
  without: string,
): AccessAnswer["rules"][number] {
  if (outcomes === undefined) return { about, none: `there are no rules, so ${without}`, outcomes: [] };
  const told = outcomes.map(({ rule, ...outcome }) => ({
    outcome: describeOutcome(outcome),
    effect: rule.effect,
    whom: describeMatch(rule.match) + (rule.scopes === undefined ? "" : `, scopes ${rule.scopes.join(" ")}`),
    rule: rule.name,
  }));
  return { about, none: undefined, outcomes: told };
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
