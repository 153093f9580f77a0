import ipaddr from "ipaddr.js";
import { quote, type VariableError } from "./config-errors.ts";
import { type Values, variables } from "./environment-variables.ts";

/*
 * What only shows when several variables are looked at together: whether this may start, and if not, what to set.
 */

/** `serve` demands what production needs, `dev` refuses to be reachable from outside, `command` demands nothing. */
export type Mode = "serve" | "dev" | "command";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The reasons not to start.
 * @param values what could be parsed; what could not is told elsewhere
 */
export function contradictions(
  environment: Environment,
  values: Partial<Values>,
  mode: Mode,
): VariableError[] {
  if (mode === "command") return keysTwice(values);
  return [
    ...missingCredentials(environment, values, mode),
    ...(mode === "dev" ? reachableFromOutside(values) : []),
    ...missingKey(values),
    ...keysTwice(values),
    ...(mode === "serve" ? unsharedDatabase(values) : []),
    ...unknownIssuer(environment, values),
  ];
}

const isGiven = (environment: Environment, variable: string) => Boolean(environment[variable]?.trim());

/** `dev` brings a sign-in of its own when there are none; `serve` never does. */
function missingCredentials(environment: Environment, values: Partial<Values>, mode: Mode): VariableError[] {
  const { OAUTH2_CLIENT_ID: id, OAUTH2_CLIENT_SECRET: secret, UPSTREAM_ISSUER: issuer } = values;
  if (mode === "dev" && id === undefined && secret === undefined) return [];
  const known = values.BASE_URL?.issuer ?? (isGiven(environment, "BASE_URL") ? "$BASE_URL" : undefined);
  const callback = `${known ?? `http://localhost:${values.PORT ?? "$PORT"}`}/callback`;
  const errors: VariableError[] = [];
  if (id === undefined) {
    const whereFrom =
      issuer === variables.UPSTREAM_ISSUER.fallback
        ? `the client id of a web application at Google: create one at https://console.cloud.google.com/apis/credentials with the redirect URI ${callback} (for another provider set UPSTREAM_ISSUER)`
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

/** `dev` signs in whoever types an address, and fetches documents from this computer: it is for nobody else. */
function reachableFromOutside({ BASE_URL: base, HOST: host }: Partial<Values>): VariableError[] {
  const errors: VariableError[] = [];
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
function missingKey(values: Partial<Values>): VariableError[] {
  const { SECRET_KEY: keys, SECRET_KEY_FILE: file } = values;
  if (values.SQL_URL?.kind !== "postgres" || keys !== undefined || file !== undefined) return [];
  const expected = `${variables.SECRET_KEY.expected}, the same for every instance on this database; make one, once: openssl rand -hex 32`;
  return [{ variable: "SECRET_KEY", found: "nothing", expected }];
}

/** Nobody could say which of the two holds. */
function keysTwice({ SECRET_KEY: keys, SECRET_KEY_FILE: file }: Partial<Values>): VariableError[] {
  if (keys === undefined || file === undefined) return [];
  return [
    { variable: "SECRET_KEY_FILE", found: quote(file), expected: "nothing, because SECRET_KEY is set too" },
  ];
}

function unsharedDatabase({ SQL_URL: database, WORKERS: workers = 1 }: Partial<Values>): VariableError[] {
  if (workers === 1 || database?.kind !== "sqlite" || database.path !== ":memory:") return [];
  return [{ variable: "WORKERS", found: quote(String(workers)), expected: "1 with a database in memory" }];
}

function unknownIssuer(environment: Environment, { PORT: port }: Partial<Values>): VariableError[] {
  if (port !== 0 || isGiven(environment, "BASE_URL")) return [];
  return [{ variable: "BASE_URL", found: "nothing", expected: "a URL, because PORT is 0" }];
}
