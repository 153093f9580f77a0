import { findRuleConflicts } from "../../gateway/permissions/rules.ts";
import { hostOf } from "../../oauth/host.ts";
import { shortIdOf } from "../../oauth/resource.ts";
import type { ResourceIdentifier } from "../../oauth/values.ts";
import { quote } from "../config-errors.ts";
import type { Path } from "../yaml-tree.ts";
import { checkRules } from "./access.ts";
import { checkScopes } from "./resources.ts";
import type { CheckContext } from "./section.ts";
import { defaultPath, issuerOf, serverAddress } from "./server-address.ts";
import { checkFields } from "./server-fields.ts";
import { ofHttp, ofStdio } from "./server-members.ts";
import type { ConfiguredServer, ConfiguredServers } from "./server-schema.ts";
import { namedScopes, scopesOfServer } from "./server-scopes.ts";
import {
  isOnThisComputer,
  isWithinOwnNetwork,
  readUpstream,
  type Upstream,
  type UpstreamProblem,
} from "./server-upstream.ts";

/** One server's own part of the section. */
interface At extends CheckContext {
  readonly index: number;
  tell(path: Path, found: string, expected: string): void;
}

/** What is wrong with servers that shows only when several values are looked at together (W03). */
export function checkServers(servers: ConfiguredServers, context: CheckContext): void {
  const issuer = issuerOf(context.settings);
  const addresses = servers.map((server) => serverAddress(issuer, server));
  const doors = new Set([new URL(issuer).origin, ...addresses.map((address) => new URL(address).origin)]);
  checkDistinct(servers, addresses, context);
  servers.forEach((server, index) => {
    const at: At = {
      ...context,
      index,
      tell: (path, found, expected) => context.problem([index, ...path], found, expected),
    };
    checkPlace(server, issuer, at);
    checkBehind(server, doors, at);
    checkScopesOf(server, at);
    checkRuleConflicts(server, at);
    checkWho(server, addresses[index], at);
    checkFields(server, at.tell);
  });
}

function checkDistinct(
  servers: ConfiguredServers,
  addresses: readonly ResourceIdentifier[],
  { problem, placeOf, sections }: CheckContext,
): void {
  const names = new Map<string, string>();
  const taken = new Map<string, string>();
  servers.forEach(({ name, host }, index) => {
    const before = names.get(name);
    if (before !== undefined) {
      problem([index, "name"], "the same as another", `one that is not at ${before} too`);
    }
    names.set(name, placeOf([index, "name"]));
    const address = addresses[index] ?? "";
    const at = [index, host === undefined ? "path" : "host"];
    const other = taken.get(address);
    if (other !== undefined) {
      problem(at, `the address ${address}, which another has`, `one that the server at ${other} has not too`);
    }
    taken.set(address, placeOf(at));
    if (sections.resources?.some(({ identifier }) => identifier === address)) {
      const expected = "one that is not under resources: too; what stands behind needs no credential";
      problem(at, `the address ${address}`, expected);
    }
  });
}

/** What this server answers itself, below the issuer's path and, for some, at the root. */
export const ownPaths = [
  "/.well-known",
  "/account",
  "/apps",
  "/assets",
  "/authorize",
  "/backchannel-logout",
  "/callback",
  "/consent",
  "/console",
  "/healthz",
  "/introspect",
  "/jwks.json",
  "/metrics",
  "/passkey",
  "/passkeys",
  "/readyz",
  "/register",
  "/revoke",
  "/sign-in",
  "/sign-out",
  "/token",
];

function checkPlace({ path = defaultPath, host }: ConfiguredServer, issuer: string, { tell }: At): void {
  const { pathname, protocol } = new URL(issuer);
  const base = pathname === "/" ? "" : pathname;
  const own = [...ownPaths, ...ownPaths.map((below) => base + below)];
  if (own.some((each) => path === each || path.startsWith(`${each}/`)) || path === base) {
    tell(["path"], quote(path), "a path that is no page of this server's own, such as /mcp");
  }
  if (host !== undefined && protocol === "http:" && !isNameOfThisComputer(host)) {
    const expected = "a name of this computer such as notes.localhost, because BASE_URL is an http URL";
    tell(["host"], quote(host), expected);
  }
}

const isNameOfThisComputer = (host: string) =>
  /(?:^|\.)localhost(?::\d+)?$|^127\.0\.0\.1(?::\d+)?$/.test(host);

