import { z } from "zod";
import { type BudgetName, defaultBudgets } from "../oauth/budgets.ts";
import { isLoopbackUrl } from "../oauth/host.ts";
import { parseKeyList } from "../oauth/tokens/secret-keys.ts";
import { readAdmins } from "./admins.ts";
import { readAuthorities } from "./authorities.ts";
import {
  autoOr,
  budget as budgetForm,
  choice,
  domainForm,
  type Form,
  list,
  onOff,
  size,
  text,
  time,
  url,
  whole,
} from "./file-forms.ts";
import { readLogo } from "./logo.ts";
import {
  budget,
  byteSize,
  database,
  domains,
  duration,
  mailServer,
  metricsAddress,
  otherPrefixes,
  type Parser,
  parsed,
  port,
  proxies,
  resource,
  safeUrl,
  syslogServer,
  tokenPrefixes,
  workers,
} from "./parsers.ts";

/*
 * Every setting, once: its environment variable, its place in gatehouse.yaml, how it is parsed, what holds
 * without it, what the help says of it. The help, docs/configuration.md and the JSON Schema are made of this
 * table; `config.ts` reads it.
 */

export interface Variable<T> {
  readonly parser: Parser<T>;
  /** Parsed in the place of a variable that is not set. */
  readonly fallback?: string;
  /** How the help shows what holds when it is not set, where `fallback` does not say it. */
  readonly absent?: string;
  readonly meaning: string;
  readonly expected: string;
  /** Never shown, and may stand in a file: `<name>_FILE` names it, or `file:` in gatehouse.yaml. */
  readonly secret?: true;
  /** May stand in such a file, because it may hold a password. */
  readonly inFile?: true;
  /** Where it stands in gatehouse.yaml: its group and its key. */
  readonly path?: string;
  /** How it is written there. */
  readonly form?: Form;
}
type Required<T> = Variable<T> & { readonly fallback: string };

const of = <T>(parser: Parser<T>, about: Omit<Required<T>, "parser">): Required<T> => ({ parser, ...about });
const optional = <T>(
  parser: Parser<T>,
  about: Omit<Variable<T>, "parser" | "fallback"> & { absent: string },
): Variable<T> => ({ parser, ...about });

