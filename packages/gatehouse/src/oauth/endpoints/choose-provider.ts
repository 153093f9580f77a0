import { type Attempt, choiceToken, releaseAttempt, resumeAttempt } from "../authorization/attempt.ts";
import { clientStillAt } from "../authorization/consent.ts";
import { lostAttempt } from "../authorization/lost-attempt.ts";
import { eligibleProviders, lastProvider } from "../authorization/provider-choice.ts";
import { errorAnswer, errorRedirect } from "../authorization/response.ts";
import { startSignIn } from "../authorization/sign-in.ts";
import { endpointUrls } from "../messages/endpoint-urls.ts";
import { OAuthError } from "../messages/errors.ts";
import type { ChooseProviderPage } from "../messages/page.ts";
import { requireForm } from "../messages/parameters.ts";
import { joinAttempt, type OAuthRequest } from "../messages/request.ts";
import { type OAuthResponse, page, redirect } from "../messages/response.ts";
import { refuseForeignForm } from "../messages/same-origin.ts";
import type { IdentityProvider } from "../ports.ts";
import type { SignInChoice, Transaction } from "../records.ts";
import type { Endpoint, Services } from "../services.ts";
import { equalSecrets } from "../tokens/secret.ts";
import { senderOf, traceStep } from "../tracing.ts";
import { report } from "./error-response.ts";

type AwaitingChoice = Transaction & { readonly choice: SignInChoice };

/** `GET`: the page on which a person chooses where to sign in (V05). Changes nothing. */
export function choosePageEndpoint(services: Services): Endpoint {
  return async (request) => {
    const attempt = await attemptOf(services, request, request.query.get("transaction"));
    const transaction = await awaitingChoice(services, request, attempt);
    return page(200, await describe(services, request, attempt, transaction));
  };
}

/**
 * `POST`: begins the sign-in at the chosen provider, as an attempt of its own, so that a person who comes
 * back may choose anew; or tells the client that there will be none.
 */
export function chooseEndpoint(services: Services): Endpoint {
  return async (request) => {
    refuseForeignForm(request, endpointUrls(services.settings.issuer).origin);
    const form = requireForm(request.form);
    const attempt = await attemptOf(services, request, form.get("transaction"));
    if (!equalSecrets(form.get("csrf") ?? "", choiceToken(attempt))) throw over("wrong csrf value");
    const transaction = await awaitingChoice(services, request, attempt);
    if (form.get("decision") === "back") return goBack(services, request, attempt, transaction, errorAnswer);
    // They have read why, and where it leads (Z05).
    if (form.get("decision") === "leave") return goBack(services, request, attempt, transaction, toldAlready);
    const chosen = form.get("decision") === "another_account" ? undefined : form.get("provider");
    return signInAt(services, request, attempt, transaction, chosen);
  };
}

async function signInAt(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  transaction: AwaitingChoice,
  chosen: string | undefined,
): Promise<OAuthResponse> {
  const { authorization, choice } = transaction;
  const eligible = eligibleProviders(services, choice);
  const [only, ...others] = eligible;
  const provider = others.length === 0 ? only : eligible.find(({ name }) => name === chosen);
  if (provider === undefined) {
    const { signInPath } = endpointUrls(services.settings.issuer);
    return redirect(request.method, `${signInPath}?transaction=${attempt.handle}`);
  }
  const client = await clientStillAt(services, authorization);
  const facts = { provider: provider.name, ...senderOf(request) };
  traceStep(services, request, "provider_chosen", { client: client.id, facts });
  try {
    return await startSignIn(services, request, client, authorization, { provider }, choice.prompt);
  } catch (thrown) {
    // The others are still there (V51), and this page as well: the choice is not used up.
    if (others.length === 0 || !(thrown instanceof OAuthError) || thrown.code !== "temporarily_unavailable")
      throw thrown;
    report(services, request, thrown, authorization);
    return page(503, await describe(services, request, attempt, transaction, provider));
  }
}

async function goBack(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  { authorization }: AwaitingChoice,
  answer: typeof errorAnswer,
): Promise<OAuthResponse> {
  const { clock, store } = services;
  if (!(await store.completeTransaction(attempt.handleHash, clock.now(), {})))
    throw await lostChoice(services, request, attempt);
  const client = await clientStillAt(services, authorization);
  const error = new OAuthError("access_denied", { hint: "the person went back without signing in" });
  return answer(services, request, client, authorization, error, [releaseAttempt(attempt)]);
}

const toldAlready: typeof errorAnswer = ({ settings }, request, _client, target, error, cookies) =>
  errorRedirect(request, settings.issuer, target, error, cookies);

async function describe(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
  { authorization, choice }: AwaitingChoice,
  unreachable?: IdentityProvider,
): Promise<ChooseProviderPage> {
  const eligible = eligibleProviders(services, choice);
  const last = lastProvider(request, eligible);
  const first = last === undefined ? eligible : [last, ...eligible.filter((one) => one !== last)];
  const { resource: identifier } = authorization;
  const resource = identifier === undefined ? undefined : await services.store.findResource(identifier);
  return {
    kind: "choose-provider",
    action: endpointUrls(services.settings.issuer).signInPath,
    transaction: attempt.handle,
    csrf: choiceToken(attempt),
    resource: identifier === undefined ? undefined : { identifier, name: resource?.name },
    narrowed: eligible.length < services.providers.all.length,
    providers: first.map(({ name, title }) => ({ name, title })),
    last: last?.name,
    unreachable: unreachable?.title,
  };
}

/** Why there is nothing to choose any more. */
function lostChoice(services: Services, request: OAuthRequest, { handle }: Attempt): Promise<OAuthError> {
  return lostAttempt(services, request, handle, "choice", "no choice is awaited");
}

async function awaitingChoice(
  services: Services,
  request: OAuthRequest,
  attempt: Attempt,
): Promise<AwaitingChoice> {
  const { clock, store } = services;
  const transaction = await store.findAwaitingChoice(attempt.handleHash, attempt.bindingHash, clock.now());
  if (transaction?.choice === undefined) throw await lostChoice(services, request, attempt);
  joinAttempt(request, transaction.authorization);
  return { ...transaction, choice: transaction.choice };
}

async function attemptOf(
  services: Services,
  request: OAuthRequest,
  handle: string | undefined,
): Promise<Attempt> {
  const attempt = resumeAttempt(request, handle);
  if (attempt !== undefined) return attempt;
  throw await lostAttempt(services, request, handle, "choice", "no cookie for this transaction");
}

function over(debug: string): OAuthError {
  const hint = "this page was already answered, has expired, or belongs to another browser";
  return new OAuthError("invalid_grant", { hint, debug });
}
