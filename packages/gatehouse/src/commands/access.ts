import type { Command } from "commander";
import { createAccess } from "../access/access.ts";
import { type Explanation, explainAccess } from "../access/explanation.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { accessRulesOf } from "../config/sections/access-rules.ts";
import { hasLeft } from "../oauth/declarations.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { KnownAccount, Resource } from "../oauth/records.ts";
import { canonicalResource, shortIdOf } from "../oauth/resource.ts";
import { grantableScope } from "../oauth/scope.ts";
import type { Store } from "../oauth/store.ts";
import type { Seconds, Subject } from "../oauth/values.ts";
import { describeExplanation, explanationAsJson } from "./access-tables.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { withStore } from "./store.ts";

interface TestOptions extends JsonOption {
  readonly scope?: string;
}

/** Everything that `access test` tells. */
export interface AccessTest {
  readonly person: KnownAccount;
  readonly resource: Resource;
  /** What is asked for, of what the resource has. */
  readonly asked: string;
  readonly explanation: Explanation;
  readonly now: Seconds;
  /** Seconds after which a changed rule has ended access. */
  readonly ruleBound: number;
  /** The same for a group lost at the provider; `undefined`: never by itself. */
  readonly groupBound: number | undefined;
}

export function addAccessCommand(program: Command, shell: Shell): void {
  const access = program.command("access").description("the rules of who may do what");
  access
    .command("test <person> <resource>")
    .description(
      "say rule by rule whether a person, by address or subject (user_…), may use an MCP server now, and with which scopes; exit code 0: they may, 1: they may not, 2: no such person or MCP server",
    )
    .option(
      "--scope <scopes>",
      "what is asked for, separated by spaces; what whoever asks for none gets when left out",
    )
    .addOption(asJson())
    .action(async (person: string, resource: string, options: TestOptions) => {
      const tested = await withStore(shell, (store) =>
        testAccess(shell, store, person, resource, options.scope),
      );
      if (options.json) printJson(shell, explanationAsJson(tested));
      else shell.print(describeExplanation(tested));
      if (!isAllowed(tested)) throw new Refusal(1, "");
    });
}

export function isAllowed({ person, explanation }: Pick<AccessTest, "person" | "explanation">): boolean {
  return person.blockedAt === undefined && explanation.decision.allowed;
}

/** @throws Refusal (2) when there is no such person or resource; ConfigError */
async function testAccess(
  shell: Shell,
  store: Store,
  whom: string,
  which: string,
  scope: string | undefined,
): Promise<AccessTest> {
  const config = loadConfig(shell, "command");
  const person = await findPerson(store, whom);
  const resource = await findResource(store, config, which);
  const asked = grantableScope(scope, resource, false);
  const rules = accessRulesOf(config) ?? { signIn: undefined, resources: new Map() };
  const access = createAccess(
    rules,
    config.providers.map(({ name }) => name),
  );
  const provider = config.providers.find(({ name }) => name === person.provider);
  const revalidate = provider !== undefined && "revalidate" in provider ? provider.revalidate : undefined;
  const ruleBound = config.settings.lifetimes.accessToken;
  return {
    person,
    resource,
    asked,
    explanation: explainAccess(access, rules, person, resource.identifier, asked),
    now: shell.clock.now(),
    ruleBound,
    groupBound: revalidate && revalidate + ruleBound,
  };
}

async function findPerson(store: Store, whom: string): Promise<KnownAccount> {
  const found = whom.startsWith("user_")
    ? [await store.findAccount(whom as Subject)]
    : await store.findAccounts(whom);
  const [person, ...others] = found.filter((account) => account !== undefined);
  if (person === undefined) throw new Refusal(2, `nobody signed in here as ${oneLine(whom)}`);
  if (others.length > 0) {
    const subjects = [person, ...others].map(({ subject }) => subject).join(", ");
    throw new Refusal(2, `several people signed in as ${oneLine(whom)}: name one of ${subjects}`);
  }
  return person;
}

async function findResource(store: Store, config: Config, which: string): Promise<Resource> {
  const known = (await store.listResources()).filter((resource) => !hasLeft(resource));
  const found = known.find(({ identifier }) => shortIdOf(identifier) === which || isNamed(identifier, which));
  if (found !== undefined) return found;
  const declared = (config.sections.resources ?? []).find(({ identifier }) => {
    return shortIdOf(identifier) === which || isNamed(identifier, which);
  });
  if (declared === undefined) throw new Refusal(2, `there is no resource ${oneLine(which)}`);
  const scopes = (declared.scopes ?? []).map(({ name, sentence, default: isDefault }) => ({
    name,
    sentence,
    ...(isDefault && { isDefault: true as const }),
  }));
  return { identifier: declared.identifier, name: declared.name, scopes, createdAt: 0 as Seconds };
}

function isNamed(identifier: string, which: string): boolean {
  try {
    return canonicalResource(which) === identifier;
  } catch {
    return false;
  }
}
