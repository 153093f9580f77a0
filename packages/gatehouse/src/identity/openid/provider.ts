import type { JWTPayload } from "jose";
import { type Identity, type IdentityProvider, type SignInAttempt, SignInError } from "../../oauth/ports.ts";
import { type Seconds, seconds } from "../../oauth/values.ts";
import { createOutbound, isLoopbackHttp } from "../outbound.ts";
import { requireAuthTime } from "./auth-time.ts";
import { authorizationRequest } from "./authorization-request.ts";
import { readAnswer } from "./callback-answer.ts";
import { type ClaimFate, fatesOf } from "./claim-fates.ts";
import type { Claims } from "./claims.ts";
import { withDate } from "./clocks.ts";
import {
  type Exchange,
  exchangeCode,
  exchangeRefreshToken,
  type TokenClient,
  type Tokens,
} from "./code-exchange.ts";
import { examineDocuments, examineSecret, type Finding } from "./examination.ts";
import { createFetchedDocument } from "./fetched-document.ts";
import {
  type Expected,
  type ProvenToken,
  verifyIdToken,
  verifyProviderToken,
  verifySignedUserinfo,
} from "./id-token.ts";
import { exactIssuer } from "./issuer.ts";
import { verifyLogoutToken } from "./logout-token.ts";
import { microsoftIssuers, microsoftSubject } from "./microsoft.ts";
import type { OpenIdOptions } from "./options.ts";
import { personOf, whatIsLacking } from "./person.ts";
import { discoverProvider, type ProviderMetadata } from "./provider-metadata.ts";
import { fetchSigningKeys, fingerprintsOf, replacedKeys, type SigningKeys } from "./signing-keys.ts";
import { askUserinfo, readUserinfo } from "./userinfo.ts";

export interface OpenIdProvider extends IdentityProvider {
  /** Fetches what the provider says of itself, for the first sign-in. Throws {@link SignInError}. */
  discover(): Promise<unknown>;
  /**
   * Looks at all that can be looked at without a person: what it publishes, its clock beside `now`, whether
   * it takes our secret. Throws {@link SignInError} when it cannot be reached or what it publishes cannot be
   * used.
   */
  examine(now: Seconds): Promise<readonly Finding[]>;
  /** What tells the keys apart that were fetched last, by name; `undefined`: none were yet. */
  knownKeys(): Readonly<Record<string, string>> | undefined;
  /**
   * What `completeSignIn` makes of an answer, claim by claim; nobody is signed in. Throws {@link SignInError}
   * when the answer proves nothing.
   */
  explain(callback: URL, attempt: SignInAttempt): Promise<ExplainedSignIn>;
}

export interface ExplainedSignIn {
  readonly claims: readonly ClaimFate[];
  /** Who would be signed in, or why nobody. */
  readonly person: Identity | SignInError;
}

const metadataMaxAge = 3600;
const keysMaxAge = 3600;
const coolDown = 30;
const maxBytes = 256 * 1024;

/**
 * Sign-in through any OpenID provider, by the authorization code flow (OpenID Connect Core §3.1). Nothing is
 * asked of the provider before the first sign-in, or `discover`. `openid-client` discovers it and makes the
 * authorization request; the answer is verified here with `jose`, because it has to be stricter than the
 * standard's minimum (C09-C12: the signature always, extra audiences, `azp`, `iat`) and to tell the operator
 * exactly what was wrong.
 */
