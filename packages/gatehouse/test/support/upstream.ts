import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { errors, interactionPolicy } from "oidc-provider";

export interface UpstreamAccount {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
}

/** An identity provider we did not write (`oidc-provider`), with a person in front of it who always does the same. */
export interface Upstream {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who signs in next. */
  account: UpstreamAccount;
  /** What that person does: goes on, or cancels. */
  decision: "continue" | "cancel";
  /** How many requests this path has seen. */
  requests(path: string): number;
  close(): Promise<void>;
}

/** Starts it on a free loopback port. Its client may redirect to the given URIs. */
export async function startUpstream(options: {
  readonly redirectUris: readonly string[];
}): Promise<Upstream> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const seen = new Map<string, number>();
  const upstream: Upstream = {
    issuer,
    clientId: "gatehouse",
    clientSecret: "the-secret-of-gatehouse-at-its-identity-provider",
    account: { sub: "alice", email: "alice@example.com", email_verified: true },
    decision: "continue",
    requests: (path) => seen.get(path) ?? 0,
    close: () => close(server),
  };
  // Every authorization request asks who is there, so that a change of account shows at once.
  const policy = interactionPolicy.base();
  policy
    .get("login")
    ?.checks.add(
      new interactionPolicy.Check(
        "always",
        "who is there?",
        (context) => context.oidc.result?.login === undefined,
      ),
    );
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: upstream.clientId,
        client_secret: upstream.clientSecret,
        redirect_uris: [...options.redirectUris],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { policy, url: (_context, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ["a-key-of-the-tests"] },
    ttl: {
      Interaction: 3600,
      Session: 3600,
      Grant: 3600,
      AccessToken: 3600,
      IdToken: 3600,
      AuthorizationCode: 600,
    },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...upstream.account, sub }) }),
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client?.clientId ?? "",
        accountId: context.oidc.session?.accountId ?? "",
      });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  provider.on("server_error", (_context, error) => console.error("upstream:", error));
  const handle = provider.callback();
  server.on("request", (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    seen.set(path, (seen.get(path) ?? 0) + 1);
    if (!path.startsWith("/interaction/")) return void handle(request, response);
    const result =
      upstream.decision === "cancel"
        ? { error: "access_denied", error_description: "the person cancelled" }
        : { login: { accountId: upstream.account.sub } };
    provider
      .interactionFinished(request, response, result, { mergeWithLastSubmission: false })
      .catch((error: unknown) => {
        response.writeHead(error instanceof errors.SessionNotFound ? 400 : 500).end(String(error));
      });
  });
  return upstream;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}
