import { createOpenIdProvider } from "../../src/identity/openid/provider.ts";
import { endpointUrls } from "../../src/oauth/messages/endpoint-urls.ts";
import type { Access, Identity, IdentityProvider } from "../../src/oauth/ports.ts";
import { startTestGatehouse, type TestGatehouse } from "./gatehouse.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

export interface TwoProviders extends TestGatehouse {
  /** `work`, for example.com. */
  readonly work: Upstream;
  /** `home`, for all other domains. */
  readonly home: Upstream;
  /** What they prove besides, or instead. */
  proven: Partial<Identity>;
}

/** A server at which people sign in with one of two real providers. Stop it in an `after` hook. */
export async function startWithTwoProviders(
  environment: Record<string, string> = {},
  access?: () => Access | undefined,
): Promise<TwoProviders> {
  const upstreams: Upstream[] = [];
  const start = async (
    issuer: string,
    name: string,
    title: string,
    domains: IdentityProvider["domains"],
  ): Promise<IdentityProvider> => {
    const callbackUrl = endpointUrls(issuer).callbackOf(name);
    const upstream = await startUpstream({ redirectUris: [callbackUrl] });
    upstreams.push(upstream);
    const { clientId, clientSecret } = upstream;
    const about = { name, title, issuer: upstream.issuer, clientId, clientSecret, callbackUrl };
    const provider = createOpenIdProvider(about);
    return {
      name,
      title,
      domains,
      signInUrl: provider.signInUrl,
      completeSignIn: async (...answer) => ({
        ...(await provider.completeSignIn(...answer)),
        ...started.proven,
      }),
    };
  };
  const server = await startTestGatehouse(environment, "serve", access, async (issuer) => [
    await start(issuer, "work", "Work account", ["example.com"]),
    await start(issuer, "home", "Home <i>account</i>", "*"),
  ]);
  const [work, home] = upstreams;
  if (work === undefined || home === undefined) throw new Error("two were started");
  const started: TwoProviders = {
    ...server,
    work,
    home,
    proven: {},
    async stop() {
      await server.stop();
      await Promise.all(upstreams.map((upstream) => upstream.close()));
    },
  };
  return started;
}
