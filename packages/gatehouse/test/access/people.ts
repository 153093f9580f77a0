import type { GroupName, Match, Rule } from "../../src/access/rules.ts";
import type { Person } from "../../src/oauth/ports.ts";
import type { Subject } from "../../src/oauth/values.ts";

/** Somebody whom the rules are about. */
export const aPerson = (over: Partial<Person> = {}): Person => ({
  provider: "work",
  issuer: "https://work.example",
  upstreamSubject: "ada",
  subject: "user_ada" as Subject,
  email: "ada@corp.example",
  groups: ["admins", "users"],
  ...over,
});

export const of = (name: string, provider = "work"): GroupName => ({ provider, name });

export const allow = (match: Match, scopes?: readonly string[]): Rule => aRule("allow", match, scopes);
export const deny = (match: Match, scopes?: readonly string[]): Rule => aRule("deny", match, scopes);

function aRule(effect: Rule["effect"], match: Match, scopes: readonly string[] | undefined): Rule {
  return { effect, match, name: `${effect} of the test`, ...(scopes && { scopes }) };
}
