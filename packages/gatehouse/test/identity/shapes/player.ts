import { decodeJwt, decodeProtectedHeader, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import type { OpenIdOptions } from "../../../src/identity/openid/options.ts";
import { createOpenIdProvider, type OpenIdProvider } from "../../../src/identity/openid/provider.ts";
import type { Identity, SignInAttempt } from "../../../src/oauth/ports.ts";
import {
  type AnswerContext,
  makeSigningKey,
  signingKey,
  startUpstream,
  type Upstream,
} from "../../support/upstream.ts";
import { anAttempt, callbackUrl } from "../attempts.ts";
import type { Shape } from "./shape.ts";

/** How this sign-in differs from what the shape says. */
export interface Bend {
  /** Put over the claims; `undefined` removes one. */
  readonly idToken?: Readonly<Record<string, unknown>>;
  readonly userinfo?: Readonly<Record<string, unknown>>;
  /** Put over every key of the key set. */
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Another key under the same `kid`. */
  readonly changedKey?: boolean;
}

/** A provider of this shape: a real one, whose answers are bent on their way out where it cannot itself. */
export interface Player {
  readonly upstream: Upstream;
  /** How its next answers differ. */
  bend: Bend;
  /** Everything it was asked, by path below its issuer. */
  count(path: string): number;
  /** What the operator is told. */
  readonly warnings: string[];
  /** Our provider towards it, one that knows nothing of it yet. */
  provider(options?: Partial<OpenIdOptions>): OpenIdProvider;
  /** One sign-in, through the browser's redirects. */
  signIn(bend?: Bend, options?: Partial<OpenIdOptions>): Promise<Identity>;
  /** The same with a provider that has been used before. */
  signInAt(provider: OpenIdProvider, bend?: Bend): Promise<Identity>;
}

const otherKey = makeSigningKey();

/** @param redirectUri good at any port where it is given */
export async function play(shape: Shape, redirectUri?: string): Promise<Player> {
  const upstream: Upstream = await startUpstream({
    redirectUris: [redirectUri ?? callbackUrl],
    anyPort: redirectUri !== undefined,
    path: shape.path,
    claims: claimsByScope(shape),
    claimsOf: (place) =>
      place === "id_token" ? { ...shape.idToken, sub: shape.sub } : { ...shape.userinfo, sub: shape.sub },
    onAnswer,
  });
  upstream.account = { ...upstream.account, sub: shape.sub };
  const warnings: string[] = [];

  async function onAnswer(context: AnswerContext): Promise<void> {
    const answer = context.body as Record<string, unknown>;
    switch (context.oidc?.route) {
      case "discovery":
        context.body = { ...answer, ...shape.metadata?.(upstream.issuer), ...player.bend.metadata };
        break;
      case "jwks":
        context.body = { keys: [await publicKey()] };
        break;
      case "token":
        if (typeof answer.id_token === "string") answer.id_token = await signAnew(answer.id_token);
        break;
      case "userinfo":
        context.body = { ...answer, ...player.bend.userinfo };
    }
  }

  const currentKey = async (): Promise<JWK> => {
    const { kid } = await signingKey;
    return player.bend.changedKey ? { ...(await otherKey), kid: kid ?? "" } : signingKey;
  };

  async function publicKey(): Promise<object> {
    const { kty, n, e, kid, use, alg } = await currentKey();
    return { kty, n, e, kid, use, alg, ...shape.keyMembers?.(upstream.issuer), ...player.bend.keys };
  }

  /** The ID token of oidc-provider with the claims of the shape that it cannot make itself. */
  async function signAnew(token: string): Promise<string> {
    const payload: JWTPayload = {
      ...decodeJwt(token),
      ...shape.about?.(upstream.clientId, upstream.issuer),
      ...player.bend.idToken,
    };
    const { alg = "RS256", kid = "" } = decodeProtectedHeader(token);
    return new SignJWT(payload)
      .setProtectedHeader({ alg, kid })
      .sign(await importJWK(await currentKey(), alg));
  }

  async function followed(provider: OpenIdProvider, attempt: SignInAttempt): Promise<URL> {
    const response = await fetch(await provider.signInUrl(attempt), { redirect: "manual" });
    await response.body?.cancel();
    const answer = new URL(response.headers.get("location") ?? "about:blank");
    if (shape.namesItself === false) answer.searchParams.delete("iss");
    return answer;
  }

  const player: Player = {
    upstream,
    bend: {},
    count: (path) => upstream.requests(path),
    warnings,
    provider: (options) =>
      createOpenIdProvider({
        name: "work",
        title: "Work",
        preset: shape.preset,
        issuer: upstream.issuer,
        clientId: upstream.clientId,
        clientSecret: upstream.clientSecret,
        callbackUrl,
        warn: (message) => warnings.push(message),
        ...shape.options,
        ...options,
      }),
    signIn: (bent, options) => player.signInAt(player.provider(options), bent),
    async signInAt(provider, bent = {}) {
      player.bend = bent;
      const attempt = anAttempt();
      return provider.completeSignIn(await followed(provider, attempt), attempt);
    },
  };
  return player;
}

/** All that the shape says of a person is there with any scope of ours; which scope gives what is theirs. */
function claimsByScope({ scopes = [], idToken, userinfo }: Shape): Record<string, string[]> {
  const all = [...new Set(["sub", ...Object.keys(idToken), ...Object.keys(userinfo)])];
  return {
    openid: all,
    ...Object.fromEntries(["email", "profile", ...scopes].map((scope) => [scope, ["sub"]])),
  };
}
