import { createServer, type RequestListener } from "node:http";
// @ts-expect-error untyped; see test/support/upstream.ts for why these parts
import { createMemoryAdapter } from "oidc-provider/lib/adapters/memory_adapter.js";
// @ts-expect-error untyped
import { Provider as UntypedProvider } from "oidc-provider/lib/provider.js";
import { closeServer, listen, makeSigningKey } from "../../../support/upstream.ts";
import type { Ends } from "./mcp-server.ts";

const Provider: new (issuer: string, configuration: object) => { callback(): RequestListener } =
  UntypedProvider;

/** `oidc-provider` set up for MCP clients: they register, name the resource; people sign in on its pages. */
export async function startOidcProvider(t: Ends): Promise<{ issuer: string; asked: string[] }> {
  const asked: string[] = [];
  let handle: RequestListener = (_, response) => response.destroy();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", issuer);
    response.on("finish", () => asked.push(`${request.method} ${pathname} ${response.statusCode}`));
    handle(request, response);
  });
  const issuer = await listen(server);
  t.after(() => closeServer(server));
  const provider = new Provider(issuer, {
    adapter: createMemoryAdapter(),
    jwks: { keys: [await makeSigningKey()] },
    cookies: { keys: ["a key of the tests"] },
    scopes: ["openid", "offline_access", "mcp"],
    clientBasedCORS: () => true,
    findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    issueRefreshToken: (_: unknown, client: { grantTypeAllowed(type: string): boolean }) =>
      client.grantTypeAllowed("refresh_token"),
    pkce: { required: () => true },
    features: {
      registration: { enabled: true },
      registrationManagement: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: "mcp", accessTokenFormat: "opaque" }),
      },
      rpInitiatedLogout: { enabled: false },
    },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 3600,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 3600,
      Session: 3600,
    },
  });
  handle = provider.callback();
  return { issuer, asked };
}
