import { endpointUrls } from "../../oauth/messages/endpoint-urls.ts";
import { OAuthError } from "../../oauth/messages/errors.ts";
import type { OAuthRequest } from "../../oauth/messages/request.ts";
import { page, redirect, type SetCookie } from "../../oauth/messages/response.ts";
import { refuseForeignForm } from "../../oauth/messages/same-origin.ts";
import type { Endpoint } from "../../oauth/services.ts";
import { hashSecret, mintSecret } from "../../oauth/tokens/secret.ts";
import { type SecretHash, seconds } from "../../oauth/values.ts";
import { paths, type RelyingParty } from "./relying-party.ts";

const cookieName = "gatehouse-invitations";
/** Seconds: as long as an invitation may last. */
export const maxInvitationLifetime = seconds(30 * 86_400);

/**
 * The page behind an invitation's link. GET only shows it, however often scanners of mail and previews of
 * chats open it; POST binds it to this browser and goes on to the registration (V61).
 */
export function invitationEndpoint(party: RelyingParty): Endpoint {
  const urls = endpointUrls(party.issuer);
  const { store, clock } = party;
  return async (request) => {
    const posted = request.method === "POST";
    if (posted) refuseForeignForm(request, urls.origin);
    const token = (posted ? request.form : request.query)?.get("token") ?? "";
    const tokenHash = hashSecret(token);
    const browser = readBrowser(request);
    if (!posted) {
      const taker = browser === undefined ? undefined : hashSecret(browser);
      const invitation = await store.findInvitation(tokenHash, taker, clock.now());
      if (invitation === undefined) throw invitationOver();
      const action = urls.basePath + paths.invitation;
      return page(200, { kind: "invitation", action, token, email: invitation.email || undefined });
    }
    const secret = browser ?? mintSecret(party.random);
    if (!(await store.bindInvitation(tokenHash, hashSecret(secret), clock.now()))) throw invitationOver();
    const next = new URL(party.issuer + paths.registration);
    next.searchParams.set("invitation", tokenHash);
    return redirect("POST", next.href, [browserCookie(secret)]);
  };
}

/** The secret of a browser that took an invitation. */
export function readBrowser({ cookies }: OAuthRequest): string | undefined {
  return cookies.get(cookieName);
}

/** One page for all that is wrong with an invitation: nobody learns which there ever were. */
export function invitationOver(): OAuthError {
  return new OAuthError("invalid_grant", {
    hint: "no such invitation",
    reason: { key: "invitationOver" },
  });
}

/** What binds a registration's challenge: this browser, and this invitation (V64). */
export function registrationBinding(browser: string, tokenHash: SecretHash): SecretHash {
  return hashSecret(`${browser} ${tokenHash}`);
}

function browserCookie(value: string): SetCookie {
  return { name: cookieName, value, maxAge: maxInvitationLifetime };
}