export function createOpenIdProvider(options: OpenIdOptions): OpenIdProvider {
  const { name, title, issuer, clientId, clientSecret, callbackUrl, domains, warn, timeout = 5000 } = options;
  const clock = options.clock ?? { now: () => seconds(Date.now() / 1000) };
  const outbound = createOutbound({ timeout, maxBytes, allowLoopbackHttp: isLoopbackHttp(new URL(issuer)) });
  const issuers =
    options.preset === "microsoft" ? microsoftIssuers(issuer, options.tenants) : exactIssuer(issuer);
  const cache = <T>(fetch: () => Promise<T>, maxAge: number) =>
    createFetchedDocument({
      fetch,
      clock,
      maxAge,
      coolDown,
      onStale: (error) => warn?.(`using an older copy of what ${issuer} publishes: ${String(error)}`),
    });
  const metadata = cache(() => discoverProvider(issuer, issuers, clientId, outbound), metadataMaxAge);
  let known: SigningKeys | undefined;
  const keys = cache<SigningKeys>(async () => {
    const fetched = await fetchSigningKeys((await metadata.current()).jwksUri, outbound);
    const replaced = known === undefined ? [] : replacedKeys(known, fetched);
    known = fetched;
    if (replaced.length > 0) options.onKeysReplaced?.(replaced);
    return fetched;
  }, keysMaxAge);

  /** V09: asked only for what is lacking, and at most once. */
  async function complete(
    { userinfoEndpoint }: ProviderMetadata,
    { claims: idToken }: ProvenToken,
    { accessToken }: Pick<Tokens, "accessToken">,
    expected: Expected,
    codeOf401?: SignInError["code"],
  ): Promise<Claims> {
    const lacking = whatIsLacking(idToken, options);
    if (lacking === undefined || userinfoEndpoint === undefined || accessToken === undefined) {
      return { idToken, userinfo: undefined };
    }
    const asked = askUserinfo(userinfoEndpoint, accessToken, outbound, codeOf401);
    const response = await asked.catch((error: unknown) => {
      // Without a name somebody can sign in, and without groups as far as the rules need none of them.
      if (lacking === "address" || !(error instanceof SignInError)) throw error;
      return error.message;
    });
    if (typeof response === "string") {
      warn?.(`provider ${name}: ${response}`);
      return { idToken, userinfo: undefined, userinfoFailed: response };
    }
    const userinfo = await readUserinfo(userinfoEndpoint, response, {
      subject: String(idToken.sub),
      verify: (token) => verifySignedUserinfo(token, keys, expected),
    });
    return { idToken, userinfo };
  }

  const clientAt = (provider: ProviderMetadata): TokenClient => ({
    provider,
    clientId,
    clientSecret,
    credentials: options.ofVariables
      ? "OAUTH2_CLIENT_ID and OAUTH2_CLIENT_SECRET"
      : `client_id and client_secret of the provider ${name}`,
  });

  /**
   * V56: a refresh may bring an ID token, which has no nonce then (OpenID Connect Core §12.2). Without one
   * userinfo says all, of whom it has to be about; at Microsoft it does not say who that is.
   */
  async function confirm(refreshToken: string, subject: string): Promise<Identity> {
    const provider = await metadata.current();
    const tokens = await exchangeRefreshToken(clientAt(provider), refreshToken, outbound);
    const expected = { issuers, issuerOfMetadata: provider.issuer, clientId, now: clock.now() };
    if (tokens.idToken === undefined && options.preset === "microsoft") {
      throw new SignInError("server_error", "the refresh brought no ID token, which alone names the person");
    }
    const token =
      tokens.idToken === undefined
        ? { claims: { sub: subject }, issuer }
        : await verifyProviderToken(tokens.idToken, keys, expected);
    if (tokens.idToken !== undefined && personIn(token.claims) !== subject) {
      throw new SignInError("access_denied", "the refresh brought an ID token of another person");
    }
    const claims = await complete(provider, token, tokens, expected, "access_denied");
    const identity = personOf(token.issuer, claims, options);
    return { ...identity, credential: tokens.refreshToken ?? refreshToken };
  }

  const personIn = (claims: JWTPayload) =>
    options.preset === "microsoft" ? microsoftSubject(claims) : claims.sub;

  const { revalidate: every, revalidateGrace: grace = seconds(3600) } = options;

  /** At Microsoft `sub` is another one for each application: only `sid` tells whose session it was. */
  const subjectOf = ({ sub }: JWTPayload) => (options.preset === "microsoft" ? undefined : sub);

  const exchangeOf = (
    provider: ProviderMetadata,
    code: string,
    codeVerifier: string | undefined,
  ): Exchange => ({
    ...clientAt(provider),
    code,
    callbackUrl,
    codeVerifier: provider.takesPkce ? codeVerifier : undefined,
  });

  /** All that is verified of the answer; what of it counts is another question. */
  async function prove(
    callback: URL,
    { state, nonce, codeVerifier, prompt }: SignInAttempt,
  ): Promise<{ readonly issuer: string; readonly claims: Claims; readonly tokens: Tokens }> {
    const provider = await metadata.current();
    const code = readAnswer(callback.searchParams, state, provider, issuers);
    const tokens = await exchangeCode(exchangeOf(provider, code, codeVerifier), outbound);
    const expected = { issuers, issuerOfMetadata: provider.issuer, clientId, now: clock.now() };
    const token = await verifyIdToken(tokens.idToken, keys, { ...expected, nonce }).catch(
      (error: unknown) => {
        throw withDate(error, tokens.date, expected.now);
      },
    );
    if (prompt === "login") requireAuthTime(token.claims, provider, options);
    return { issuer: token.issuer, claims: await complete(provider, token, tokens, expected), tokens };
  }

  return {
    name,
    title,
    domains,
    discover: () => metadata.lookedAt(),
    knownKeys: () => known && fingerprintsOf(known),
    async signInUrl(attempt) {
      return authorizationRequest(await metadata.current(), options, attempt);
    },
    async completeSignIn(callback, attempt) {
      const { issuer: issuerOfPerson, claims, tokens } = await prove(callback, attempt);
      const identity = personOf(issuerOfPerson, claims, options);
      const { refreshToken } = tokens;
      // C20: dropped, unless people are to be confirmed with it.
      return every === undefined || refreshToken === undefined
        ? identity
        : { ...identity, credential: refreshToken };
    },
    async examine(now) {
      const provider = await metadata.current();
      return [
        ...(await examineDocuments(issuer, provider, await keys.current(), outbound, now)),
        await examineSecret(exchangeOf(provider, "gatehouse-check-is-no-code", undefined), outbound),
      ];
    },
    async explain(callback, attempt) {
      const { issuer: issuerOfPerson, claims } = await prove(callback, attempt);
      const person = await Promise.resolve()
        .then(() => personOf(issuerOfPerson, claims, options))
        .catch((error: unknown) => {
          if (error instanceof SignInError) return error;
          throw error;
        });
      return { claims: fatesOf(claims, options), person };
    },
    async readLogoutToken(token) {
      const { issuer: issuerOfMetadata } = await metadata.current();
      const expected = { issuers, issuerOfMetadata, clientId, now: clock.now() };
      return verifyLogoutToken(token, keys, expected, subjectOf);
    },
    logoutEnds: options.backchannelLogout ?? "sessions",
    ...(every !== undefined && { revalidation: { every, grace }, confirm }),
  };
}
