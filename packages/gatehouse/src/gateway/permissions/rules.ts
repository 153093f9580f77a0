import type { ScopeRules } from "../protected-server.ts";
import { isExact, matches, overlap, type Pattern, patternOf, wildcard } from "./pattern.ts";
import { nameSpellings, type Spelling, uriSpellings } from "./spellings.ts";

/** What stands in `tools:`, `resources:` or `prompts:`, ready to be asked. */
export interface Rules {
  /**
   * The scope that a tool, prompt or resource needs (W48). `undefined`: nobody gets it, because no rule is
   * about it, or because another rule is about its plain spelling than about the one sent (W58).
   */
  scopeOf(name: string): string | undefined;
}

export type RulesKind = "tools" | "resources" | "prompts";

/** The keys of two rules of which neither comes before the other, though their scopes differ. */
export type RuleConflict = readonly [string, string];

/** All rules in one way of spelling. */
interface Reading {
  readonly spell: Spelling;
  /** How each rule's key reads. */
  readonly keys: ReadonlyMap<string, string>;
  readonly exact: ReadonlySet<string>;
  /** The one that comes first in front. */
  readonly patterns: readonly SpelledPattern[];
}

interface SpelledPattern extends Pattern {
  readonly spelled: string;
}

const asSent: Spelling = (text) => text;

/** Throws for rules that are in conflict, which the configuration refuses before. */
export function compileRules(rules: ScopeRules, kind: RulesKind): Rules {
  const [conflict] = findRuleConflicts(rules, kind);
  if (conflict !== undefined) throw new Error(`the rules ${conflict.join(" and ")} are in conflict`);
  const literal = readingOf(rules, asSent);
  const others = spellingsOf(kind).map((spell) => readingOf(rules, spell));
  const scopes = new Map(Object.entries(rules).map(([key, scope]) => [marked(key), scope]));
  return {
    scopeOf(name) {
      const key = find(literal, name);
      if (key === undefined) return undefined;
      const isPlain = others.every((reading) => find(reading, reading.spell(name)) === reading.keys.get(key));
      return isPlain ? scopes.get(key) : undefined;
    },
  };
}

/** Every two rules that one name matches equally well, in some spelling of it, and whose scopes differ. */
export function findRuleConflicts(rules: ScopeRules, kind: RulesKind): readonly RuleConflict[] {
  const entries = Object.entries(rules);
  const spellings = [asSent, ...spellingsOf(kind)];
  const spelled = entries.map(([key]) => spellings.map((spell) => patternOf(spell(marked(key)))));
  const conflicts: RuleConflict[] = [];
  entries.forEach(([key, scope], index) => {
    entries.slice(0, index).forEach(([before, other], earlier) => {
      const isConflict =
        scope !== other &&
        spelled[index]?.some((pattern, way) => {
          const against = spelled[earlier]?.[way];
          return against !== undefined && isEqual(pattern, against) && overlap(pattern, against);
        });
      if (isConflict) conflicts.push([before, key]);
    });
  });
  return conflicts;
}

/** An exact name comes before all patterns, and of these the one with most characters of its own. */
function isEqual(one: Pattern, other: Pattern): boolean {
  return isExact(one) === isExact(other) && one.literals === other.literals;
}

const spellingsOf = (kind: RulesKind) => (kind === "resources" ? uriSpellings : nameSpellings);

const marked = (key: string) => key.replaceAll("*", wildcard);

function readingOf(rules: ScopeRules, spell: Spelling): Reading {
  const keys = new Map(Object.keys(rules).map((key) => [marked(key), spell(marked(key))]));
  const all = [...new Set(keys.values())].map((spelled) => ({ spelled, ...patternOf(spelled) }));
  const patterns = all.filter((pattern) => !isExact(pattern));
  return {
    spell,
    keys,
    exact: new Set(all.filter(isExact).map(({ spelled }) => spelled)),
    patterns: patterns.sort((one, other) => other.literals - one.literals),
  };
}

/** The key of the rule that is about a name, both as they read in this way of spelling. */
function find({ exact, patterns }: Reading, name: string): string | undefined {
  return exact.has(name) ? name : patterns.find((pattern) => matches(pattern, name))?.spelled;
}
