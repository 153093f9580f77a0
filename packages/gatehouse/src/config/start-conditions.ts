import ipaddr from "ipaddr.js";
import { isIpLiteral } from "../oauth/host.ts";
import { type ConfigProblem, quote } from "./config-errors.ts";
import { type Values, variables } from "./environment-variables.ts";
import type { DeclaredProviders } from "./sections/providers.ts";

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
 * @param providers the identity providers that the file names; undefined: none, `"wrong"`: they could not
 * be read
 */
export function contradictions(
  isGiven: IsGiven,
  values: Partial<Values>,
  mode: Mode,
  providers: DeclaredProviders | "wrong" | undefined,
): ConfigProblem[] {
  if (mode === "command") return [];
  const mayBeMissing = mode === "dev" || providers !== undefined || values.PASSKEYS === "on";
  return [
    ...missingCredentials(isGiven, values, mayBeMissing),
    ...passkeyProblems(values, providers),
    ...mailProblems(isGiven, values),
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
      secret === undefined
        ? "; for people without any provider: PASSKEYS=on; to try it, on this computer: gatehouse dev"
        : "";
    errors.push({ variable: "OAUTH2_CLIENT_ID", found: "nothing", expected: whereFrom + tryOut });
  }
  if (secret === undefined) {
    const expected = "the client secret that belongs to the client id, from the same page";
    errors.push({ variable: "OAUTH2_CLIENT_SECRET", found: "nothing", expected });
  }
  return errors;
}

/** What would keep people with passkeys out (V17, V63). */
function passkeyProblems(
  values: Partial<Values>,
  providers: DeclaredProviders | "wrong" | undefined,
): ConfigProblem[] {
  const declared = providers === "wrong" ? [] : (providers ?? []);
  const declares = declared.some(({ kind }) => kind === "passkey");
  if (values.PASSKEYS !== "on" && !declares) return [];
  const { BASE_URL: base, OAUTH2_CLIENT_ID: id, ALLOWED_DOMAINS: domains } = values;
  const errors: ConfigProblem[] = [];
  if (base !== undefined && isIpLiteral(new URL(base.issuer).hostname)) {
    errors.push({
      variable: "BASE_URL",
      found: quote(base.issuer),
      expected:
        "a URL with the name of a host, because browsers make no passkeys for an IP address; on this computer http://localhost:8080",
    });
  }
  if (values.PASSKEYS !== "on" || declares) return errors;
  if (providers !== undefined) {
    errors.push({
      variable: "PASSKEYS",
      found: quote("on"),
      expected:
        "off beside providers: in gatehouse.yaml, and there one of kind: passkey with the domains of its people",
    });
  } else if (id !== undefined && domains === undefined) {
    errors.push({
      variable: "ALLOWED_DOMAINS",
      found: "nothing",
      expected:
        "the domains whose addresses the identity provider may speak for: with PASSKEYS people of all others are invited here",
    });
  }
  return errors;
}

function mailProblems(isGiven: IsGiven, { SMTP_FROM: from }: Partial<Values>): ConfigProblem[] {
  if (!isGiven("SMTP_URL") || from !== undefined) return [];
  return [{ variable: "SMTP_FROM", found: "nothing", expected: "the address that mails come from" }];
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
