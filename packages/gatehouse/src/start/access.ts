import type { Logger } from "pino";
import { createAccess } from "../access/access.ts";
import type { Config } from "../config/config.ts";
import { ConfigError, type ConfigProblem } from "../config/config-errors.ts";
import { accessRulesOf } from "../config/sections/access-rules.ts";
import { hasLeft } from "../oauth/declarations.ts";
import type { Access } from "../oauth/ports.ts";
import type { Resource } from "../oauth/records.ts";
import { shortIdOf } from "../oauth/resource.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import type { Reloadable } from "./reload.ts";

/** The rules in force, which a changed configuration replaces as a whole (V47). */
export interface AccessInForce extends Reloadable {
  current(): Access | undefined;
}

/** @throws ConfigError for rules about what the database does not know */
export async function startAccess(config: Config, store: Store, log: Logger): Promise<AccessInForce> {
  let current: Access | undefined;
  const prepare = (next: Config) => requireKnown(next, store, log);
  const apply = (next: Config) => {
    const rules = accessRulesOf(next);
    const names = next.providers.map(({ name }) => name);
    current = rules && createAccess(rules, names);
  };
  await prepare(config);
  apply(config);
  return { current: () => current, prepare, apply };
}

/** For a process that has no use for the rules, but refuses what its workers would refuse. */
export function checkAccess(store: Store, log: Logger): Reloadable {
  return { prepare: (next) => requireKnown(next, store, log), apply: () => undefined };
}

/**
 * V40: rules about a resource that there is not, or a scope that it does not have, would be rules about
 * nothing. What the file declares was looked at when it was read.
 */
async function requireKnown(config: Config, store: Store, log: Logger): Promise<void> {
  const { access, resources = [] } = config.sections;
  const declared = [
    ...resources.map(({ identifier }) => identifier),
    ...config.servers.map(({ address }) => address),
  ];
  const rules = Object.entries(access?.resources ?? {});
  const asked = rules.filter(([key]) => {
    return !declared.some((identifier) => identifier === key || shortIdOf(identifier) === key);
  });
  if (asked.length === 0) return;
  let known: readonly Resource[];
  try {
    known = (await store.listResources()).filter((resource) => !hasLeft(resource));
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    log.warn({ err: error }, "whether the resources that access: names exist cannot be looked up for now");
    return;
  }
  const problems: ConfigProblem[] = [];
  const tell = (path: readonly (string | number)[], found: string, expected: string) => {
    const variable = `access.${path.join(".")}`;
    problems.push({ variable, place: config.placeOf("access", path), found, expected });
  };
  for (const [key, list] of asked) {
    const resource = known.find(({ identifier }) => identifier === key || shortIdOf(identifier) === key);
    if (resource === undefined) {
      if (key !== config.settings.defaultResource) {
        tell(["resources", key], "no such MCP server", "one of `gatehouse resources list`, or of resources:");
      }
      continue;
    }
    const scopes = resource.scopes.map(({ name }) => name);
    if (scopes.length === 0) continue; // it takes any
    for (const [index, rule] of list.entries()) {
      for (const [at, name] of (rule.scopes ?? []).entries()) {
        if (scopes.includes(name)) continue;
        tell(["resources", key, index, "scopes", at], name, `a scope of it: ${scopes.join(", ")}`);
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
}
