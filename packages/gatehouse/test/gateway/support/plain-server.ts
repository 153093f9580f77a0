import { defaultIdentityHeaders, type ProtectedServer } from "../../../src/gateway/protected-server.ts";
import { canonicalResource } from "../../../src/oauth/resource.ts";

/** A server of which the operator says nothing but where it is. */
export function aPlainServer(address: string, backend: ProtectedServer["backend"]): ProtectedServer {
  return {
    name: "notes",
    title: undefined,
    address: canonicalResource(address),
    backend,
    scopes: [],
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
