import { hash } from "node:crypto";
import {
  type Identity,
  type IdentityProvider,
  type Revalidation,
  type SignInAttempt,
  SignInError,
} from "../../oauth/ports.ts";
import type { Seconds } from "../../oauth/values.ts";
import type { SpeaksFor } from "../domains.ts";
import { readAnswer } from "../openid/callback-answer.ts";
import type { Finding } from "../openid/examination.ts";
import { createOutbound, isLoopbackHttp } from "../outbound.ts";
import { githubApi } from "./api.ts";
import { examineTokenEndpoint, exchangeGithubCode, type GithubToken } from "./code-exchange.ts";
import { type GithubEndpoints, githubEndpoints } from "./endpoints.ts";
import { type Memberships, readMemberships } from "./memberships.ts";
import { type Address, type GithubUser, readAddress, readUser } from "./person.ts";

export interface GithubOptions extends Pick<IdentityProvider, "name" | "title" | "domains"> {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Our callback, as registered at the OAuth app. */
  readonly callbackUrl: string;
  /** Origin of a GitHub Enterprise Server; github.com when left out. */
  readonly host?: string | undefined;
  /** What is asked for; people may untick some of it. */
  readonly scopes: readonly string[];
  /** Only active members of one of these may sign in; everybody when left out. */
  readonly organizations?: readonly string[] | undefined;
  /** Whether addresses of an Enterprise Server, which verifies none, count as proven. */
  readonly trustsAddresses?: boolean;
  /** Whether people without a proven address may sign in, by who they are alone. */
  readonly addressOptional?: boolean;
  readonly speaksFor: SpeaksFor;
  /** When its people are confirmed again, with their API token, which is handed on for that. */
  readonly revalidation?: Revalidation | undefined;
  /** Told what does not fail a sign-in but should be known: groups that could not be had. */
  readonly warn?: (message: string) => void;
  /** Milliseconds for each request to GitHub. */
  readonly timeout?: number;
  /** Another GitHub, for tests. */
  readonly endpoints?: GithubEndpoints;
}

export interface GithubProvider extends IdentityProvider {
  /**
   * The person that the token of an earlier sign-in belongs to, as GitHub knows them now. Throws {@link
   * SignInError}: `access_denied` when the token is not taken any more or the person may not sign in any
   * more, `temporarily_unavailable` when GitHub cannot answer.
   */
  personOf(token: string): Promise<Identity>;
  /** What can be looked at without a person. Throws {@link SignInError}. */
  examine(now: Seconds): Promise<readonly Finding[]>;
}

/** Pages of a hundred organisations with all that GitHub says of each; a token's answer is short. */
const maxPageBytes = 2 * 1024 * 1024;
const maxTokenBytes = 64 * 1024;

/**
 * Sign-in through GitHub, which is no OpenID provider: an OAuth app gets a token for its API, and the API
 * says who the person is (V31-V35). Nothing of it has to be fetched before the first sign-in.
 */
