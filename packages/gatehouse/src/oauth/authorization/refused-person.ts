import { destinationOf } from "../clients/evidence.ts";
import { policyOf } from "../clients/policy.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import type { ShownAccount } from "../messages/page.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, page, type SetCookie } from "../messages/response.ts";
import type { Access } from "../ports.ts";
import type { Reason } from "../reason.ts";
import type { AuthorizationRequest, Client } from "../records.ts";
import { describeRedirectUri } from "../redirects/redirect-uri.ts";
import type { Services } from "../services.ts";
import { bindAttempt, choiceToken } from "./attempt.ts";
import { choiceFor } from "./provider-choice.ts";
import { errorRedirect } from "./response.ts";
import { beginChoice } from "./sign-in.ts";

/** Who may not go on, as they see themselves. */
export interface RefusedPerson {
  /** The account they used; `undefined`: it is not known, they did not get that far. */
  readonly account: ShownAccount | undefined;
  /** The title of the provider they used. */
  readonly provider: string | undefined;
}

/**
 * Tells a person why they may not go on, before the client hears of it (V62, Z05): from here they use another
 * account for the same request, or go back, and only then is the client told. The original's clients are told
 * at once, as they expect.
 */
export async function refusePerson(
  services: Services,
  request: OAuthRequest,
  refusal: {
    readonly client: Client;
    readonly authorization: AuthorizationRequest;
    readonly person: RefusedPerson;
    readonly reason: Reason;
    /** For the client's developer. */
    readonly hint: string | undefined;
    /** The rules in force, which say where another account may come from. */
    readonly access: Access | undefined;
    readonly cookies?: readonly SetCookie[];
  },
): Promise<OAuthResponse> {
  const { client, authorization, person, reason } = refusal;
  const { redirectUri } = authorization;
  const { settings } = services;
  if (policyOf(client).failures === "client") {
    const error = new OAuthError("access_denied", refusal.hint === undefined ? {} : { hint: refusal.hint });
    return errorRedirect(request, settings.issuer, authorization, error, refusal.cookies);
  }
  const choice = choiceFor(refusal.access, authorization, "select_account");
  const { attempt, lifetime } = await beginChoice(services, client, authorization, choice);
  const cookies = [...(refusal.cookies ?? []), ...bindAttempt(request, attempt, lifetime)];
  const model = {
    kind: "refused-person",
    action: endpointUrls(settings.issuer).signInPath,
    transaction: attempt.handle,
    csrf: choiceToken(attempt),
    account: person.account,
    provider: person.provider,
    reason,
    strangersHost:
      destinationOf(client, redirectUri) === "stranger" ? describeRedirectUri(redirectUri).host : undefined,
    reference: request.id,
  } as const;
  return page(403, model, cookies);
}
