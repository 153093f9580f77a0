import { resolve } from "node:path";
import type { AdminList } from "../access/admins.ts";
import type { ProtectedServer } from "../gateway/protected-server.ts";
import type { Budget, Budgets } from "../oauth/budgets.ts";
import type { Settings } from "../oauth/settings.ts";
import type { Seconds } from "../oauth/values.ts";
import { adminProblems, configuredAdmins } from "./admins.ts";
import { fingerprintOf } from "./changes.ts";
import { ConfigError, type ConfigProblem, quote, quoteUrl } from "./config-errors.ts";
import {
  type ConfigFile,
  type GivenFile,
  noConfigFile,
  readConfigFile,
  readGivenFile,
} from "./config-file.ts";
import { type Values, type Variable, variables } from "./environment-variables.ts";
import type { LogoFile } from "./logo.ts";
import { misspeltVariables } from "./misspelt-variables.ts";
import { type OpenTelemetry, readOpenTelemetry } from "./open-telemetry.ts";
import { configuredProviders, type ProviderConfig } from "./providers.ts";
import { checkSections, type SectionReadings, withSection } from "./sections/read-sections.ts";
import type { SectionValues } from "./sections/sections.ts";
import { configuredServers } from "./servers.ts";
import { expectedInFile, pathOfVariable } from "./settings-table.ts";
import { collectSources, type Source, type Sources, variableNames } from "./sources.ts";
import { contradictions, type Mode } from "./start-conditions.ts";

/** The whole configuration, validated. */
export interface Config {
  /** What the protocol needs of it; the secret keys are loaded later, because they may have to be created. */
  readonly settings: Omit<Settings, "secretKeys" | "keyId" | "sharedTokens">;
  /** `BRAND_*`: what the pages show of whose house this is. */
  readonly brand: {
    readonly name: string | undefined;
    readonly logo: LogoFile | undefined;
    readonly accent: string | undefined;
    readonly support: string | undefined;
    readonly imprint: string | undefined;
    readonly privacy: string | undefined;
    readonly terms: string | undefined;
  };
  /** `SECRET_KEY`, newest first. */
  readonly secretKeys: readonly [string, ...string[]] | undefined;
  /** `SECRET_KEY_FILE`; with neither the keys are in the file beside the database. */
  readonly secretKeyFile: string | undefined;
  /** `SHARED_TOKENS`; `undefined`: as the database's history has it. */
  readonly sharedTokens: boolean | undefined;
  /** `CIMD_DOCUMENTS`: pinned metadata documents. */
  readonly clientDocumentsFolder: string | undefined;
  /** `CA_FILE`: certificates of authorities that are trusted beside the public ones, as PEM. */
  readonly authorities: readonly string[];
  /** Port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /**
   * `METRICS_LISTEN`; `undefined`: nobody is told metrics. One that nobody chose may be another's port
   * already.
   */
  readonly metrics: { readonly host: string; readonly port: number; readonly isDefault: boolean } | undefined;
  /** `AUDIT_SYSLOG`: who gets the audit trail as well. */
  readonly auditSyslog: { readonly isTls: boolean; readonly host: string; readonly port: number } | undefined;
  /** `OTEL_…`: what is sent to a collector. */
  readonly openTelemetry: OpenTelemetry;
  /** `WORKERS`: processes that share the port. */
  readonly workers: number;
  readonly storage: StorageConfig;
  /** Where people sign in, in the operator's order; for a server at least one. */
  readonly providers: readonly ProviderConfig[];
  /** Who may use the console; `undefined`: there is none. */
  readonly admins: AdminList | undefined;
  /** `SMTP_URL` and `SMTP_FROM`; undefined: nothing is mailed. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  /** Addresses, CIDR blocks, or `loopback`. */
  readonly trustedProxies: readonly string[];
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error" | "silent";
    readonly format: "json" | "text";
  };
  /** MCP servers that are reached through this one alone. */
  readonly servers: readonly ProtectedServer[];
  /** Port of the demo MCP server that `gatehouse dev` starts. */
  readonly demoPort: number;
  /** After so long without use a client that registered itself is removed. */
  readonly clientIdle: Seconds;
  /** After so long one that nobody ever used goes. */
  readonly clientUnused: Seconds;
  /** How often somebody may do something; undefined: as often as they like. */
  readonly rateLimits: Budgets | undefined;
  /** For how many milliseconds what happened in attempts is remembered, and how many bytes of it. */
  readonly traces: { readonly ageMs: number; readonly bytes: number };
  /** For how many milliseconds the audit trail keeps records, and how many bytes of them. */
  readonly audit: { readonly ageMs: number; readonly bytes: number };
  /** What gatehouse.yaml says in its sections; one that it does not have is not there. */
  readonly sections: SectionValues;
  /** `gatehouse.yaml:3:9`: where the value at a path of a section stands. */
  readonly placeOf: SectionReadings["placeOf"];
  readonly file: ConfigFileAbout | undefined;
  /**
   * Another one where file or settings are others; of a secret in the environment it only tells that it is
   * set.
   */
  readonly fingerprint: string;
}

