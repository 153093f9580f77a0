import type { Access, AccessDecision, Person, ScopeDecision } from "../oauth/ports.ts";
import { shortIdOf } from "../oauth/resource.ts";
import { offlineAccess } from "../oauth/scope.ts";
import type { ResourceIdentifier } from "../oauth/values.ts";
import { missOf } from "./match.ts";
import type { AccessRules, Match, Rule } from "./rules.ts";

/** The rules in force, as the protocol asks them. @param providers the names of all that there are */
export function createAccess(rules: AccessRules, providers: readonly string[]): Access {
  const rulesFor = (resource: ResourceIdentifier | undefined) =>
    resource === undefined ? undefined : rulesForResource(rules, resource);
  const signIn = (person: Person) => judge(rules.signIn, person);
  return {
    signIn,
    use(person, resource, scope) {
      const decision = signIn(person);
      if (!decision.allowed) return { ...decision, scope: "" };
      const own = rulesFor(resource);
      return own === undefined ? { allowed: true, scope } : judgeScope(own, person, scope);
    },
    providersFor(resource) {
      const lists = [rules.signIn, rulesFor(resource)];
      const possible = providers.filter((provider) => lists.every((list) => isOpenTo(list, provider)));
      return possible.length === providers.length ? undefined : possible;
    },
  };
}

/** `undefined`: whoever may sign in may use it. */
export function rulesForResource(
  { resources }: AccessRules,
  identifier: ResourceIdentifier,
): readonly Rule[] | undefined {
  if (resources.size === 0) return undefined;
  return resources.get(identifier) ?? resources.get(shortIdOf(identifier));
}

/** Lets somebody in whom at least one rule allows and none denies all (V39). */
function judge(rules: readonly Rule[] | undefined, person: Person): AccessDecision {
  if (rules === undefined) return { allowed: true };
  const outcomes = rules.map((rule) => ({ rule, miss: missOf(rule, person) }));
  const fitting = outcomes.filter(({ miss }) => miss === undefined).map(({ rule }) => rule);
  const denials = fitting.filter(({ effect, scopes }) => effect === "deny" && scopes === undefined);
  if (denials.length > 0) {
    const mayBeWrong = person.groups === undefined && denials.every(({ match }) => match.group !== undefined);
    return { allowed: false, reason: mayBeWrong ? "groups_unknown" : "denied" };
  }
  if (fitting.some(({ effect }) => effect === "allow")) return { allowed: true };
  const mayBeMember = outcomes.some(({ miss }) => miss?.groupsUnknown);
  return { allowed: false, reason: mayBeMember ? "groups_unknown" : "not_allowed" };
}

/** V42: what is asked for, as far as allow rules give it and no deny rule takes it. */
function judgeScope(rules: readonly Rule[], person: Person, scope: string): ScopeDecision {
  const decision = judge(rules, person);
  if (!decision.allowed) return { ...decision, scope: "" };
  const fitting = rules.filter((rule) => missOf(rule, person) === undefined);
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
