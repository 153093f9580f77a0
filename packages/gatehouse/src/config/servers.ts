import { defaultIdentityHeaders, type ProtectedServer } from "../gateway/protected-server.ts";
import type { ResourceScope } from "../oauth/records.ts";
import { canonicalResource } from "../oauth/resource.ts";
import type { SectionValues } from "./sections/sections.ts";

type ConfiguredServer = NonNullable<SectionValues["servers"]>[number];

/** The MCP servers behind this one, as `servers:` has them. */
export function configuredServers(
  issuer: string,
  { servers = [] }: SectionValues,
): readonly ProtectedServer[] {
  return servers.map((server) => protectedServer(issuer, server));
}

function protectedServer(
  issuer: string,
  { name, title, path, upstream, scopes = [] }: ConfiguredServer,
): ProtectedServer {
  return {
    name,
    title,
    address: canonicalResource(new URL(issuer).origin + path),
    backend: {
      kind: "http",
      url: new URL(upstream),
      socketPath: undefined,
      authorities: [],
      keepsHost: false,
      credentials: {},
      timeouts: { connectMs: 5000, firstByteMs: 300_000, silenceMs: 60_000 },
    },
    scopes: scopesOf(scopes),
    baseScopes: [],
    permissions: { tools: undefined, resources: undefined, prompts: undefined },
    list: "obtainable",
    identityHeaders: defaultIdentityHeaders,
    assertion: false,
    origins: [],
    limits: { callsPerMinute: undefined, tools: {} },
    auditedArguments: {},
    maxCallSeconds: 3600,
    keepAliveSeconds: 25,
  };
}

/** Scopes as the file writes them, as records. */
export function scopesOf(scopes: NonNullable<ConfiguredServer["scopes"]>): readonly ResourceScope[] {
  return scopes.map(({ name, sentence, default: isDefault, optional: isOptional }) => ({
    name,
    sentence,
    ...(isDefault && { isDefault: true as const }),
    ...(isOptional && { isOptional: true as const }),
  }));
}