function checkBehind(server: ConfiguredServer, doors: ReadonlySet<string>, at: At): void {
  const { upstream, command, plain } = server;
  const { tell } = at;
  if ((upstream === undefined) === (command === undefined)) {
    const found = upstream === undefined ? "neither" : "both";
    tell([upstream === undefined ? "upstream" : "command"], found, "upstream: or command:, one of the two");
    return;
  }
  const [own, other] = command === undefined ? ["upstream", "command"] : ["command", "upstream"];
  for (const key of command === undefined ? ofStdio : ofHttp) {
    if (server[key] === undefined) continue;
    const instead = key === "credentials" ? "; what a program wants stands under environment:" : "";
    tell([key], `it beside ${own}:`, `it only beside ${other}:${instead}`);
  }
  if (command !== undefined) checkProcesses(at);
  const wrong = upstream === undefined ? undefined : problemOf(upstream, plain === true, doors, at);
  if (wrong !== undefined) tell(["upstream"], wrong.found, wrong.expected);
}

/** Whether children can be started here, and found again. */
function checkProcesses({ mode, settings, tell }: At): void {
  const { WORKERS: workers = 1 } = settings;
  if (workers > 1 && mode !== "dev") {
    const expected = "WORKERS=1, because a session's process is in one of them and clients reach any";
    tell(["command"], `it, with ${workers} workers`, expected);
  }
  if (process.platform === "win32") {
    const expected = "upstream:, because on Windows nobody could end what a command started; or WSL";
    tell(["command"], "it, on Windows", expected);
  }
}

function problemOf(
  upstream: string,
  mayBePlain: boolean,
  doors: ReadonlySet<string>,
  at: At,
): UpstreamProblem | undefined {
  const behind = readUpstream(upstream);
  if ("expected" in behind) return behind;
  if (isThisServer(behind, doors, at)) {
    const expected = "the address of the MCP server behind, which is not this server";
    return { found: "this server itself", expected };
  }
  if (behind.url.protocol !== "http:" || mayBePlain) return undefined;
  if (isOnThisComputer(behind) || isWithinOwnNetwork(behind)) return undefined;
  return {
    found: "plain http to an address that is neither this computer's nor private",
    expected: `https, or plain: true beside it: to ${hostOf(behind.url)} what people send and get would go unencrypted over networks of others`,
  };
}

/** W-n40: what would come in again by the same door, or by another one of this server's. */
function isThisServer(behind: Upstream, doors: ReadonlySet<string>, { settings }: At): boolean {
  const { url, socketPath } = behind;
  if (socketPath !== undefined) return false;
  if (doors.has(`${url.protocol}//${hostOf(url)}${url.port && `:${url.port}`}`)) return true;
  const port = Number(url.port) || (url.protocol === "http:" ? 80 : 443);
  return isOnThisComputer(behind) && settings.PORT !== 0 && port === settings.PORT;
}

function checkScopesOf(server: ConfiguredServer, { tell, problem, index }: At): void {
  const { scopes } = server;
  if (scopes === undefined) return;
  checkScopes(scopes, [index, "scopes"], problem);
  const declared = scopes.map(({ name }) => name);
  for (const { path, scope } of namedScopes(server)) {
    if (!declared.includes(scope)) {
      tell(path, quote(scope), `one of those under scopes: ${declared.join(", ") || "there are none"}`);
    }
  }
}

/** W48: of two rules about one name, one has to come first. */
function checkRuleConflicts(server: ConfiguredServer, { tell }: At): void {
  for (const kind of ["tools", "resources", "prompts"] as const) {
    const rules = server[kind] ?? {};
    for (const [before, key] of findRuleConflicts(rules, kind)) {
      const found = `${quote(rules[key] ?? "")} for what ${quote(before)} gives ${quote(rules[before] ?? "")} for as well`;
      tell(
        [kind, key],
        found,
        "one scope for both, or one rule that is closer: with more characters beside its *",
      );
    }
  }
}

function checkWho(server: ConfiguredServer, address: ResourceIdentifier | undefined, at: At): void {
  if (server.who === undefined || address === undefined) return;
  const { access } = at.sections;
  const keys = [address, shortIdOf(address)].filter((key) => access?.resources?.[key] !== undefined);
  if (keys.length > 0) {
    at.tell(["who"], "rules", `these or access.resources.${keys[0]}, not both`);
  }
  const scopes = scopesOfServer(server).map(({ name }) => name);
  checkRules(server.who, [at.index, "who"], scopes.length > 0 ? scopes : undefined, at);
}
