import type { Access, AccessDecision, ScopeDecision } from "../oauth/ports.ts";
import { shortIdOf } from "../oauth/resource.ts";
import { offlineAccess } from "../oauth/scope.ts";
import type { DecidingRule } from "../oauth/trace-step.ts";
import type { ResourceIdentifier } from "../oauth/values.ts";
import { type Facts, factsOf, missOf } from "./match.ts";
import type { AccessRules, Match, Rule } from "./rules.ts";

/** The rules in force, as the protocol asks them. @param providers the names of all that there are */
export function createAccess(rules: AccessRules, providers: readonly string[]): Access {
  const rulesFor = (resource: ResourceIdentifier | undefined) =>
    resource === undefined ? undefined : rulesForResource(rules, resource);
  return {
    signIn: (person) => decide(weigh(rules.signIn, factsOf(person))),
    use(person, resource, scope) {
      const facts = factsOf(person);
      const decision = decide(weigh(rules.signIn, facts));
      if (!decision.allowed) return { ...decision, scope: "" };
      const own = weigh(rulesFor(resource), facts);
      return own === undefined ? { allowed: true, scope } : decideScope(own, scope);
    },
    providersFor(resource) {
      const lists = [rules.signIn, rulesFor(resource)];
      const possible = providers.filter((provider) => lists.every((list) => isOpenTo(list, provider)));
      return possible.length === providers.length ? undefined : possible;
    },
    decidingRule(person, resource) {
      const facts = factsOf(person);
      return (
        keepingOut("access.sign_in", rules.signIn, facts) ??
        keepingOut(`access.resources: ${resource}`, rulesFor(resource), facts)
      );
    },
  };
}

/** The rule that denies somebody, or the list in which none lets them in; `undefined`: these do. */
function keepingOut(
  list: string,
  rules: readonly Rule[] | undefined,
  facts: Facts,
): DecidingRule | undefined {
  if (rules === undefined) return undefined;
  const received = describeFacts(facts);
  const denial = rules.find((rule) => isDenial(rule) && missOf(rule, facts) === undefined);
  if (denial !== undefined) {
    return { rule: `${denial.name} denies`, expected: `not ${describeMatch(denial.match)}`, received };
  }
  const allows = rules.filter(({ effect }) => effect === "allow");
  if (allows.some((rule) => missOf(rule, facts) === undefined)) return undefined;
  const expected = allows.map(({ name, match }) => `${describeMatch(match)} (${name})`).join(" or ");
  return { rule: `${list} lets nobody else in`, expected, received };
}

const isDenial = ({ effect, scopes }: Rule) => effect === "deny" && scopes === undefined;

function describeMatch({ everyone, provider, domain, address, group }: Match): string {
  const keys = [
    everyone && "everyone",
    provider && `provider ${provider.join(" or ")}`,
    domain && `domain ${domain.join(" or ")}`,
    address && `address ${address.join(" or ")}`,
    group && `group ${group.map((each) => `${each.provider}:${each.name}`).join(" or ")}`,
  ];
  return keys.filter((key) => key !== undefined).join(", ");
}

/** What the rules looked at, without the address: people stand in the trace by their opaque subject. */
function describeFacts({ provider, domain, groups }: Facts): string {
  const known = groups === undefined ? "groups not known" : `groups ${groups.join(", ") || "none"}`;
  return `provider ${provider}, domain ${domain || "none"}, ${known}`;
}

/** `undefined`: whoever may sign in may use it. */
export function rulesForResource(
  { resources }: AccessRules,
  identifier: ResourceIdentifier,
): readonly Rule[] | undefined {
  if (resources.size === 0) return undefined;
  return resources.get(identifier) ?? resources.get(shortIdOf(identifier));
}

/** What rules come to for one person. */
interface Weighed {
  /** Those that are about them. */
  readonly fitting: readonly Rule[];
  /** Some rule that allows would be, were their groups known. */
  readonly mayBeMember: boolean;
  readonly groupsKnown: boolean;
}

function weigh(rules: readonly Rule[] | undefined, facts: Facts): Weighed | undefined {
  if (rules === undefined) return undefined;
  let mayBeMember = false;
  const fitting = rules.filter((rule) => {
    const miss = missOf(rule, facts);
    if (miss?.groupsUnknown) mayBeMember = true;
    return miss === undefined;
  });
  return { fitting, mayBeMember, groupsKnown: facts.groups !== undefined };
}

/** Lets somebody in whom at least one rule allows and none denies all (V39). */
function decide(weighed: Weighed | undefined): AccessDecision {
  if (weighed === undefined) return { allowed: true };
  const { fitting, mayBeMember, groupsKnown } = weighed;
  const denials = fitting.filter(isDenial);
  if (denials.length > 0) {
    const mayBeWrong = !groupsKnown && denials.every(({ match }) => match.group !== undefined);
    return { allowed: false, reason: mayBeWrong ? "groups_unknown" : "denied" };
  }
  if (fitting.some(({ effect }) => effect === "allow")) return { allowed: true };
  return { allowed: false, reason: mayBeMember ? "groups_unknown" : "not_allowed" };
}

/** V42: what is asked for, as far as allow rules give it and no deny rule takes it. */
function decideScope(weighed: Weighed, scope: string): ScopeDecision {
  const decision = decide(weighed);
  if (!decision.allowed) return { ...decision, scope: "" };
  const { fitting } = weighed;
  const givesAll = fitting.some(({ effect, scopes }) => effect === "allow" && scopes === undefined);
  const given = scopesOf(fitting, "allow");
  const taken = scopesOf(fitting, "deny");
  const asked = scope.split(" ").filter((token) => token !== "" && token !== offlineAccess);
  const left = asked.filter((token) => (givesAll || given.has(token)) && !taken.has(token));
  // Nothing asked for is nothing refused, unless the rules speak of scopes only.
  if (left.length === 0 && (asked.length > 0 || !givesAll)) {
    return { allowed: false, reason: "no_scope", scope: "" };
  }
  if (left.length === asked.length) return { allowed: true, scope };
  if (scope.split(" ").includes(offlineAccess)) left.push(offlineAccess);
  return { allowed: true, scope: left.join(" ") };
}

function scopesOf(rules: readonly Rule[], wanted: Rule["effect"]): ReadonlySet<string> {
  return new Set(rules.flatMap(({ effect, scopes = [] }) => (effect === wanted ? scopes : [])));
}

/** Whether anybody who comes through this provider could be let in (V46). */
function isOpenTo(rules: readonly Rule[] | undefined, provider: string): boolean {
  if (rules === undefined) return true;
  const comesThrough = ({ match }: Rule) =>
    (match.provider?.includes(provider) ?? true) &&
    (match.group?.some((group) => group.provider === provider) ?? true);
  return (
    rules.some((rule) => rule.effect === "allow" && comesThrough(rule)) &&
    !rules.some(({ effect, match, scopes }) => {
      return effect === "deny" && scopes === undefined && isAbout(match, provider);
    })
  );
}

/** Whether it is about everybody who comes through this provider, whoever they are. */
function isAbout(match: Match, provider: string): boolean {
  if (match.domain !== undefined || match.address !== undefined || match.group !== undefined) return false;
  return match.provider?.includes(provider) ?? true;
}
