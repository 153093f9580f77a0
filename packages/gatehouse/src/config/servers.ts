import {
  defaultIdentityHeaders,
  type HttpBackendSettings,
  type IdentityHeaders,
  identityFields,
  type ProtectedServer,
  type StdioBackendSettings,
} from "../gateway/protected-server.ts";
import { inheritedEnvironment } from "../gateway/stdio/environment.ts";
import type { SectionValues } from "./sections/sections.ts";
import { serverAddress } from "./sections/server-address.ts";
import type { ConfiguredServer } from "./sections/server-schema.ts";
import { scopesOfServer } from "./sections/server-scopes.ts";
import { readUpstream } from "./sections/server-upstream.ts";

/** What all servers have of this process. */
export interface Surroundings {
  /** Certificates trusted everywhere, as PEM. */
  readonly authorities: readonly string[];
  /** The environment of this process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The MCP servers behind this one, as `servers:` has them, in its order.
 */
export function configuredServers(
  issuer: string,
  { servers = [] }: SectionValues,
  around: Surroundings,
): readonly ProtectedServer[] {
  return servers.map((server) => protectedServer(issuer, server, around));
}

function protectedServer(
  issuer: string,
  server: ConfiguredServer,
  { authorities, environment }: Surroundings,
): ProtectedServer {
  const { tools, resources, prompts, base_scope: base = [], limits } = server;
  return {
    name: server.name,
    title: server.title,
    address: serverAddress(issuer, server),
    backend:
      server.command === undefined
        ? overHttp(server, authorities)
        : overStdio(server, server.command, inheritedEnvironment(environment)),
    scopes: scopesOfServer(server),
    baseScopes: typeof base === "string" ? [base] : base,
    permissions: { tools, resources, prompts },
    list: server.list ?? "obtainable",
    identityHeaders: identityHeaders(server.identity),
    assertion: server.assertion ?? false,
    origins: server.origins ?? [],
    limits: { callsPerMinute: limits?.calls_per_minute, tools: limits?.tools ?? {} },
    auditedArguments: server.audited_arguments ?? {},
    maxCallSeconds: server.max_call ?? 3600,
    keepAliveSeconds: server.keep_alive ?? 25,
  };
}

function overHttp(server: ConfiguredServer, authorities: readonly string[]): HttpBackendSettings {
  const { upstream = "", ca_file: own = [], credentials = {}, timeouts = {} } = server;
  const behind = readUpstream(upstream);
  if ("expected" in behind) throw new Error(`${server.name}: no upstream`); // the checks have seen to it
  return {
    kind: "http",
    ...behind,
    authorities: [...authorities, ...own],
    keepsHost: server.host_header === "keep",
    credentials,
    timeouts: {
      connectMs: (timeouts.connect ?? 5) * 1000,
      firstByteMs: (timeouts.first_byte ?? 300) * 1000,
      silenceMs: (timeouts.silence ?? 60) * 1000,
    },
  };
}

function overStdio(
  server: ConfiguredServer,
  [program = "", ...args]: readonly string[],
  inherited: Readonly<Record<string, string>>,
): StdioBackendSettings {
  return {
    kind: "stdio",
    command: [program, ...args],
    folder: server.folder,
    inherited,
    environment: server.environment ?? {},
    per: server.per ?? "session",
    maxChildren: server.max_children ?? 50,
    maxChildrenPerPerson: server.max_children_per_person ?? 5,
    idleSeconds: server.idle ?? 1800,
    firstAnswerMs: (server.first_answer ?? 60) * 1000,
  };
}

function identityHeaders(given: ConfiguredServer["identity"] = {}): IdentityHeaders {
  const named = identityFields.map((field) => {
    const header = given[field] ?? defaultIdentityHeaders[field];
    return [field, header === false ? undefined : header];
  });
  return Object.fromEntries(named) as IdentityHeaders;
}
