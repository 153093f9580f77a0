import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import { closeServer, listen } from "./upstream.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What the next ID token is like; what is not bent is as it should be. */
interface Forgery {
  /** Put over the right claims; `undefined` removes one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Put over the right header. */
  readonly header?: Readonly<Record<string, unknown>>;
  /**
   * `none`: unsigned. `public-key-as-secret`: HS256, keyed with what is public. `foreign`: signed with a key
   * of the attacker.
   */
  readonly signature?: "right" | "none" | "public-key-as-secret" | "foreign";
}

/** An identity provider written by hand, to be bent by a test: every answer of it can be made to lie. */
export interface ForgedUpstream {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Put over the metadata; `undefined` removes a member. */
  metadata: Readonly<Record<string, unknown>>;
  forgery: Forgery;
  /** Answers a path in place of the right answer. */
  readonly answers: Map<string, Answer>;
  /** All requests so far, as `METHOD path`. */
  readonly requests: readonly string[];
  /** The form of the latest token request, and its headers. */
  readonly tokenRequest: { readonly form: URLSearchParams; readonly headers: IncomingMessage["headers"] };
  /** The tokens that come along with an ID token. */
  readonly tokens: { readonly access_token: string; readonly refresh_token: string };
  /** The nonce the next ID token carries. */
  nonce: string;
  count(request: string): number;
  /**
   * From here on it signs with a new key; the old one is gone from its key set. With `sameName` under its
   * `kid`.
   */
  changeKey(sameName?: "sameName"): Promise<void>;
  /** A token with these claims, put over `iss`, `aud` and times that are right. */
  sign(
    claims: Readonly<Record<string, unknown>>,
    signature?: Forgery["signature"],
    header?: Forgery["header"],
  ): Promise<string>;
  /** A logout token of it (OpenID Connect Back-Channel Logout §2.4), bent like an ID token. */
  logoutToken(forgery?: Forgery): Promise<string>;
  close(): Promise<void>;
}

/** Shared by all upstreams of a process: making an RSA key takes long. */
const firstKey = makeKey("key-1");
const foreignKey = makeKey("foreign");

export async function startForgedUpstream(): Promise<ForgedUpstream> {
  const requests: string[] = [];
  let key = await firstKey;
  const foreign = await foreignKey;
  let tokenRequest: ForgedUpstream["tokenRequest"] = { form: new URLSearchParams(), headers: {} };

  const routes: Readonly<Record<string, (request: IncomingMessage) => Promise<unknown>>> = {
    "/.well-known/openid-configuration": async () => ({
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      ...upstream.metadata,
    }),
    "/jwks": async () => ({ keys: [key.jwk] }),
    "/token": async (request) => {
      tokenRequest = { form: new URLSearchParams(await read(request)), headers: request.headers };
      return { ...upstream.tokens, token_type: "Bearer", expires_in: 3600, id_token: await forge() };
    },
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", issuer).pathname;
    requests.push(`${request.method} ${path}`);
    const bent = upstream.answers.get(path);
    if (bent !== undefined) return bent(request, response);
    const body = await routes[path]?.(request);
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  const issuer = await listen(server);
  const upstream: ForgedUpstream = {
    issuer,
    clientId: "gatehouse",
    clientSecret: "upstream-secret",
    metadata: {},
    forgery: {},
    answers: new Map(),
    requests,
    get tokenRequest() {
      return tokenRequest;
    },
    tokens: { access_token: "upstream-access-token", refresh_token: "upstream-refresh-token" },
    nonce: "",
    count: (wanted) => requests.filter((made) => made === wanted).length,
    async changeKey(sameName) {
      key = await makeKey(sameName ? key.jwk.kid : `${key.jwk.kid}-next`);
    },
    sign,
    logoutToken: ({ claims, header, signature } = {}) =>
      sign(
        {
          sub: "alice",
          sid: "session-1",
          jti: randomUUID(),
          events: { "http://schemas.openid.net/event/backchannel-logout": {} },
          ...claims,
        },
        signature,
        { typ: "logout+jwt", ...header },
      ),
    close: () => closeServer(server),
  };

  async function forge(): Promise<string> {
    const { claims, header, signature } = upstream.forgery;
    const who = { sub: "alice", email: "alice@example.com", email_verified: true };
    return upstream.sign({ ...who, nonce: upstream.nonce, ...claims }, signature, header);
  }

  async function sign(
    claims: Readonly<Record<string, unknown>>,
    signature: Forgery["signature"] = "right",
    header: Forgery["header"] = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: issuer, aud: upstream.clientId, iat: now, exp: now + 300, ...claims };
    switch (signature) {
      case "none":
        return new UnsecuredJWT(payload).encode();
      case "public-key-as-secret":
        return new SignJWT(payload)
          .setProtectedHeader({ alg: "HS256", kid: key.jwk.kid, ...header })
          .sign(Buffer.from(await exportSPKI(key.publicKey)));
      case "foreign":
        return new SignJWT(payload)
          .setProtectedHeader({ alg: "RS256", kid: foreign.jwk.kid, jwk: foreign.jwk, ...header })
          .sign(foreign.privateKey);
      case "right":
        return new SignJWT(payload)
          .setProtectedHeader({ alg: "RS256", kid: key.jwk.kid, ...header })
          .sign(key.privateKey);
    }
  }
  return upstream;
}

interface Key {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK & { readonly kid: string };
}

async function makeKey(kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
  return { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
