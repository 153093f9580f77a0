import { createAccess } from "../access/access.ts";
import { type Explanation, explainAccess } from "../access/explanation.ts";
import type { Config } from "../config/config.ts";
import { accessRulesOf } from "../config/sections/access-rules.ts";
import { hasLeft } from "../oauth/declarations.ts";
import { oneLine } from "../oauth/harmless.ts";
import { OAuthError } from "../oauth/messages/errors.ts";
import type { KnownAccount, Resource } from "../oauth/records.ts";
import { canonicalResource, shortIdOf } from "../oauth/resource.ts";
import { grantableScope } from "../oauth/scope.ts";
import type { Store } from "../oauth/store.ts";
import type { Seconds, Subject } from "../oauth/values.ts";

/** What the rules of a configuration say of somebody who wants to use an MCP server, and why. */
export interface AccessTest {
  readonly person: KnownAccount;
  readonly resource: Resource;
  /** What is asked for, of what the resource has. */
  readonly asked: string;
  readonly explanation: Explanation;
  readonly allowed: boolean;
  readonly now: Seconds;
  /** Seconds after which a changed rule has ended access. */
  readonly ruleBound: number;
  /** The same for a group lost at the provider; `undefined`: never by itself. */
  readonly groupBound: number | undefined;
}

/** There is no such person, resource or scope. The message is for an operator. */
export class NothingToTestError extends Error {
  override readonly name = "NothingToTestError";
}

/**
 * @param about person: an address or a subject; resource: its URL or short id; scope: what is asked for,
 * `undefined`: what whoever asks for none gets
 * @throws NothingToTestError
 */
export async function testAccess(
  config: Config,
  store: Store,
  now: Seconds,
  about: { readonly person: string; readonly resource: string; readonly scope: string | undefined },
): Promise<AccessTest> {
  const person = await findPerson(store, about.person);
  const resource = await findResource(store, config, about.resource);
  const asked = readScope(about.scope, resource);
  const rules = accessRulesOf(config) ?? { signIn: undefined, resources: new Map() };
  const access = createAccess(
    rules,
    config.providers.map(({ name }) => name),
  );
  const explanation = explainAccess(access, rules, person, resource.identifier, asked);
  const provider = config.providers.find(({ name }) => name === person.provider);
  const revalidate = provider !== undefined && "revalidate" in provider ? provider.revalidate : undefined;
  const ruleBound = config.settings.lifetimes.accessToken;
  return {
    person,
    resource,
    asked,
    explanation,
    allowed: person.blockedAt === undefined && explanation.decision.allowed,
    now,
    ruleBound,
    groupBound: revalidate && revalidate + ruleBound,
  };
}

async function findPerson(store: Store, whom: string): Promise<KnownAccount> {
  const found = whom.startsWith("user_")
    ? [await store.findAccount(whom as Subject)]
    : await store.findAccounts(whom);
  const [person, ...others] = found.filter((account) => account !== undefined);
  if (person === undefined) throw new NothingToTestError(`nobody signed in here as ${oneLine(whom)}`);
  if (others.length > 0) {
    const subjects = [person, ...others].map(({ subject }) => subject).join(", ");
    throw new NothingToTestError(`several people signed in as ${oneLine(whom)}: name one of ${subjects}`);
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
  if (declared === undefined) throw new NothingToTestError(`there is no resource ${oneLine(which)}`);
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

function readScope(scope: string | undefined, resource: Resource): string {
  try {
    return grantableScope(scope, resource, false);
  } catch (error) {
    if (error instanceof OAuthError) throw new NothingToTestError(error.message, { cause: error });
    throw error;
  }
}