/** The configuration file that was read. */
export interface ConfigFileAbout {
  readonly path: string;
  /** The first 12 digits of what `sha256sum` says of it. */
  readonly hash: string;
  /** Where it ends without a line break, as what is half written does. */
  readonly unfinishedAt: string | undefined;
  /** Where the line `...` stands that ends it, if one does. */
  readonly endsAt: string | undefined;
}

export type StorageConfig =
  /** `path` may be `:memory:`. */
  | { readonly kind: "sqlite"; readonly path: string; readonly migrate: boolean }
  | {
      readonly kind: "postgres";
      /** May hold a password: see {@link describeStorage}. */
      readonly url: string;
      readonly poolSize: number;
      /** Milliseconds. */
      readonly statementTimeout: number;
      /** Milliseconds between two attempts to reach it at the start, at most. */
      readonly maxRetryMs: number;
      readonly migrate: boolean;
    };

/**
 * The database in words for people and logs: the absolute path of its file, or its host and name without user
 * and password.
 */
export function describeStorage(storage: StorageConfig): string {
  if (storage.kind === "sqlite") return storage.path === ":memory:" ? storage.path : resolve(storage.path);
  const { host, pathname } = new URL(storage.url);
  return `postgres://${host}${pathname}`;
}

/** What is read, beside the working folder's own file. */
export interface ConfigInput {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--config`. */
  readonly configPath?: string | undefined;
  /** In the place of any file: what another process has read. */
  readonly givenFile?: GivenFile | undefined;
  /** In the place of the section of the file, as it would stand there: the servers of a command line. */
  readonly servers?: readonly unknown[] | undefined;
}

/**
 * Reads the environment and the configuration file, which is `--config`, `GATEHOUSE_CONFIG`, or
 * `gatehouse.yaml` in the working folder.
 * @throws {ConfigError} with every fault, not just the first
 */
export function loadConfig(input: ConfigInput, mode: Mode): Config {
  return loadSettings(input, mode).config;
}

export interface LoadedSettings {
  readonly mode: Mode;
  readonly config: Config;
  readonly sources: Sources;
  readonly file: ConfigFile;
}

/** The same, with where each setting comes from. */
export function loadSettings(
  { environment, configPath, givenFile, servers }: ConfigInput,
  mode: Mode,
): LoadedSettings {
  const errors: ConfigProblem[] = [];
  const found =
    givenFile === undefined
      ? readConfigFile(configPath, environment, errors)
      : readGivenFile(givenFile, errors);
  const file = servers === undefined ? found : withServers(found, servers, errors);
  return { ...read(environment, file, mode, errors), file, mode };
}

function withServers(file: ConfigFile, servers: readonly unknown[], errors: ConfigProblem[]): ConfigFile {
  const place = file.sections.placeOf("servers", []);
  if (place !== undefined) {
    const expected = "nothing, because the command line names the server; gatehouse serve serves these";
    errors.push({ variable: "servers", place, found: "servers in the file", expected });
  }
  return { ...file, sections: withSection(file.sections, "servers", servers, errors) };
}

/**
 * Reads the environment alone. A variable that is empty counts as absent; surrounding white space is not part
 * of a value. A name that is almost one of ours is a fault.
 * @throws {ConfigError} with every fault, not just the first
 */
export function readConfig(environment: ConfigInput["environment"], mode: Mode): Config {
  return read(environment, noConfigFile, mode, []).config;
}

function read(
  environment: ConfigInput["environment"],
  file: ConfigFile,
  mode: Mode,
  errors: ConfigProblem[],
): { readonly config: Config; readonly sources: Sources } {
  errors.push(...misspeltVariables(environment, variableNames));
  const sources = collectSources(environment, file, errors);
  parseAll(sources.losing, errors);
  const values = parseAll(sources.winning, errors);
  const isGiven = (variable: string) => sources.winning.has(variable);
  checkSections(file.sections, { mode, settings: values }, errors);
  const told = new Set(errors.map(({ variable }) => variable));
  const wrong = file.sections.placeOf("providers", []) === undefined ? undefined : "wrong";
  const providers = file.sections.values.providers ?? wrong;
  const problems = [
    ...contradictions(isGiven, values, mode, providers),
    ...(mode === "command" || providers === "wrong"
      ? []
      : adminProblems(values.ADMINS, configuredProviders(values, file.sections.values, mode))),
  ];
  for (const error of problems) {
    // What is there, but wrong, is not missing.
    if (!told.has(error.variable) && !told.has(pathOfVariable(error.variable) ?? error.variable)) {
      errors.push(located(error, file, sources));
    }
  }
  if (errors.length > 0) throw new ConfigError(errors);
  // Without a fault every value is there.
  const composed = compose(values as Values, mode, file, environment);
  return { config: { ...composed, fingerprint: fingerprintOf(composed.file, sources) }, sources };
}

function parseAll(sources: ReadonlyMap<string, Source>, errors: ConfigProblem[]): Partial<Values> {
  const values: Record<string, unknown> = {};
  for (const [variable, about] of Object.entries<Variable<unknown>>(variables)) {
    const source = sources.get(variable) ?? { text: about.fallback, name: variable };
    if (source.text === undefined) continue;
    const result = about.parser.safeParse(source.text);
    if (result.success) values[variable] = result.data;
    else errors.push(describeError(about, source.text, source));
  }
  return values as Partial<Values>;
}

function describeError(
  { secret, inFile, expected }: Variable<unknown>,
  text: string,
  { name, place, secretFile }: Pick<Source, "name" | "place" | "secretFile">,
): ConfigProblem {
  // In the file of a URL a password may stand alone.
  const isHidden = secret || secretFile !== undefined;
  return {
    variable: name,
    place,
    found: isHidden ? `a value of ${text.length} characters` : inFile ? quoteUrl(text) : quote(text),
    expected: place === undefined ? expected : expectedInFile(expected),
  };
}

/** An error of several settings, where it stands in the file; of what stands nowhere, where it could. */
function located(error: ConfigProblem, file: ConfigFile, { winning }: Sources): ConfigProblem {
  const source = winning.get(error.variable);
  if (source !== undefined) return { ...error, variable: source.name, place: source.place };
  const path = pathOfVariable(error.variable);
  if (file.path === undefined || path === undefined) return error;
  return { ...error, expected: `${error.expected} (in ${file.path}: ${path})` };
}

function compose(
  values: Values,
  mode: Mode,
  file: ConfigFile,
  environment: ConfigInput["environment"],
): Omit<Config, "fingerprint"> {
  const { issuer, loopback } = values.BASE_URL ?? {
    issuer: `http://localhost:${values.PORT}`,
    loopback: true,
  };
  const providers = configuredProviders(values, file.sections.values, mode);
  const loopbackHost = issuer.startsWith("http://[::1]") ? "::1" : "127.0.0.1";
  return {
    settings: {
      issuer,
      tokenPrefixes: values.TOKEN_PREFIX,
      introspectionToken: values.INTROSPECTION_TOKEN,
      homeUrl: values.HOME_URL,
      defaultResource: values.DEFAULT_RESOURCE,
      assertionAudiences:
        values.ASSERTION_AUDIENCE === "issuer" ? [issuer] : [issuer, `${issuer}/`, `${issuer}/token`],
      clientDocuments: {
        enabled: values.CIMD === "on",
        allowLoopback: mode === "dev",
        allowedDomains: values.CIMD_ALLOWED_DOMAINS,
        deniedDomains: values.CIMD_DENIED_DOMAINS ?? [],
      },
      // At 5 kB each 5 MB and 100 MB.
      unusedRegistrations: { perAddress: values.RATE_LIMITS === "on" ? 1000 : undefined, inAll: 20_000 },
      lifetimes: {
        accessToken: values.ACCESS_TOKEN_TTL,
        legacyAccessToken: values.LEGACY_TOKEN_TTL,
        code: values.CODE_TTL,
        transaction: values.TRANSACTION_TTL,
        legacyTransaction: values.LEGACY_TRANSACTION_TTL,
        grantIdle: values.GRANT_IDLE_TTL,
        grant: values.GRANT_TTL,
        replayWindow: values.REPLAY_WINDOW,
        lateReplay: values.LATE_REPLAY,
        sessionIdle: values.SESSION_IDLE_TTL,
        session: values.SESSION_TTL,
      },
    },
    brand: {
      name: values.BRAND_NAME,
      logo: values.BRAND_LOGO,
      accent: values.BRAND_ACCENT,
      support: values.BRAND_SUPPORT,
      imprint: values.BRAND_IMPRINT,
      privacy: values.BRAND_PRIVACY,
      terms: values.BRAND_TERMS,
    },
    secretKeys: values.SECRET_KEY,
    secretKeyFile: values.SECRET_KEY_FILE,
    sharedTokens: values.SHARED_TOKENS && values.SHARED_TOKENS === "on",
    clientDocumentsFolder: values.CIMD_DOCUMENTS,
    authorities: values.CA_FILE ?? [],
    listen: { host: values.HOST ?? (loopback ? loopbackHost : "0.0.0.0"), port: values.PORT },
    metrics: composeMetrics(values, mode),
    auditSyslog: values.AUDIT_SYSLOG,
    openTelemetry: readOpenTelemetry(environment),
    workers: mode === "serve" ? values.WORKERS : 1,
    storage: composeStorage(values),
    providers,
    admins: configuredAdmins(values.ADMINS, providers),
    mail:
      values.SMTP_URL === undefined || values.SMTP_FROM === undefined
        ? undefined
        : { url: values.SMTP_URL, from: values.SMTP_FROM },
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    log: { level: values.LOG_LEVEL, format: values.LOG_FORMAT ?? (mode === "dev" ? "text" : "json") },
    servers: configuredServers(issuer, file.sections.values, {
      authorities: values.CA_FILE ?? [],
      environment,
    }),
    demoPort: values.DEMO_PORT,
    clientIdle: values.CLIENT_IDLE_TTL,
    clientUnused: values.CLIENT_UNUSED_TTL,
    rateLimits: values.RATE_LIMITS === "on" ? composeBudgets(values) : undefined,
    traces: { ageMs: values.TRACE_TTL * 1000, bytes: values.TRACE_SIZE },
    audit: { ageMs: values.AUDIT_TTL * 1000, bytes: values.AUDIT_SIZE },
    sections: file.sections.values,
    placeOf: file.sections.placeOf,
    file:
      file.path === undefined
        ? undefined
        : { path: file.path, hash: file.hash, unfinishedAt: file.unfinishedAt, endsAt: file.endsAt },
  };
}

