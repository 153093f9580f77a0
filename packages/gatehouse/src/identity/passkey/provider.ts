import { answersPage } from "../../oauth/endpoints/error-response.ts";
import type { IdentityProvider } from "../../oauth/ports.ts";
import type { Endpoint } from "../../oauth/services.ts";
import { invitationEndpoint } from "./invitation.ts";
import { ownPasskeysEndpoint } from "./own-passkeys.ts";
import { registrationEndpoint } from "./registration.ts";
import { paths, type RelyingParty } from "./relying-party.ts";
import { completeSignIn, signInEndpoint } from "./sign-in.ts";

export interface PasskeyProvider extends IdentityProvider {
  /** Its pages, by their path below the issuer; each takes GET and POST, and HEAD where that is said. */
  readonly pages: readonly { readonly path: string; readonly endpoint: Endpoint; readonly head?: boolean }[];
}

/**
 * Accounts of our own, for people without a provider: they sign in with passkeys (WebAuthn), which they
 * register by an invitation of whoever runs the server. It takes the same way as any provider, a redirect to
 * a page and a callback with a code, but the page is ours.
 */
export function createPasskeyProvider(
  party: RelyingParty & Pick<IdentityProvider, "title" | "domains">,
): PasskeyProvider {
  return {
    name: party.name,
    title: party.title,
    domains: party.domains,
    ownPage: paths.own,
    async signInUrl({ state }) {
      const url = new URL(party.issuer + paths.signIn);
      url.searchParams.set("state", state);
      return url;
    },
    completeSignIn: (callback, { state }) => completeSignIn(party, callback, state),
    pages: [
      { path: paths.signIn, endpoint: answersPage(party, signInEndpoint(party)) },
      { path: paths.invitation, endpoint: answersPage(party, invitationEndpoint(party)), head: true },
      { path: paths.registration, endpoint: answersPage(party, registrationEndpoint(party)) },
      { path: paths.own, endpoint: answersPage(party, ownPasskeysEndpoint(party)) },
    ],
  };
}
