import { OAuthError } from "../messages/errors.ts";
import { requireForm } from "../messages/parameters.ts";
import { originOf } from "../messages/request.ts";
import { noStore } from "../messages/response.ts";
import { type IdentityProvider, type LogoutNotice, SignInError } from "../ports.ts";
import type { Endpoint, Services } from "../services.ts";
import { subjectOf } from "../subject.ts";
import { hashSecret } from "../tokens/secret.ts";

/**
 * Where an identity provider tells that somebody signed out there (OpenID Connect Back-Channel Logout §2.5).
 * The token alone counts: it is verified as this provider's, used once, and ends what is of its own people.
 * 200 whether or not there was anything to end, 400 for what proves nothing (§2.8).
 * @param name of the provider whose endpoint it is
 */
export function backchannelLogoutEndpoint(services: Services, name: string): Endpoint {
  const { events, providers, store } = services;
  return async (request) => {
    const token = requireForm(request.form).get("logout_token");
    if (token === undefined) throw new OAuthError("invalid_request", { hint: "logout_token is missing" });
    const provider = providers.find(name);
    const notice = await readNotice(provider, token);
    const { id, issuer, sid, subject, acceptedUntil } = notice;
    const ended = await store.signOutByProvider({
      noticeHash: hashSecret(JSON.stringify(["logout", issuer, id])),
      acceptedUntil,
      issuer,
      sid,
      subject: subject === undefined ? undefined : subjectOf({ issuer, subject }),
      endsGrants: provider?.logoutEnds === "grants",
    });
    if (ended === undefined) throw refused("the logout token was used before");
    await events.record({
      name: "provider_logout",
      ...originOf(request),
      provider: name,
      subject: subject === undefined ? undefined : subjectOf({ issuer, subject }),
      detail: `${name}: ${ended.sessions} sessions and ${ended.grants} grants ended`,
    });
    return { status: 200, headers: noStore };
  };
}

async function readNotice(provider: IdentityProvider | undefined, token: string): Promise<LogoutNotice> {
  if (provider?.readLogoutToken === undefined) throw refused("this provider signs nobody out here");
  return provider.readLogoutToken(token).catch((error: unknown) => {
    if (!(error instanceof SignInError)) throw error;
    throw new OAuthError("invalid_request", {
      hint: "the logout token is not accepted",
      debug: error.message,
      cause: error.cause,
    });
  });
}

function refused(hint: string): OAuthError {
  return new OAuthError("invalid_request", { hint });
}
