import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { clientId, introspector, introspectorSecret, redirectUri, resource, scope } from "./clients.ts";
import type { Task } from "./filling.ts";
import { challenge, secret } from "./secrets.ts";

const day = 86_400;

/** The rows of one model. */
interface Adapter {
  upsert(id: string, row: Record<string, unknown>): Promise<void>;
}

type AdapterOf = (model: string) => Adapter;

/** Stores what it holds from the beginning, each with a person and a grant of its own. */
export async function fill(adapterOf: AdapterOf, { filling }: Task): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  async function store(kind: string, n: number, jti: string, more: Record<string, unknown>): Promise<void> {
    const grantId = secret(`${kind} grant`, n);
    const common = { iat: now, exp: now + day, accountId: secret(`${kind} subject`, n), clientId };
    const grant = { ...common, jti: grantId, kind: "Grant", resources: { [resource]: scope } };
    await adapterOf("Grant").upsert(grantId, grant);
    await adapterOf(kind).upsert(jti, { ...common, jti, kind, grantId, scope, ...more });
  }

  const gty = "authorization_code";
  for (let n = 0; n < filling.tokens; n++) {
    await store("AccessToken", n, secret("token", n), { gty, aud: resource });
  }
  for (let n = 0; n < filling.chains; n++) {
    await store("RefreshToken", n, secret("refresh", n), { gty, resource, iiat: now, authTime: now });
  }
  for (let n = 0; n < filling.codes; n++) {
    await store("AuthorizationCode", n, secret("code", n), {
      redirectUri,
      resource,
      authTime: now,
      codeChallenge: challenge(secret("verifier", n)),
      codeChallengeMethod: "S256",
    });
  }
}

/** Listens, once it is filled. */
export function serve(adapterOf: AdapterOf, { port }: Task): void {
  const signingKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    adapter: adapterOf,
    clients: [
      {
        client_id: clientId,
        application_type: "native",
        token_endpoint_auth_method: "none",
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
      },
      {
        client_id: introspector,
        client_secret: introspectorSecret,
        token_endpoint_auth_method: "client_secret_basic",
        redirect_uris: [],
        response_types: [],
        grant_types: [],
      },
    ],
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    cookies: { keys: ["signs no cookie here"] },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      registration: { enabled: true, issueRegistrationAccessToken: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope, audience: resource, accessTokenFormat: "opaque" }),
      },
    },
    findAccount: (_context: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId }),
    }),
    jwks: { keys: [{ ...signingKey, use: "sig", alg: "ES256" }] },
    rotateRefreshToken: true,
    scopes: scope.split(" "),
    ttl: { AccessToken: 3600, AuthorizationCode: day, Grant: 14 * day, RefreshToken: 14 * day },
  });
  createServer(provider.callback()).listen(port, "127.0.0.1");
}