export function createGithubProvider(options: GithubOptions): GithubProvider {
  const { name, title, domains, clientId, clientSecret, callbackUrl, scopes, organizations } = options;
  const { timeout = 5000, warn, addressOptional = false } = options;
  const endpoints = options.endpoints ?? githubEndpoints(options.host);
  const allowLoopbackHttp = isLoopbackHttp(new URL(endpoints.web));
  const askToken = createOutbound({ timeout, maxBytes: maxTokenBytes, allowLoopbackHttp });
  const askApi = createOutbound({ timeout, maxBytes: maxPageBytes, allowLoopbackHttp });
  const tokenEndpoint = `${endpoints.web}/login/oauth/access_token`;
  const asksAddress = allows(scopes, "user:email");
  const asksGroups = allows(scopes, "read:org");

  /** @param granted what the token is good for; `undefined` when nobody said */
  async function personOf(token: string, granted?: GithubToken["scopes"]): Promise<Identity> {
    const api = githubApi(endpoints.api, token, askApi, AbortSignal.timeout(4 * timeout));
    const user = await readUser(api);
    const [address, memberships] = await Promise.all([
      asksAddress ? readAddress(api, proof()) : ({ email: undefined, problem: "noAddress" } as const),
      readGroups(api, granted),
    ]);
    const email = checkAddress(address, user);
    checkMembership(memberships, user);
    if (memberships.groups === undefined) {
      warn?.(
        `the groups of ${named(user)} are unknown, so no rule that needs one lets them in: ${why(memberships)}`,
      );
    }
    return {
      provider: name,
      issuer: endpoints.issuer,
      subject: user.id,
      email,
      name: user.name,
      groups: memberships.groups,
      ...(options.revalidation && { credential: token }),
    };
  }

  async function readGroups(
    api: Parameters<typeof readMemberships>[0],
    granted: GithubToken["scopes"],
  ): Promise<Memberships> {
    if (!asksGroups) return { organizations: [], groups: [], problem: undefined };
    if (granted !== undefined && !allows(granted, "read:org")) {
      const problem = "they did not allow that their organisations are read (read:org)";
      return { organizations: [], groups: undefined, problem };
    }
    return readMemberships(api, organizations);
  }

  function proof(): Parameters<typeof readAddress>[1] {
    if (options.host === undefined) return "by GitHub";
    return options.trustsAddresses ? "by the operator" : "by nobody";
  }

  /** V18, V19, V32. */
  function checkAddress(address: Address, user: GithubUser): string {
    if (address.email !== undefined) {
      if (options.speaksFor(address.email)) return address.email;
      throw new SignInError(
        "access_denied",
        `the primary address of ${named(user)} is of a domain that the provider ${name} may not speak for`,
        {
          hint: "accounts of this organisation may not sign in here",
          reason: { key: "foreignAccount", email: address.email, domains: [] },
          logReason: "domain",
          account: address.email,
          accountName: user.name,
        },
      );
    }
    if (addressOptional) return "";
    throw new SignInError("access_denied", `${named(user)} has no primary address that is verified`, {
      hint: "the identity provider has not verified an e-mail address of this account",
      reason:
        address.problem === "noAddress"
          ? { key: "noAddress" }
          : { key: "unverifiedAddress", email: undefined },
      logReason: address.problem === "noAddress" ? "no address" : "address not proven",
      account: user.login,
      accountName: user.name,
    });
  }

  /** V35. */
  function checkMembership(memberships: Memberships, user: GithubUser): void {
    if (organizations === undefined || memberships.organizations.length > 0) return;
    if (memberships.groups !== undefined) {
      throw new SignInError(
        "access_denied",
        `${named(user)} is no active member of ${organizations.join(", ")}`,
        {
          hint: "only members of certain organisations may sign in here",
          reason: { key: "notMember" },
          logReason: "not a member",
          account: user.login,
          accountName: user.name,
        },
      );
    }
    const { problem } = memberships;
    const isOutage = problem instanceof SignInError && problem.code === "temporarily_unavailable";
    throw new SignInError(
      isOutage ? "temporarily_unavailable" : "access_denied",
      `whether ${named(user)} is a member of ${organizations.join(", ")} is unknown: ${why(memberships)}`,
      {
        hint: "GitHub did not tell which organisations this account is a member of",
        reason: { key: "unknownMembership" },
        logReason: "membership unknown",
        account: user.login,
        accountName: user.name,
      },
    );
  }

  /** V33: what people unticked is told to them, before anything is asked with the token. */
  function checkGranted(granted: GithubToken["scopes"]): void {
    if (granted === undefined) return;
    const wanted = [
      ...(asksAddress && !addressOptional ? ["user:email"] : []),
      ...(organizations === undefined ? [] : ["read:org"]),
    ];
    const missing = wanted.filter((scope) => !allows(granted, scope));
    if (missing.length === 0) return;
    throw new SignInError(
      "access_denied",
      `GitHub granted without ${missing.join(", ")}, which was unticked`,
      {
        hint: "not everything that is needed was allowed at the identity provider",
        reason: { key: untickedKey(missing) },
        logReason: "unticked at the provider",
      },
    );
  }

  // GitHub documents no `iss`. Should it send one, it may be any name at its own origin (V03).
  const issuers = {
    acceptsAnswer: (named: string) => URL.canParse(named) && new URL(named).origin === endpoints.issuer,
  };

  return {
    name,
    title,
    domains,
    personOf: (token) => personOf(token),
    examine: (now) =>
      examineTokenEndpoint({ tokenEndpoint, clientId, clientSecret, callbackUrl }, askToken, now),
    ...(options.revalidation && {
      revalidation: options.revalidation,
      confirm: (token: string) => personOf(token),
    }),

    async signInUrl({ state, codeVerifier, prompt }: SignInAttempt) {
      const url = new URL(`${endpoints.web}/login/oauth/authorize`);
      url.search = new URLSearchParams({
        client_id: clientId,
        redirect_uri: callbackUrl,
        scope: scopes.join(" "),
        state,
        code_challenge: hash("sha256", codeVerifier, "base64url"),
        code_challenge_method: "S256",
        // The only one it knows. Without, whoever is signed in there and has allowed it comes straight back.
        ...(prompt === "select_account" || prompt === "login" ? { prompt: "select_account" } : {}),
      }).toString();
      return url;
    },

    async completeSignIn({ searchParams }, { state, codeVerifier }) {
      const code = readAnswer(searchParams, state, { issuer: endpoints.issuer, namesItself: false }, issuers);
      const { token, scopes: granted } = await exchangeGithubCode(
        { tokenEndpoint, clientId, clientSecret, code, callbackUrl, codeVerifier },
        askToken,
      );
      checkGranted(granted);
      return personOf(token, granted);
    },
  };
}

/** Scopes that include others, as GitHub writes them into what it granted. */
const including: Readonly<Record<string, readonly string[]>> = {
  "user:email": ["user:email", "user"],
  "read:org": ["read:org", "write:org", "admin:org"],
};
const allows = (scopes: readonly string[], scope: string) =>
  scopes.some((each) => including[scope]?.includes(each) ?? false);

const named = ({ id, login }: GithubUser) => `the GitHub account ${id} (${login})`;

const why = ({ problem }: Memberships) => (problem instanceof Error ? problem.message : String(problem));

function untickedKey(missing: readonly string[]) {
  if (missing.length > 1) return "untickedAddressAndOrganisations";
  return missing.includes("user:email") ? "untickedAddress" : "untickedOrganisations";
}
