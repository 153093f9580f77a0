import { eligibleProviders } from "../authorization/provider-choice.ts";
import { startVisit } from "../authorization/visit.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import { redirect } from "../messages/response.ts";
import type { Endpoint, Services } from "../services.ts";

/** `GET /sign-in/home`: a person signs in without an app, to see what is theirs. */
export function homeSignInEndpoint(services: Services): Endpoint {
  return async (request) => {
    const providers = eligibleProviders(services, {});
    const name = request.query.get("provider") ?? providers[0]?.name;
    const provider = providers.find((each) => each.name === name);
    if (provider === undefined) throw new OAuthError("invalid_request", { hint: "no such provider" });
    const { basePath } = endpointUrls(services.settings.issuer);
    const about = { prompt: "select_account", returnTo: `${basePath}/` } as const;
    const { location, cookies } = await startVisit(services, request, provider, about);
    return redirect(request.method, location.href, cookies);
  };
}
