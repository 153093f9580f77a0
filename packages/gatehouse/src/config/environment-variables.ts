import { availableParallelism } from "node:os";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { canonicalHost, isIpLiteral, isLoopbackUrl } from "../oauth/host.ts";
import { canonicalResource } from "../oauth/resource.ts";
import {
  clientSecretPrefix,
  codePrefix,
  registrationTokenPrefix,
  resourceCredentialPrefix,
} from "../oauth/tokens/prefixes.ts";
import { parseKeyList } from "../oauth/tokens/secret-keys.ts";
import { type Seconds, seconds } from "../oauth/values.ts";

/*
 * Every environment variable, once: how it is parsed, what holds without it, what the help says of it. `config.ts` reads them.
 */

type Parser<T> = z.ZodType<T, string>;

/** A parser from a function that gives `undefined` for what it does not accept. */
function parsed<T>(parse: (text: string) => T | undefined): Parser<T> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", input: text });
    return z.NEVER;
  });
}

const list = (text: string) => text.split(",").map((entry) => entry.trim());

/** Https, or http on this computer; without user information, query and fragment. */
function safeUrl(text: string): URL | undefined {
  if (!/^https?:\/\/[^\s?#@\\]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" || isLoopbackUrl(url) ? url : undefined;
}

const port = (least: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((number) => number >= least && number <= 65535);

const unitLength: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `3600` or `3600s`, `15m`, `1h`, `7d` in seconds; NaN for anything else. */
function length(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (unitLength[unit] ?? 1);
}

/** A duration as every variable and option takes it, in seconds; `undefined` when it is none. */
export function parseDuration(text: string): Seconds | undefined {
  const found = length(text);
  return Number.isNaN(found) ? undefined : seconds(found);
}

const duration = (least: string, most: string) =>
  parsed((text) =>
    length(text) >= length(least) && length(text) <= length(most) ? seconds(length(text)) : undefined,
  );

function workers(text: string): number | undefined {
  if (text === "auto") return availableParallelism();
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 256 ? count : undefined;
}

const otherPrefixes = [
  "gatehouse_rt_",
  codePrefix,
  clientSecretPrefix,
  resourceCredentialPrefix,
  registrationTokenPrefix,
];

function tokenPrefixes(text: string): readonly [string, ...string[]] | undefined {
  const prefixes = list(text);
  const distinct = prefixes.every(
    (prefix) =>
      /^[A-Za-z0-9._-]{1,64}$/.test(prefix) &&
      // T08: one of another kind must never look like one of these.
      !otherPrefixes.some((other) => other.startsWith(prefix) || prefix.startsWith(other)),
  );
  return distinct ? nonEmpty(prefixes) : undefined;
}

function nonEmpty<T>(values: readonly T[]): readonly [T, ...T[]] | undefined {
  const [first, ...rest] = values;
  return first === undefined ? undefined : [first, ...rest];
}

function proxies(text: string): string[] | undefined {
  const entries = list(text);
  const valid = (entry: string) =>
    entry === "loopback" || ipaddr.isValidCIDR(entry) || (/[.:]/.test(entry) && ipaddr.isValid(entry));
  return entries.every(valid) ? entries : undefined;
}

function database(
  text: string,
): { kind: "sqlite"; path: string } | { kind: "postgres"; url: string } | undefined {
  const path = /^sqlite:(?:\/\/(?=\/))?(?!\/\/)(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: "sqlite", path };
  const [, rest] = /^(?:postgres(?:ql)?|cockroachdb):\/\/([^\s]+)$/.exec(text) ?? [];
  // The driver knows one name for all of them.
  return rest !== undefined && URL.canParse(text)
    ? { kind: "postgres", url: `postgres://${rest}` }
    : undefined;
}

function domains(text: string): string[] | undefined {
  const entries = list(text);
  const names = entries
    .map(canonicalHost)
    .filter((name) => name !== undefined)
    .filter((name) => /^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/.test(name) && !isIpLiteral(name));
  return names.length === entries.length ? names : undefined;
}

function resource(text: string) {
  try {
    return canonicalResource(text);
  } catch {
    return undefined;
  }
}

export interface Variable<T> {
  readonly parser: Parser<T>;
  /** Parsed in the place of a variable that is not set. */
  readonly fallback?: string;
  /** How the help shows what holds when it is not set, where `fallback` does not say it. */
  readonly absent?: string;
  readonly meaning: string;
  readonly expected: string;
  readonly secret?: true;
  /** Whether it may stand in a file that `<name>_FILE` names. */
  readonly inFile?: true;
}
type Required<T> = Variable<T> & { readonly fallback: string };

const of = <T>(parser: Parser<T>, about: Omit<Required<T>, "parser">): Required<T> => ({ parser, ...about });
const optional = <T>(
  parser: Parser<T>,
  about: Omit<Variable<T>, "parser" | "fallback"> & { absent: string },
): Variable<T> => ({ parser, ...about });

const lifetime = (fallback: string, meaning: string, least = "1s", most = "3650d") =>
  of(duration(least, most), {
    fallback,
    meaning,
    expected: `a length of time such as 900, 15m, 1h or 7d, from ${least} to ${most}`,
  });

/** Every variable, once: what it means is the help, what is expected is the fault. In the order of the help. */
export const variables = {
  BASE_URL: optional(
    parsed((text) => {
      const url = safeUrl(text);
      return url && { issuer: url.origin + url.pathname.replace(/\/+$/, ""), loopback: isLoopbackUrl(url) };
    }),
    {
      absent: "http://localhost:$PORT",
      meaning: "Public base URL, which is also the issuer identifier. May have a path.",
      expected: "an https URL (http only on localhost) without user information, query and fragment",
    },
  ),
  PORT: of(port(0), {
    fallback: "8080",
    meaning: "Port to listen on; 0 for any free one.",
    expected: "a port number, 0 to 65535",
  }),
  HOST: optional(z.string().regex(/^[A-Za-z0-9.:_-]+$/), {
    absent: "127.0.0.1 when BASE_URL is a loopback one, else 0.0.0.0",
    meaning: "Address to listen on; :: for IPv6 and IPv4. For gatehouse dev a loopback one.",
    expected: "an IP address or a host name",
  }),
  TRUSTED_PROXIES: optional(parsed(proxies), {
    absent: "none",
    meaning: "Reverse proxies whose X-Forwarded-For is believed.",
    expected: "a comma-separated list of addresses, CIDR blocks, or the word loopback",
  }),
  SQL_URL: of(parsed(database), {
    fallback: "sqlite:./data/gatehouse.db",
    meaning: "The database: sqlite:<path of its file>, or the postgres:// URL of PostgreSQL or CockroachDB.",
    expected: "sqlite:<path> or postgres://user:password@host/database",
    inFile: true,
  }),
  WORKERS: of(parsed(workers), {
    fallback: "1",
    meaning: "Processes of serve that share the port; auto: one for each CPU.",
    expected: "auto, or a number from 1 to 256",
  }),
  SQL_POOL_SIZE: of(
    z
      .string()
      .regex(/^[1-9]\d{0,3}$/)
      .transform(Number),
    {
      fallback: "10",
      meaning: "Connections to PostgreSQL that this process opens at most.",
      expected: "a number from 1 to 9999",
    },
  ),
  SQL_TIMEOUT: lifetime(
    "5s",
    "How long a request may wait for PostgreSQL before it is told to come again.",
    "1s",
    "60s",
  ),
  SQL_RETRY: lifetime(
    "10s",
    "Longest pause between attempts to reach PostgreSQL when serve starts before it.",
    "1s",
    "1h",
  ),
  MIGRATE: of(z.enum(["on", "off"]), {
    fallback: "on",
    meaning: "Whether serve brings the database up to date when it starts; off: gatehouse migrate does.",
    expected: "on or off",
  }),
  OAUTH2_CLIENT_ID: optional(z.string(), {
    absent: "serve does not start; dev has a sign-in of its own, for this computer only",
    meaning: "Our client id at the identity provider, where the redirect URI is $BASE_URL/callback.",
    expected: "the client id the identity provider gave you",
  }),
  OAUTH2_CLIENT_SECRET: optional(z.string(), {
    absent: "as above",
    meaning: "Our client secret at the identity provider.",
    expected: "the client secret the identity provider gave you",
    secret: true,
    inFile: true,
  }),
  UPSTREAM_ISSUER: of(
    parsed((text) => safeUrl(text) && text),
    {
      fallback: "https://accounts.google.com",
      meaning: "Issuer of the OpenID provider people sign in with, to the letter.",
      expected: "an https URL (http only on localhost) without user information, query and fragment",
    },
  ),
  ALLOWED_DOMAINS: optional(parsed(domains), {
    absent: "every account the identity provider vouches for",
    meaning:
      "Domains whose people may sign in: at Google the account's organisation, else of the verified address.",
    expected: "a comma-separated list of domains such as example.com",
  }),
  SECRET_KEY: optional(parsed(parseKeyList), {
    absent: "a key file beside the embedded database, created when missing",
    meaning: "Keys that refresh tokens are made with, newest first: the first mints, all verify.",
    expected: "a comma-separated list of keys of at least 32 characters each",
    secret: true,
  }),
  SECRET_KEY_FILE: optional(z.string(), {
    absent: "as above",
    meaning: "File with the keys instead, one a line, newest first.",
    expected: "the path of a file",
  }),
  INTROSPECTION_TOKEN: optional(z.string().regex(/^[\x21-\x7E]{16,}$/), {
    absent: "only a resource's own credential may introspect",
    meaning:
      "Shared secret of callers of /introspect, as bearer token or as secret of the id `introspection`.",
    expected: "at least 16 printable ASCII characters without spaces; `openssl rand -base64 32` makes one",
    secret: true,
    inFile: true,
  }),
  TOKEN_PREFIX: of(parsed(tokenPrefixes), {
    fallback: "gatehouse_at_",
    meaning: "Prefixes of access tokens, newest first: the first is minted, all are accepted.",
    expected: `a comma-separated list of prefixes of letters, digits and . _ - that cannot be confused with ${otherPrefixes.join(", ")}`,
  }),
  HOME_URL: optional(
    parsed((text) => (/^https?:\/\/[^\s@\\]+$/i.test(text) && URL.canParse(text) ? text : undefined)),
    {
      absent: "none",
      meaning: "Where GET /revoke may send a browser besides the clients' own sites.",
      expected: "an http(s) URL without user information",
    },
  ),
  DEFAULT_RESOURCE: optional(parsed(resource), {
    absent: "the only resource configured, if there is exactly one",
    meaning: "Resource (MCP server) of clients that name none.",
    expected: "the absolute http(s) URL of an MCP server, without fragment",
  }),
  ACCESS_TOKEN_TTL: lifetime("1h", "Lifetime of access tokens."),
  LEGACY_TOKEN_TTL: lifetime("7d", "Lifetime of the one token of client_secret_post clients."),
  CODE_TTL: lifetime("60s", "Lifetime of authorization codes.", "1s", "10m"),
  TRANSACTION_TTL: lifetime("10m", "How long a person may take to sign in and decide.", "1s", "1d"),
  LEGACY_TRANSACTION_TTL: lifetime("1h", "The same for client_secret_post clients.", "1s", "1d"),
  GRANT_IDLE_TTL: lifetime("30d", "A grant ends when it was not refreshed for so long."),
  GRANT_TTL: lifetime("180d", "A grant ends so long after the person approved it, refreshed or not."),
  CIMD: of(z.enum(["on", "off"]), {
    fallback: "on",
    meaning: "Clients that are known by the URL of a metadata document (CIMD): on or off.",
    expected: "on or off",
  }),
  CIMD_DOCUMENTS: optional(z.string(), {
    absent: "none",
    meaning:
      "Folder of *.json metadata documents, each used for the URL in its client_id instead of fetching it.",
    expected: "the path of a folder",
  }),
  CIMD_ALLOWED_DOMAINS: optional(parsed(domains), {
    absent: "all",
    meaning: "Domains whose metadata documents are accepted, subdomains included.",
    expected: "a comma-separated list of domains such as example.com",
  }),
  CIMD_DENIED_DOMAINS: optional(parsed(domains), {
    absent: "none",
    meaning: "Domains whose metadata documents are refused, subdomains included.",
    expected: "a comma-separated list of domains such as example.com",
  }),
  ASSERTION_AUDIENCE: of(z.enum(["issuer", "compatible"]), {
    fallback: "issuer",
    meaning:
      "What assertions of private_key_jwt clients must be made for: the issuer, or (compatible) the token endpoint too.",
    expected: "issuer or compatible",
  }),
  REPLAY_WINDOW: lifetime("60s", "How long the last refresh token may be sent again.", "0s", "1d"),
  LATE_REPLAY: lifetime(
    "7d",
    "How long after its first use the last refresh token, sent again later than that, still gets a new one; 0: never.",
    "0s",
    "180d",
  ),
  SESSION_IDLE_TTL: lifetime("12h", "A browser session ends when it was not used for so long."),
  SESSION_TTL: lifetime("7d", "A browser session ends so long after the sign-in."),
  CLIENT_UNUSED_TTL: lifetime(
    "7d",
    "Clients that registered themselves go when nobody used them for so long.",
    "1h",
  ),
  CLIENT_IDLE_TTL: lifetime("90d", "Clients that registered themselves go when unused for so long.", "1h"),
  RATE_LIMITS: of(z.enum(["on", "off"]), {
    fallback: "on",
    meaning: "Limits of requests per address, and of failed secrets.",
    expected: "on or off",
  }),
  LOG_LEVEL: of(z.enum(["debug", "info", "warn", "error", "silent"]), {
    fallback: "info",
    meaning: "What is logged: debug, info, warn, error or silent.",
    expected: "debug, info, warn, error or silent",
  }),
  LOG_FORMAT: optional(z.enum(["json", "text"]), {
    absent: "text in gatehouse dev, else json",
    meaning: "json (for machines, a line an event) or text (for people).",
    expected: "json or text",
  }),
  DEMO_PORT: of(port(1), {
    fallback: "8081",
    meaning: "Port of the demo MCP server of gatehouse dev.",
    expected: "a port number, 1 to 65535",
  }),
};

type Variables = typeof variables;
type Name = keyof Variables;
/** The parsed values, by variable; those without a default may be missing. */
export type Values = {
  [K in Name]:
    | z.output<Variables[K]["parser"]>
    | (Variables[K] extends { fallback: string } ? never : undefined);
};

/** The variables whose value may stand in a file; of `SECRET_KEY` the keys themselves take care. */
export const variablesInFiles = Object.entries<Variable<unknown>>(variables)
  .filter(([, { inFile }]) => inFile)
  .map(([name]) => name);

/** What the help says of every variable. */
export function describeVariables(): { name: string; absent: string; meaning: string }[] {
  return Object.entries<Variable<unknown>>(variables).map(([name, { fallback, absent, meaning }]) => ({
    name,
    absent: absent ?? fallback ?? "",
    meaning,
  }));
}
