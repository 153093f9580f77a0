import { endpointUrls } from "../../oauth/messages/endpoint-urls.ts";
import { OAuthError } from "../../oauth/messages/errors.ts";
import type { PasskeyProblem } from "../../oauth/messages/page.ts";
import { type OAuthRequest, originOf } from "../../oauth/messages/request.ts";
import { page } from "../../oauth/messages/response.ts";
import { refuseForeignForm } from "../../oauth/messages/same-origin.ts";
import type { Account, Invitation, Passkey } from "../../oauth/records.ts";
import type { Endpoint } from "../../oauth/services.ts";
import { subjectOf } from "../../oauth/subject.ts";
import { hashSecret } from "../../oauth/tokens/secret.ts";
import type { SecretHash } from "../../oauth/values.ts";
import { refused } from "./assertion.ts";
import { PasskeyRefusal } from "./client-data.ts";
import { createdPasskey, creationOptions } from "./creation.ts";
import { invitationOver, readBrowser, registrationBinding } from "./invitation.ts";
import { canonicalAddress } from "./invite.ts";
import { passkeyIssuer, paths, type RelyingParty } from "./relying-party.ts";

/**
 * The page where an invited person registers a passkey (GET and POST), in the browser that took the
 * invitation. Only a registration that succeeds uses the invitation up (V61).
 */
export function registrationEndpoint(party: RelyingParty): Endpoint {
  const urls = endpointUrls(party.issuer);
  const { store, clock, events } = party;
  return async (request) => {
    const posted = request.method === "POST";
    if (posted) refuseForeignForm(request, urls.origin);
    const sent = posted ? request.form : request.query;
    const browser = readBrowser(request);
    const tokenHash = (sent?.get("invitation") ?? "") as SecretHash;
    const invitation =
      browser === undefined
        ? undefined
        : await store.findBoundInvitation(tokenHash, hashSecret(browser), clock.now());
    if (browser === undefined || invitation === undefined || !isOurs(party, invitation)) {
      throw invitationOver();
    }
    const binding = registrationBinding(browser, tokenHash);
    const typed = sent?.get("email")?.trim() ?? "";
    const show = async (problem?: PasskeyProblem) => {
      const { email } = invitation;
      const replaces = (await store.listPasskeys(invitation.subject)).length > 0;
      return page(problem === undefined ? 200 : 400, {
        kind: "passkey-registration",
        action: urls.basePath + paths.registration,
        invitation: tokenHash,
        email: email || undefined,
        typed,
        replaces,
        options: await creationOptions(party, "register", binding, { ...invitation, email: email || typed }),
        problem,
      });
    };
    if (!posted) return show();
    const passkey = await read(party, request, invitation, binding);
    if (typeof passkey === "string") return show(passkey);
    const email = canonicalAddress(invitation.email || typed);
    if (email === undefined) return show("malformedAddress");
    if (!party.mayHold(email)) return show("foreignAddress");
    const account = accountOf(party, invitation, email);
    const bindingHash = hashSecret(browser);
    const completion = { tokenHash, bindingHash, account, passkey, now: clock.now() };
    const outcome = await store.completeInvitation(completion);
    switch (outcome) {
      case "gone":
        throw invitationOver();
      case "blocked":
        throw new OAuthError("access_denied", { reason: { key: "blockedPerson" }, debug: "blocked" });
      case "registered":
        break;
      default:
        refused(party, request, `not registered: ${outcome}`);
        return show(outcome);
    }
    const { subject } = account;
    const about = { ...originOf(request), subject, provider: party.name };
    events.emit({ name: "invitation_used", ...about });
    events.emit({ name: "passkey_registered", ...about });
    return page(200, { kind: "passkey-ready", email, own: urls.basePath + paths.own });
  };
}

/** One that was made while we had another issuer stands for a person that there cannot be any more. */
function isOurs({ issuer }: RelyingParty, { subject, userHandle }: Invitation): boolean {
  return subject === subjectOf({ issuer: passkeyIssuer(issuer), subject: userHandle });
}

/** The passkey in the form, or what the person is told instead. */
async function read(
  party: RelyingParty,
  request: OAuthRequest,
  invitation: Invitation,
  binding: SecretHash,
): Promise<Passkey | "over" | "refused"> {
  const { form } = request;
  try {
    const sent = { answer: form?.get("answer"), name: form?.get("name") };
    return await createdPasskey(party, "register", binding, invitation, sent);
  } catch (error) {
    if (!(error instanceof PasskeyRefusal)) throw error;
    refused(party, request, error.message);
    return "refused";
  }
}

function accountOf(party: RelyingParty, invitation: Invitation, email: string): Account {
  const { subject, userHandle, groups } = invitation;
  return {
    subject,
    issuer: passkeyIssuer(party.issuer),
    upstreamSubject: userHandle,
    provider: party.name,
    email,
    name: undefined,
    groups: [...new Set([...groups, ...party.groupsOf(email)])],
    confirmedAt: party.clock.now(),
  };
}
