import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import { explainAccess, type RuleOutcome } from "../../src/access/explanation.ts";
import type { Match, Rule } from "../../src/access/rules.ts";
import type { Person } from "../../src/oauth/ports.ts";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { allow, aPerson, deny, of } from "./people.ts";

/** Always the same ones. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const next = generator(42);
const oneOf = <T>(...items: readonly T[]): T => items[next(items.length)] as T;
const some = <T>(...items: readonly T[]): T[] => {
  const picked = items.filter(() => next(2) === 0);
  return picked.length > 0 ? picked : [oneOf(...items)];
};
const maybe = <T>(make: () => T): T | undefined => (next(3) === 0 ? make() : undefined);

const providers = ["work", "github"];
const scopes = ["a", "b", "c"];
const groups = ["admins", "users", "Admins"];
const domains = ["corp.example", "b.example"];
const addresses = ["ada@corp.example", "bob@b.example"];

function aMatch(): Match {
  const match = {
    provider: maybe(() => some(...providers)),
    domain: maybe(() => some(...domains)),
    address: maybe(() => some(...addresses)),
    group: maybe(() => some(of("admins"), of("users", "github"), of("users"), of("admins", "github"))),
  };
  const given = Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined));
  return Object.keys(given).length === 0 ? { everyone: true } : given;
}

const aRule = (scoped: boolean): Rule => {
  const make = next(3) === 0 ? deny : allow;
  return make(aMatch(), scoped ? maybe(() => some(...scopes)) : undefined);
};
const rulesOf = (scoped: boolean) => Array.from({ length: 1 + next(4) }, () => aRule(scoped));

const somebody = (): Person =>
  aPerson({
    provider: oneOf(...providers),
    email: oneOf("ADA@corp.example", "bob@b.example", "eve@c.example", ""),
    groups: oneOf(undefined, [], some(...groups)),
  });

/** The rows of the requirements once more, in the plainest way. */
function expected(
  lists: readonly (readonly Rule[] | undefined)[],
  person: Person,
  asked: string[],
): string | false {
  const matches = ({ effect, match }: Rule): boolean => {
    const { provider, domain, address, group } = match;
    const email = person.email.toLowerCase();
    const checks: boolean[] = [];
    if (provider) checks.push(provider.some((name) => name === person.provider));
    if (domain) checks.push(domain.some((name) => email.endsWith(`@${name}`)));
    if (address) checks.push(address.some((each) => each === email));
    if (group) {
      const mine = group.filter((each) => each.provider === person.provider);
      if (person.groups === undefined) checks.push(effect === "deny" && mine.length > 0);
      else checks.push(mine.some(({ name }) => person.groups?.some((each) => each === name)));
    }
    return checks.every(Boolean);
  };
  for (const list of lists) {
    if (list === undefined) continue;
    if (list.some((rule) => rule.effect === "deny" && rule.scopes === undefined && matches(rule)))
      return false;
    if (!list.some((rule) => rule.effect === "allow" && matches(rule))) return false;
  }
  const [, own] = lists;
  if (own === undefined) return asked.join(" ");
  const may = (scope: string) =>
    own.some((rule) => rule.effect === "allow" && matches(rule) && (rule.scopes?.includes(scope) ?? true)) &&
    !own.some((rule) => rule.effect === "deny" && matches(rule) && rule.scopes?.includes(scope));
  const left = asked.filter(may);
  const isFree = own.some((rule) => rule.effect === "allow" && matches(rule) && rule.scopes === undefined);
  return left.length > 0 || (asked.length === 0 && isFree) ? left.join(" ") : false;
}

test("in 10,000 generated cases what is explained is the answer the server gives, which is the one of the rows", () => {
  const notes = canonicalResource("https://notes.example/mcp");
  let allowed = 0;
  for (let run = 0; run < 10_000; run++) {
    const signIn = next(3) === 0 ? undefined : rulesOf(false);
    const own = next(4) === 0 ? undefined : rulesOf(true);
    const key = oneOf<string>(notes, shortIdOf(notes));
    const rules = { signIn, resources: new Map(own === undefined ? [] : [[key, own]]) };
    const person = somebody();
    const asked = next(8) === 0 ? [] : some(...scopes);
    const access = createAccess(rules, providers);
    const { decision, ...outcomes } = explainAccess(access, rules, person, notes, asked.join(" "));
    const told = JSON.stringify([rules.signIn, own, person, asked]);
    const answer = expected([signIn, own], person, asked);
    assert.equal(decision.allowed ? decision.scope : false, answer, told);
    assert.deepEqual(decision, access.use(person, notes, asked.join(" ")), told);
    // The outcomes that are printed explain it: nobody is let in against them.
    const opens = (list: readonly RuleOutcome[] | undefined) =>
      list === undefined ||
      (list.some(({ rule, miss }) => rule.effect === "allow" && miss === undefined) &&
        !list.some(({ rule, miss }) => rule.effect === "deny" && !rule.scopes && miss === undefined));
    const isOpen = opens(outcomes.signIn) && opens(outcomes.resource);
    assert.equal(isOpen, decision.allowed || decision.reason === "no_scope", told);
    // Whoever is let in comes through a provider that is offered to them.
    if (decision.allowed) {
      allowed++;
      assert.ok(access.providersFor(notes)?.includes(person.provider) ?? true, told);
    }
  }
  assert.ok(allowed > 2000 && allowed < 8000, `${allowed}`);
});
