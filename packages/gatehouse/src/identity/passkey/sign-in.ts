import { endpointUrls } from "../../oauth/messages/endpoint-urls.ts";
import { OAuthError } from "../../oauth/messages/errors.ts";
import { page, redirect } from "../../oauth/messages/response.ts";
import { refuseForeignForm } from "../../oauth/messages/same-origin.ts";
import { type Identity, SignInError } from "../../oauth/ports.ts";
import type { Endpoint } from "../../oauth/services.ts";
import { hashSecret } from "../../oauth/tokens/secret.ts";
import { seconds } from "../../oauth/values.ts";
import { type AssertionProblem, completeAssertion, requestOptions } from "./assertion.ts";
import { beginCeremony, endCeremony } from "./ceremonies.ts";
import { passkeyIssuer, paths, type RelyingParty } from "./relying-party.ts";

/** Seconds between the page's answer and the callback: the time of one redirect. */
const proofLifetime = seconds(60);

/**
 * The page where somebody signs in (GET and POST), which stands where another provider's own page would: the
 * browser comes with the attempt's state and cookie, and leaves for the callback with a code.
 */
export function signInEndpoint(party: RelyingParty): Endpoint {
  const urls = endpointUrls(party.issuer);
  return async (request) => {
    const posted = request.method === "POST";
    if (posted) refuseForeignForm(request, urls.origin);
    const state = (posted ? request.form : request.query)?.get("state");
    const attempt = party.resume(request, state);
    if (attempt === undefined) throw new OAuthError("invalid_grant", { hint: "no such sign-in here" });
    const show = async (problem?: AssertionProblem) =>
      page(problem === undefined ? 200 : 400, {
        kind: "passkey-sign-in",
        action: urls.basePath + paths.signIn,
        own: urls.basePath + paths.own,
        state: attempt.handle,
        options: await requestOptions(party, "sign-in", attempt.bindingHash),
        problem,
      });
    if (!posted) return show();
    const outcome = await completeAssertion(party, request, "sign-in", attempt.bindingHash);
    if ("problem" in outcome) return show(outcome.problem);
    const callback = new URL(urls.callbackOf(party.name));
    callback.searchParams.set("state", attempt.handle);
    const { subject } = outcome.account;
    const bindingHash = hashSecret(attempt.handle);
    const code = await beginCeremony(party, { purpose: "proof", bindingHash, subject }, proofLifetime);
    callback.searchParams.set("code", code);
    return redirect("POST", callback.href);
  };
}

/** Who the code of the callback stands for. Throws {@link SignInError}. */
export async function completeSignIn(party: RelyingParty, callback: URL, state: string): Promise<Identity> {
  const code = callback.searchParams.get("code") ?? "";
  const proof = await endCeremony(party, code, "proof", hashSecret(state));
  const [passkey] = proof?.subject === undefined ? [] : await party.store.listPasskeys(proof.subject);
  const found = passkey && (await party.store.findPasskey(passkey.id));
  if (found === undefined) {
    throw new SignInError("server_error", "the passkey sign-in knows no such code for this attempt", {
      hint: "the sign-in expired or was used already",
    });
  }
  const { email, upstreamSubject: subject } = found.account;
  if (!party.mayHold(email)) {
    throw new SignInError("access_denied", "people of this address sign in through another provider", {
      reason: { key: "foreignAccount", email, domains: [] },
      logReason: "domain",
      account: email,
    });
  }
  return {
    provider: party.name,
    issuer: passkeyIssuer(party.issuer),
    subject,
    email,
    name: undefined,
    authenticatedAt: party.clock.now(), // a passkey was shown, a redirect ago
    groups: [...new Set([...found.passkey.groups, ...party.groupsOf(email)])],
  };
}
