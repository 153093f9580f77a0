import ipaddr from "ipaddr.js";
import { type ConfigProblem, quote } from "./config-errors.ts";
import { type Values, variables } from "./environment-variables.ts";

/*
 * What only shows when several variables are looked at together: whether this may start, and if not, what to
 * set.
 */

/**
 * `serve` demands what production needs, `dev` refuses to be reachable from outside, `command` demands
 * nothing.
 */
export type Mode = "serve" | "dev" | "command";

/** Whether anything says what the variable shall be, right or wrong. */
type IsGiven = (variable: string) => boolean;

/**
 * The reasons not to start.
 * @param values what could be parsed; what could not is told elsewhere
 * @param hasProviders whether the file names identity providers, right or wrong
 */
export function contradictions(
  isGiven: IsGiven,
  values: Partial<Values>,
  mode: Mode,
  hasProviders: boolean,
): ConfigProblem[] {
  if (mode === "command") return [];
  return [
    ...missingCredentials(isGiven, values, mode === "dev" || hasProviders),
    ...(mode === "dev" ? reachableFromOutside(values) : []),
    ...missingKey(values),
    ...(mode === "serve" ? unsharedDatabase(values) : []),
    ...unknownIssuer(isGiven, values),
  ];
}

/**
 * Somebody has to say who people are.
 * @param mayBeMissing somebody else does: the file's providers, or in `dev` a sign-in of its own
 */
function missingCredentials(
  isGiven: IsGiven,
  values: Partial<Values>,
  mayBeMissing: boolean,
): ConfigProblem[] {
  const { OAUTH2_CLIENT_ID: id, OAUTH2_CLIENT_SECRET: secret, UPSTREAM_ISSUER: issuer } = values;
  if (mayBeMissing && id === undefined && secret === undefined) return [];
  const known = values.BASE_URL?.issuer ?? (isGiven("BASE_URL") ? "$BASE_URL" : undefined);
  const callback = `${known ?? `http://localhost:${values.PORT ?? "$PORT"}`}/callback`;
  const errors: ConfigProblem[] = [];
  if (id === undefined) {
    const whereFrom =
      issuer === variables.UPSTREAM_ISSUER.fallback
        ? `the client id of a web application at Google: create one at https://console.cloud.google.com/apis/credentials with the redirect URI ${callback} (for another provider set UPSTREAM_ISSUER; for GitHub, or several, providers: in gatehouse.yaml)`
        : `the client id that ${issuer ?? "$UPSTREAM_ISSUER"} gives a confidential web application with the redirect URI ${callback}`;
    const tryOut =
      secret === undefined ? "; to try it without a provider, on this computer: gatehouse dev" : "";
    errors.push({ variable: "OAUTH2_CLIENT_ID", found: "nothing", expected: whereFrom + tryOut });
  }
  if (secret === undefined) {
    const expected = "the client secret that belongs to the client id, from the same page";
    errors.push({ variable: "OAUTH2_CLIENT_SECRET", found: "nothing", expected });
  }
  return errors;
}

/**
 * `dev` signs in whoever types an address, and fetches documents from this computer: it is for nobody else.
 */
function reachableFromOutside({ BASE_URL: base, HOST: host }: Partial<Values>): ConfigProblem[] {
  const errors: ConfigProblem[] = [];
  if (base?.loopback === false) {
    errors.push({
      variable: "BASE_URL",
      found: quote(base.issuer),
      expected: "a loopback URL such as http://localhost:8080; for any other there is gatehouse serve",
    });
  }
  if (host !== undefined && !isLoopbackHost(host)) {
    errors.push({
      variable: "HOST",
      found: quote(host),
      expected:
        "nothing, or a loopback address such as 127.0.0.1: gatehouse dev signs in whoever types an address, so it answers this computer only (in a container: run it in the host's network); for others there is gatehouse serve, with an identity provider",
    });
  }
  return errors;
}

function isLoopbackHost(host: string): boolean {
  return host === "localhost" || (ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback");
}

/** With a shared database a key file would be another one on each machine. */
function missingKey(values: Partial<Values>): ConfigProblem[] {
  const { SECRET_KEY: keys, SECRET_KEY_FILE: file } = values;
  if (values.SQL_URL?.kind !== "postgres" || keys !== undefined || file !== undefined) return [];
  const expected = `${variables.SECRET_KEY.expected}, the same for every instance on this database; make one, once: openssl rand -hex 32`;
  return [{ variable: "SECRET_KEY", found: "nothing", expected }];
}

function unsharedDatabase({ SQL_URL: database, WORKERS: workers = 1 }: Partial<Values>): ConfigProblem[] {
  if (workers === 1 || database?.kind !== "sqlite" || database.path !== ":memory:") return [];
  return [{ variable: "WORKERS", found: quote(String(workers)), expected: "1 with a database in memory" }];
}

function unknownIssuer(isGiven: IsGiven, { PORT: port }: Partial<Values>): ConfigProblem[] {
  if (port !== 0 || isGiven("BASE_URL")) return [];
  return [{ variable: "BASE_URL", found: "nothing", expected: "a URL, because PORT is 0" }];
}
