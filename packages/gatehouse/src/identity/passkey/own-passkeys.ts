import { createHmac } from "node:crypto";
import { endpointUrls } from "../../oauth/messages/endpoint-urls.ts";
import type { PasskeyProblem } from "../../oauth/messages/page.ts";
import { type OAuthRequest, originOf } from "../../oauth/messages/request.ts";
import { type OAuthResponse, page, redirect, type SetCookie } from "../../oauth/messages/response.ts";
import { refuseForeignForm } from "../../oauth/messages/same-origin.ts";
import type { Account, Passkey } from "../../oauth/records.ts";
import type { Endpoint } from "../../oauth/services.ts";
import { equalSecrets, hashSecret, mintSecret } from "../../oauth/tokens/secret.ts";
import { type SecretHash, seconds } from "../../oauth/values.ts";
import { type AssertionProblem, completeAssertion, refused, requestOptions } from "./assertion.ts";
import { beginCeremony, challengeLifetime } from "./ceremonies.ts";
import { PasskeyRefusal } from "./client-data.ts";
import { createdPasskey, creationOptions } from "./creation.ts";
import { maxPasskeys, paths, type RelyingParty } from "./relying-party.ts";

const cookieName = "gatehouse-passkeys";
/** Seconds after a passkey was shown in which another may be added (V68). */
const visitLifetime = seconds(300);

/** Somebody who showed a passkey just now. */
interface Visit {
  readonly account: Account;
  readonly passkeys: readonly [Passkey, ...Passkey[]];
  /** Binds what the visit's page begins. */
  readonly bindingHash: SecretHash;
  /** The CSRF value of what the page offers. */
  readonly csrf: string;
}

/**
 * The page where people look after their passkeys (GET and POST). The browser's session is of no account
 * here: a passkey has to be shown, whatever else is signed in.
 */
export function ownPasskeysEndpoint(party: RelyingParty): Endpoint {
  const urls = endpointUrls(party.issuer);
  const action = urls.basePath + paths.own;

  async function entrance(request: OAuthRequest, problem?: AssertionProblem): Promise<OAuthResponse> {
    const browser = request.cookies.get(cookieName) ?? mintSecret(party.random);
    const options = await requestOptions(party, "enter", hashSecret(browser));
    const status = problem === undefined ? 200 : 400;
    const cookie = visitCookie(browser, challengeLifetime);
    return page(status, { kind: "passkey-entrance", action, options, problem }, [cookie]);
  }

  async function list({ account, passkeys, bindingHash, csrf }: Visit, problem?: PasskeyProblem) {
    const { subject, email, upstreamSubject: userHandle } = account;
    const owner = { subject, email, userHandle };
    return page(problem === undefined ? 200 : 400, {
      kind: "own-passkeys",
      action,
      email,
      csrf,
      passkeys: passkeys.map(({ id, name, createdAt, lastUsedAt, backedUp: synced }) => {
        return { id, name, createdAt, lastUsedAt, synced };
      }),
      options: await creationOptions(party, "add", bindingHash, owner, passkeys),
      problem,
    });
  }

  async function enter(request: OAuthRequest): Promise<OAuthResponse> {
    const browser = hashSecret(request.cookies.get(cookieName) ?? "");
    const outcome = await completeAssertion(party, request, "enter", browser);
    if ("problem" in outcome) return entrance(request, outcome.problem);
    const { subject } = outcome.account;
    // Under a new secret: who could plant the old one gets nothing by it.
    const visit = { purpose: "visit", bindingHash: browser, subject } as const;
    const secret = await beginCeremony(party, visit, visitLifetime);
    return redirect("POST", party.issuer + paths.own, [visitCookie(secret, visitLifetime)]);
  }

  async function add(request: OAuthRequest, visit: Visit): Promise<OAuthResponse> {
    const { subject } = visit.account;
    const { groups } = visit.passkeys[0];
    const { form } = request;
    try {
      const sent = { answer: form?.get("answer"), name: form?.get("name") };
      const passkey = await createdPasskey(party, "add", visit.bindingHash, { subject, groups }, sent);
      if (passkey === "over") return list(visit, "over");
      const outcome = await party.store.addPasskey(passkey, maxPasskeys);
      if (outcome === "gone") return entrance(request, "refused");
      if (outcome !== "added") return list(visit, outcome);
      party.events.emit({ name: "passkey_added", ...originOf(request), subject });
      return redirect("POST", party.issuer + paths.own);
    } catch (error) {
      if (!(error instanceof PasskeyRefusal)) throw error;
      refused(party, request, error.message);
      return list(visit, "refused");
    }
  }

  /** After a question that says how many are left (Z23). */
  async function remove(request: OAuthRequest, visit: Visit): Promise<OAuthResponse> {
    const { form } = request;
    const { account, passkeys, csrf } = visit;
    if (!equalSecrets(form?.get("csrf") ?? "", csrf)) return entrance(request, "over");
    const passkey = passkeys.find(({ id }) => id === form?.get("passkey"));
    if (passkey === undefined) return list(visit); // removed meanwhile, or never theirs
    if (form?.get("confirmed") !== "yes") {
      return page(200, { kind: "remove-passkey", action, csrf, passkey, count: passkeys.length });
    }
    const { subject } = account;
    const outcome = await party.store.removePasskey(subject, passkey.id);
    if (outcome === "last") return list(visit, "last");
    if (outcome === "removed") {
      await party.events.record({ name: "passkey_removed", ...originOf(request), subject });
    }
    return redirect("POST", party.issuer + paths.own);
  }

  return async (request) => {
    const posted = request.method === "POST";
    if (posted) refuseForeignForm(request, urls.origin);
    if (posted && request.form?.get("step") === "enter") return enter(request);
    const visit = await readVisit(party, request);
    if (visit === undefined) return entrance(request, posted ? "over" : undefined);
    if (!posted) return list(visit);
    return request.form?.get("step") === "remove" ? remove(request, visit) : add(request, visit);
  };
}

async function readVisit({ store, clock }: RelyingParty, request: OAuthRequest): Promise<Visit | undefined> {
  const secret = request.cookies.get(cookieName);
  if (secret === undefined) return undefined;
  const secretHash = hashSecret(secret);
  const ceremony = await store.findCeremony(secretHash, clock.now());
  if (ceremony?.purpose !== "visit" || ceremony.subject === undefined) return undefined;
  const [first, ...others] = await store.listPasskeys(ceremony.subject);
  const found = first && (await store.findPasskey(first.id));
  if (found === undefined) return undefined;
  const csrf = createHmac("sha256", secret).update("own passkeys").digest("base64url");
  return { account: found.account, passkeys: [found.passkey, ...others], bindingHash: secretHash, csrf };
}

function visitCookie(value: string, maxAge: number): SetCookie {
  return { name: cookieName, value, maxAge };
}
