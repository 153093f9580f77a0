import { canonicalHost } from "../host.ts";
import type { Parameters } from "../messages/parameters.ts";
import type { OAuthRequest } from "../messages/request.ts";
import type { SetCookie } from "../messages/response.ts";
import type { Access, IdentityProvider } from "../ports.ts";
import type { AuthorizationRequest, SignInChoice } from "../records.ts";
import type { Services } from "../services.ts";

/*
 * Which of several providers a person signs in with. Nothing of a request but a name on our own list chooses
 * one, and whatever does not choose leads to the page that asks.
 */

/** A provider, and the hint it was chosen by, if it was. */
export interface PickedProvider {
  readonly provider: IdentityProvider;
  readonly loginHint?: string;
  /** Why anybody has to sign in, for the trace. */
  readonly why?: string;
}

/**
 * What a person chooses from who wants to get to this resource: the providers through which that can be.
 * @param access the rules in force
 */
export function choiceFor(
  access: Access | undefined,
  { resource }: Pick<AuthorizationRequest, "resource">,
  prompt: SignInChoice["prompt"],
): SignInChoice {
  const providers = access?.providersFor(resource);
  return { prompt, ...(providers && { providers }) };
}

/** Those that will do, in the operator's order; all, when none of those is configured (any more). */
export function eligibleProviders(
  { providers: { all } }: Pick<Services, "providers">,
  { providers: names }: Pick<SignInChoice, "providers">,
): readonly IdentityProvider[] {
  const eligible = names === undefined ? all : all.filter(({ name }) => names.includes(name));
  return eligible.length === 0 ? all : eligible;
}

/**
 * The one that an authorization request picks, by its name or by the domain of its `login_hint`; or the only
 * one there is. `undefined`: the person has to choose.
 */
export function pickProvider(
  eligible: readonly IdentityProvider[],
  query: Parameters,
): PickedProvider | undefined {
  const [only, ...others] = eligible;
  if (only !== undefined && others.length === 0) return { provider: only };
  const asked = query.get("provider");
  if (asked !== undefined) {
    const provider = eligible.find(({ name }) => name === asked);
    return provider && { provider };
  }
  const loginHint = query.get("login_hint");
  const provider = loginHint === undefined ? undefined : providerOfAddress(eligible, loginHint);
  return provider && { provider, ...(loginHint === undefined ? {} : { loginHint }) };
}

/** As many characters as an address has at most (RFC 5321 §4.5.3.1.3). */
const maxHint = 254;

/** The only one that may speak for the address: the one that names its domain, else that for all others. */
function providerOfAddress(
  eligible: readonly IdentityProvider[],
  address: string,
): IdentityProvider | undefined {
  const [, host = ""] = /^[^\s@]+@([^\s@]+)$/.exec(address) ?? [];
  const domain = address.length > maxHint ? undefined : canonicalHost(host);
  if (domain === undefined) return undefined;
  const named = eligible.filter(({ domains }) => Array.isArray(domains) && domains.includes(domain));
  const [only, ...others] = named.length > 0 ? named : eligible.filter(({ domains }) => domains === "*");
  return others.length === 0 ? only : undefined;
}

const cookieName = "gatehouse-provider";
const year = 365 * 86_400;

/** The provider this browser came in by last, while it is one of these. */
export function lastProvider(
  { cookies }: Pick<OAuthRequest, "cookies">,
  eligible: readonly IdentityProvider[],
): IdentityProvider | undefined {
  return eligible.find(({ name }) => name === cookies.get(cookieName));
}

/** Remembers it, where there is a choice: so that it stands first the next time. */
export function rememberProvider({ providers }: Pick<Services, "providers">, name: string): SetCookie[] {
  return providers.all.length < 2 ? [] : [{ name: cookieName, value: name, maxAge: year }];
}