/** An address that stands in a link without changing it, or a URL. */
const contactForm = /^(?:https?:\/\/[^\s@\\]+|[^\s@?&#%/:]+@[^\s@?&#%/:]+)$/i;

/** Visible, and nothing that turns the text around. */
const brandName = /^(?! )[^\p{C}]{1,60}(?<! )$/u;
const colourForm = /^#(?:[\da-f]{3}|[\da-f]{6})$/i;

const linkForm = /^https:\/\/[^\s@\\"<>]+$/i;
const link = (path: string, meaning: string) =>
  optional(
    parsed((value) => (linkForm.test(value) && URL.canParse(value) ? value : undefined)),
    { absent: "none", path, form: text(linkForm), meaning, expected: "an https URL" },
  );

const lifetime = (path: string, fallback: string, meaning: string, least = "1s", most = "3650d") =>
  of(duration(least, most), {
    path,
    form: time,
    fallback,
    meaning,
    expected: `a length of time such as 900, 15m, 1h or 7d, from ${least} to ${most}`,
  });

/** What each rate budget is without a setting, in the form of the settings. */
const rateLimit = (name: BudgetName, meaning: string) => {
  const { count, seconds } = defaultBudgets[name];
  return of(parsed(budget), {
    path: `rate_limits.${name.replaceAll("-", "_")}`,
    form: budgetForm,
    fallback: `${count}/${seconds / 60}m`,
    meaning,
    expected: "a number in a time such as 600/1m or 5/10s, or off",
  });
};

/**
 * Every variable, once: what it means is the help, what is expected is the fault. In the order of the help.
 */
export const variables = {
  BASE_URL: optional(
    parsed((text) => {
      const url = safeUrl(text);
      return url && { issuer: url.origin + url.pathname.replace(/\/+$/, ""), loopback: isLoopbackUrl(url) };
    }),
    {
      absent: "http://localhost:$PORT",
      path: "server.url",
      form: url,
      meaning: "Public base URL, which is also the issuer identifier. May have a path.",
      expected: "an https URL (http only on localhost) without user information, query and fragment",
    },
  ),
  PORT: of(port(0), {
    fallback: "8080",
    path: "server.port",
    form: whole(0, 65535),
    meaning: "Port to listen on; 0 for any free one.",
    expected: "a port number, 0 to 65535",
  }),
  HOST: optional(z.string().regex(/^[A-Za-z0-9.:_-]+$/), {
    absent: "127.0.0.1 when BASE_URL is a loopback one, else 0.0.0.0",
    path: "server.host",
    form: text(/^[A-Za-z0-9.:_-]+$/),
    meaning: "Address to listen on; :: for IPv6 and IPv4. For gatehouse dev a loopback one.",
    expected: "an IP address or a host name",
  }),
  TRUSTED_PROXIES: optional(parsed(proxies), {
    absent: "none",
    path: "server.trusted_proxies",
    form: list(),
    meaning: "Reverse proxies whose X-Forwarded-For is believed.",
    expected: "a comma-separated list of addresses, CIDR blocks, or the word loopback",
  }),
  CA_FILE: optional(parsed(readAuthorities), {
    absent: "the public authorities alone",
    path: "server.ca_file",
    form: text(),
    meaning:
      "Your own certificate authorities, trusted beside the public ones: for identity providers, clients' documents and the database.",
    expected: "the path of a file with certificates in PEM, which others may not write",
  }),
  METRICS_LISTEN: optional(parsed(metricsAddress), {
    absent: "127.0.0.1:9464 for gatehouse serve, else off",
    path: "server.metrics_listen",
    form: text(/^(?:off|\S+:\d{1,5})$/),
    meaning:
      "Where GET /metrics is answered, for Prometheus or OpenTelemetry's collector. Never on the server's own port. off: nowhere.",
    expected: "an address and a port such as 127.0.0.1:9464 or [::]:9464, or off",
  }),
  SQL_URL: of(parsed(database), {
    fallback: "sqlite:./data/gatehouse.db",
    path: "database.url",
    inFile: true,
    form: text(/^(?:sqlite:|(?:postgres(?:ql)?|cockroachdb):\/\/)\S/),
    meaning: "The database: sqlite:<path of its file>, or the postgres:// URL of PostgreSQL or CockroachDB.",
    expected: "sqlite:<path> or postgres://user:password@host/database",
  }),
  WORKERS: of(parsed(workers), {
    fallback: "1",
    path: "server.workers",
    form: autoOr(1, 256),
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
      path: "database.pool_size",
      form: whole(1, 9999),
      meaning: "Connections to PostgreSQL that this process opens at most.",
      expected: "a number from 1 to 9999",
    },
  ),
  SQL_TIMEOUT: lifetime(
    "database.timeout",
    "5s",
    "How long a request may wait for PostgreSQL before it is told to come again.",
    "1s",
    "60s",
  ),
  SQL_RETRY: lifetime(
    "database.retry",
    "10s",
    "Longest pause between attempts to reach PostgreSQL when serve starts before it.",
    "1s",
    "1h",
  ),
  MIGRATE: of(z.enum(["on", "off"]), {
    fallback: "on",
    path: "database.migrate",
    form: onOff,
    meaning: "Whether serve brings the database up to date when it starts; off: gatehouse migrate does.",
    expected: "on or off",
  }),
  OAUTH2_CLIENT_ID: optional(z.string(), {
    absent: "serve does not start; dev has a sign-in of its own, for this computer only",
    path: "sign_in.client_id",
    form: text(),
    meaning: "Our client id at the identity provider, where the redirect URI is $BASE_URL/callback.",
    expected: "the client id the identity provider gave you",
  }),
  OAUTH2_CLIENT_SECRET: optional(z.string(), {
    absent: "as above",
    path: "sign_in.client_secret",
    form: text(),
    meaning: "Our client secret at the identity provider.",
    expected: "the client secret the identity provider gave you",
    secret: true,
    inFile: true,
  }),
  UPSTREAM_ISSUER: of(
    parsed((text) => safeUrl(text) && text),
    {
      fallback: "https://accounts.google.com",
      path: "sign_in.issuer",
      form: url,
      meaning: "Issuer of the OpenID provider people sign in with, to the letter.",
      expected: "an https URL (http only on localhost) without user information, query and fragment",
    },
  ),
  ALLOWED_DOMAINS: optional(parsed(domains), {
    absent: "every account the identity provider vouches for",
    path: "sign_in.allowed_domains",
    form: list(domainForm),
    meaning:
      "Domains whose people may sign in: at Google the account's organisation, else of the verified address.",
    expected: "a comma-separated list of domains such as example.com",
  }),
  BRAND_NAME: optional(z.string().regex(brandName), {
    absent: "Gatehouse, in the titles alone",
    path: "brand.name",
    form: text(brandName),
    meaning: "Whose sign-in this is: stands above every page and in its title.",
    expected: "a name of at most 60 characters",
  }),
  BRAND_LOGO: optional(parsed(readLogo), {
    absent: "none",
    path: "brand.logo",
    form: text(),
    meaning: "A picture above every page, which is its icon as well.",
    expected: "the path of a PNG, WebP or SVG file of at most 256 kB that not everybody may write",
  }),
  BRAND_ACCENT: optional(z.string().regex(colourForm), {
    absent: "a blue",
    path: "brand.accent",
    form: text(colourForm),
    meaning:
      "Colour of buttons and links. One that could not be read is shown darker on light pages and lighter on dark ones, and the start says so.",
    expected: "a colour such as #14557b, in quotes in the file",
  }),
  BRAND_SUPPORT: optional(
    parsed((text) => (contactForm.test(text) ? text : undefined)),
    {
      absent: "the page says: whoever runs this server",
      path: "brand.support",
      form: text(contactForm),
      meaning:
        "Whom people ask when something went wrong, or when they may not sign in: every such page names it.",
      expected: "an e-mail address or an http(s) URL",
    },
  ),
  ADMINS: optional(parsed(readAdmins), {
    absent: "there is no console",
    path: "sign_in.admins",
    form: list(/^(?:group:[^\s,](?:[^,]*[^\s,])?|[^\s,@]+@[^\s,@]+)$/),
    meaning:
      "Who may use the console at /console: addresses of people, and group:NAME for groups of the provider. See docs/console.md.",
    expected: "a comma-separated list of e-mail addresses and group:NAME",
  }),
  BRAND_IMPRINT: link("brand.imprint", "The legal notice, below every page."),
  BRAND_PRIVACY: link("brand.privacy", "The privacy policy, below every page."),
  BRAND_TERMS: link("brand.terms", "The terms, below every page."),
  PASSKEYS: of(z.enum(["on", "off"]), {
    fallback: "off",
    path: "sign_in.passkeys",
    form: onOff,
    meaning:
      "Accounts of this server's own, for people without a provider: they sign in with passkeys (gatehouse people invite). See docs/providers/passkeys.md.",
    expected: "on or off",
  }),
  SMTP_URL: optional(parsed(mailServer), {
    absent: "invitations are printed, and nothing is mailed",
    path: "mail.server",
    form: text(/^smtps?:\/\/\S+$/),
    meaning:
      "The mail server that invitations are sent through: smtps:// (port 465), or smtp:// (587; encrypted, but on this computer).",
    expected: "smtps://user:password@host, or smtp:// and the same; with a port if it is another",
    secret: true,
    inFile: true,
  }),
  SMTP_FROM: optional(z.string().regex(/^[^\s@,;:<>()"]+@[^\s@,;:<>()"]+$/), {
    absent: "none",
    path: "mail.from",
    form: text(/^\S+@\S+$/),
    meaning: "The address that its mails come from.",
    expected: "an e-mail address",
  }),
  SECRET_KEY: optional(parsed(parseKeyList), {
    absent: "a key file beside the embedded database, created when missing",
    path: "secrets.keys",
    form: list(/^[^,]{32,}$/),
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
    path: "secrets.introspection_token",
    form: text(/^[\x21-\x7E]{16,}$/),
    meaning:
      "Shared secret of callers of /introspect, as bearer token or as secret of the id `introspection`.",
    expected: "at least 16 printable ASCII characters without spaces; `openssl rand -base64 32` makes one",
    secret: true,
    inFile: true,
  }),
  TOKEN_PREFIX: of(parsed(tokenPrefixes), {
    fallback: "gatehouse_at_",
    path: "tokens.prefixes",
    form: list(/^[A-Za-z0-9._-]{1,64}$/),
    meaning: "Prefixes of access tokens, newest first: the first is minted, all are accepted.",
    expected: `a comma-separated list of prefixes of letters, digits and . _ - that cannot be confused with ${otherPrefixes.join(", ")}`,
  }),
  HOME_URL: optional(
    parsed((text) => (/^https?:\/\/[^\s@\\]+$/i.test(text) && URL.canParse(text) ? text : undefined)),
    {
      absent: "none",
      path: "server.home_url",
      form: text(/^https?:\/\/[^\s@\\]+$/i),
      meaning: "Where GET /revoke may send a browser besides the clients' own sites.",
      expected: "an http(s) URL without user information",
    },
  ),
  DEFAULT_RESOURCE: optional(parsed(resource), {
    absent: "the only resource configured, if there is exactly one",
    path: "tokens.default_resource",
    form: text(/^https?:\/\/[^\s#]+$/i),
    meaning: "Resource (MCP server) of clients that name none.",
    expected: "the absolute http(s) URL of an MCP server, without fragment",
  }),
  ACCESS_TOKEN_TTL: lifetime("tokens.access_token", "1h", "Lifetime of access tokens."),
  LEGACY_TOKEN_TTL: lifetime(
    "tokens.legacy_access_token",
    "7d",
    "Lifetime of the one token of client_secret_post clients.",
  ),
  CODE_TTL: lifetime("tokens.code", "60s", "Lifetime of authorization codes.", "1s", "10m"),
  TRANSACTION_TTL: lifetime(
    "sign_in.transaction",
    "10m",
    "How long a person may take to sign in and decide.",
    "1s",
    "1d",
  ),
  LEGACY_TRANSACTION_TTL: lifetime(
    "sign_in.legacy_transaction",
    "1h",
    "The same for client_secret_post clients.",
    "1s",
    "1d",
  ),
  GRANT_IDLE_TTL: lifetime("tokens.grant_idle", "30d", "A grant ends when it was not refreshed for so long."),
  GRANT_TTL: lifetime(
    "tokens.grant",
    "180d",
    "A grant ends so long after the person approved it, refreshed or not.",
  ),
  CIMD: of(z.enum(["on", "off"]), {
    fallback: "on",
    path: "client_documents.accepted",
    form: onOff,
    meaning: "Clients that are known by the URL of a metadata document (CIMD): on or off.",
    expected: "on or off",
  }),
  CIMD_DOCUMENTS: optional(z.string(), {
    absent: "none",
    path: "client_documents.folder",
    form: text(),
    meaning:
      "Folder of *.json metadata documents, each used for the URL in its client_id instead of fetching it.",
    expected: "the path of a folder",
  }),
  CIMD_ALLOWED_DOMAINS: optional(parsed(domains), {
    absent: "all",
    path: "client_documents.allowed_domains",
    form: list(domainForm),
    meaning: "Domains whose metadata documents are accepted, subdomains included.",
    expected: "a comma-separated list of domains such as example.com",
  }),
  CIMD_DENIED_DOMAINS: optional(parsed(domains), {
    absent: "none",
    path: "client_documents.denied_domains",
    form: list(domainForm),
    meaning: "Domains whose metadata documents are refused, subdomains included.",
    expected: "a comma-separated list of domains such as example.com",
  }),
  ASSERTION_AUDIENCE: of(z.enum(["issuer", "compatible"]), {
    fallback: "issuer",
    path: "client_registration.assertion_audience",
    form: choice("issuer", "compatible"),
    meaning:
      "What assertions of private_key_jwt clients must be made for: the issuer, or (compatible) the token endpoint too.",
    expected: "issuer or compatible",
  }),
  REPLAY_WINDOW: lifetime(
    "tokens.replay_window",
    "60s",
    "How long the last refresh token may be sent again.",
    "0s",
    "1d",
  ),
  LATE_REPLAY: lifetime(
    "tokens.late_replay",
    "7d",
    "How long after its first use the last refresh token, sent again later than that, still gets a new one; 0: never.",
    "0s",
    "180d",
  ),
  SESSION_IDLE_TTL: lifetime(
    "sign_in.session_idle",
    "12h",
    "A browser session ends when it was not used for so long.",
  ),
  SESSION_TTL: lifetime("sign_in.session", "7d", "A browser session ends so long after the sign-in."),
  CLIENT_UNUSED_TTL: lifetime(
    "client_registration.unused",
    "7d",
    "Clients that registered themselves go when nobody used them for so long.",
    "1h",
  ),
  CLIENT_IDLE_TTL: lifetime(
    "client_registration.idle",
    "90d",
    "Clients that registered themselves go when unused for so long.",
    "1h",
  ),
  SHARED_TOKENS: optional(z.enum(["on", "off"]), {
    absent: "on where the database was that of the service before Gatehouse, else off",
    path: "tokens.shared",
    form: onOff,
    meaning:
      "Whether every access token has its row in user_tokens, for other services that read that table.",
    expected: "on or off",
  }),
  RATE_LIMITS: of(z.enum(["on", "off"]), {
    fallback: "on",
    path: "server.rate_limits",
    form: onOff,
    meaning: "Limits of requests per address, and of failed secrets.",
    expected: "on or off",
  }),
  RATE_LIMIT_AUTHORIZE: rateLimit("authorize", "Authorization requests from one address."),
  RATE_LIMIT_TOKEN: rateLimit("token", "Requests for tokens from one address."),
  RATE_LIMIT_REGISTER: rateLimit("register", "Registrations of clients from one address."),
  RATE_LIMIT_REVOKE: rateLimit("revoke", "Revocations from one address."),
  RATE_LIMIT_SIGN_IN: rateLimit("sign-in", "Steps of signing in from one address."),
  RATE_LIMIT_GUESSES: rateLimit(
    "guesses",
    "Wrong secrets from one address for one client or MCP server; for all of them ten times as many.",
  ),
  LOG_LEVEL: of(z.enum(["debug", "info", "warn", "error", "silent"]), {
    fallback: "info",
    path: "log.level",
    form: choice("debug", "info", "warn", "error", "silent"),
    meaning: "What is logged: debug, info, warn, error or silent.",
    expected: "debug, info, warn, error or silent",
  }),
  LOG_FORMAT: optional(z.enum(["json", "text"]), {
    absent: "text in gatehouse dev, else json",
    path: "log.format",
    form: choice("json", "text"),
    meaning: "json (for machines, a line an event) or text (for people).",
    expected: "json or text",
  }),
  TRACE_TTL: lifetime(
    "insight.trace_ttl",
    "7d",
    "How long gatehouse trace can tell what happened in an attempt to sign in.",
    "1h",
    "365d",
  ),
  TRACE_SIZE: of(byteSize("1MB", "999GB"), {
    path: "insight.trace_size",
    form: size,
    fallback: "100MB",
    meaning:
      "How much of the database that may take. A fifth is for attempts in which nobody signed in: they push out only each other.",
    expected: "a size such as 500kB, 100MB or 2GB, from 1MB to 999GB",
  }),
  AUDIT_TTL: lifetime(
    "insight.audit_ttl",
    "400d",
    "How long the audit trail keeps records. Where that is shorter than TRACE_TTL, gatehouse trace cannot say of older attempts whether the app got its tokens.",
    "1d",
  ),
  AUDIT_SIZE: of(byteSize("10MB", "999GB"), {
    path: "insight.audit_size",
    form: size,
    fallback: "1GB",
    meaning: "How much of the database they may take; beyond that the oldest go.",
    expected: "a size such as 500MB or 2GB, from 10MB to 999GB",
  }),
  AUDIT_SYSLOG: optional(parsed(syslogServer), {
    absent: "none",
    path: "insight.audit_syslog",
    form: text(/^(?:tcp|tls):\/\/\S+$/),
    meaning:
      "A syslog server that gets the audit trail as well, while it is written. Its certificate is always verified (tls://).",
    expected: "tls://logs.example.com:6514 or tcp://10.0.0.5:601",
  }),
  DEMO_PORT: of(port(1), {
    fallback: "8081",
    path: "development.demo_port",
    form: whole(1, 65535),
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