function composeMetrics({ METRICS_LISTEN: chosen }: Values, mode: Mode): Config["metrics"] {
  if (chosen === "off" || (chosen === undefined && mode !== "serve")) return undefined;
  return chosen === undefined
    ? { host: "127.0.0.1", port: 9464, isDefault: true }
    : { ...chosen, isDefault: false };
}

function composeStorage(values: Values): StorageConfig {
  const migrate = values.MIGRATE === "on";
  if (values.SQL_URL.kind === "sqlite") return { ...values.SQL_URL, migrate };
  return {
    ...values.SQL_URL,
    poolSize: values.SQL_POOL_SIZE,
    statementTimeout: values.SQL_TIMEOUT * 1000,
    maxRetryMs: values.SQL_RETRY * 1000,
    migrate,
  };
}

function composeBudgets(values: Values): Budgets {
  const set = (budget: Budget | "off") => (budget === "off" ? undefined : budget);
  return {
    authorize: set(values.RATE_LIMIT_AUTHORIZE),
    token: set(values.RATE_LIMIT_TOKEN),
    register: set(values.RATE_LIMIT_REGISTER),
    revoke: set(values.RATE_LIMIT_REVOKE),
    "sign-in": set(values.RATE_LIMIT_SIGN_IN),
    guesses: set(values.RATE_LIMIT_GUESSES),
  };
}
