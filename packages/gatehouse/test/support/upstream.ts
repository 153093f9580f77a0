import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
// The package has no types, and its index greets every Node that is not a long-term release with a warning:
// so its parts, one by one.
// @ts-expect-error untyped
import { createMemoryAdapter } from "oidc-provider/lib/adapters/memory_adapter.js";
// @ts-expect-error untyped
import { AccessDenied } from "oidc-provider/lib/helpers/errors.js";
// @ts-expect-error untyped
import { Check, Prompt } from "oidc-provider/lib/helpers/interaction_policy/index.js";
// @ts-expect-error untyped
import { Provider as UntypedProvider } from "oidc-provider/lib/provider.js";

/** What is used of oidc-provider. */
interface Provider {
  callback(): RequestListener;
  use(middleware: (context: AnswerContext, next: () => Promise<void>) => Promise<void>): void;
  readonly Client: {
    find(id: string): Promise<{ backchannelLogout(sub: string, sid: string): Promise<void> }>;
  };
  on(event: "authorization.success", listen: (context: ProviderContext) => void): void;
  readonly Session: new () => Saved & {
    loginAccount(details: { accountId: string; loginTs?: number }): void;
    id: string;
  };
  readonly Grant: new (of: {
    accountId: string;
    clientId: string;
  }) => Saved & { addOIDCScope(scope: string): void };
}
interface Saved {
  save(ttl: number): Promise<string>;
}
interface ProviderContext {
  readonly oidc: {
    readonly provider: Provider;
    readonly session: { readonly accountId: string; sidFor(clientId: string): string };
    readonly client: { readonly clientId: string };
    readonly params: { readonly prompt?: string };
  };
}
/** An answer of it, on its way out. */
export interface AnswerContext {
  /** An object, or a JWT. */
  body: unknown;
  set(header: string, value: string): void;
  readonly oidc: { readonly route: string } | undefined;
}
const OidcProvider: new (issuer: string, configuration: object) => Provider = UntypedProvider;

export interface UpstreamAccount {
  readonly sub: string;
  readonly email: string;
  readonly email_verified: boolean;
}

/** What makes it behave as a certain product does. */
export interface UpstreamBehaviour {
  readonly redirectUris?: readonly string[];
  /** Loopback redirect URIs are good at any port (RFC 8252 §7.3), for a server that has none yet. */
  readonly anyPort?: boolean;
  /** Gives refresh tokens to whoever asks for `offline_access`. */
  readonly offline?: boolean;
  /** Where it tells that somebody signed out; nowhere when left out. */
  readonly logoutUri?: string;
  /** Where it is served, which is part of its issuer: `/realms/acme`. */
  readonly path?: string;
  /** Scopes it knows, with the claims each of them gives. */
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  /** What it says of the person, and where. */
  readonly claimsOf?: (place: "id_token" | "userinfo") => Readonly<Record<string, unknown>>;
  /** Its port, as after a restart; any free one when left out. */
  readonly port?: number;
  /** What it signs with, in place of {@link signingKey}; the `kid` stays. */
  readonly key?: JWK;
  /** Changes an answer on its way out. */
  readonly onAnswer?: (context: AnswerContext) => void | Promise<void>;
}

/**
 * The identity provider of the tests: `oidc-provider`, which signs in whoever it is told to, without a page.
 */
export interface Upstream {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who is signed in next. */
  account: UpstreamAccount;
  /** `cancel`: the person says no, and `access_denied` goes back; `ask`: it says nothing without them. */
  decision: "continue" | "cancel" | "ask";
  /** When the person last proved who they are, seconds since 1970; undefined: just now. */
  signedInAt: (() => number) | undefined;
  /** Accounts that are closed: nothing is known of them any more. */
  readonly closed: Set<string>;
  /** Answers 500, everywhere. */
  down: boolean;
  /** Seconds by which its clock is ahead of the real time. */
  skew: number;
  /** How often a path (`/auth`, `/token`, `/jwks`, `/.well-known/openid-configuration`) was asked for. */
  requests(path: string): number;
  /** Its sessions with our client, by the `sid` of the ID token, the newest last. */
  readonly sids: readonly string[];
  /** Tells our client that somebody signed out of one; rejects when the answer is not 200. */
  signOut(sub: string, sid: string): Promise<void>;
  /** False: what it tells does not arrive, and it takes it for done. */
  deliversLogout: boolean;
  /** What it has sent for that, the newest last. */
  readonly logoutTokens: readonly string[];
  close(): Promise<void>;
}

const hour = 3600;
const emailAlone = { openid: ["sub"], email: ["email", "email_verified"] };
/** With its private part: a test may sign with it. */
export const signingKey = makeSigningKey();

/**
 * Starts it on a free loopback port, with one confidential client. It remembers nobody: each authorization
 * request is answered at once for `account`, whatever cookies the browser brings, so that any number of
 * browsers and tabs can use it together.
 */
export async function startUpstream(options: UpstreamBehaviour = {}): Promise<Upstream> {
  const { path: base = "", claims = emailAlone, claimsOf, onAnswer } = options;
  const key = { ...(options.key ?? (await signingKey)), kid: "upstream" };
  const mount = base.replace(/\/$/, "");
  const counts = new Map<string, number>();
  const sids: string[] = [];
  const logoutTokens: string[] = [];
  const accounts = new Map<string, UpstreamAccount>();
  let handle: RequestListener = (_, response) => response.destroy();
  const server = createServer(async (request, response) => {
    const asked = request.url ?? "/";
    // As a framework tells it that it is mounted somewhere.
    if (asked.startsWith(mount))
      Object.assign(request, { originalUrl: asked, url: asked.slice(mount.length) });
    const path = new URL(request.url ?? "/", issuer).pathname;
    counts.set(path, (counts.get(path) ?? 0) + 1);
    if (upstream.down) return response.writeHead(500).end();
    if (path === "/auth") await signIn(request, provider, upstream.account);
    handle(request, response);
  });
  const issuer = `${await listen(server, options.port)}${base}`;
  const upstream: Upstream = {
    issuer,
    clientId: "gatehouse",
    clientSecret: "the upstream's secret: 100% confidential & odd",
    account: { sub: "alice", email: "alice@example.com", email_verified: true },
    decision: "continue",
    signedInAt: undefined,
    closed: new Set(),
    down: false,
    skew: 0,
    requests: (path) => counts.get(path) ?? 0,
    sids,
    signOut: async (sub, sid) => (await provider.Client.find(upstream.clientId)).backchannelLogout(sub, sid),
    deliversLogout: true,
    logoutTokens,
    close: () => closeServer(server),
  };
  const provider = new OidcProvider(issuer, {
    adapter: createMemoryAdapter(),
    jwks: { keys: [key] },
    clients: [
      {
        client_id: upstream.clientId,
        client_secret: upstream.clientSecret,
        redirect_uris: options.redirectUris ?? ["http://localhost:8080/callback"],
        ...(options.anyPort && { application_type: "native" }),
        grant_types: options.offline ? ["authorization_code", "refresh_token"] : ["authorization_code"],
        response_types: ["code"],
        ...(options.logoutUri && {
          backchannel_logout_uri: options.logoutUri,
          backchannel_logout_session_required: true,
        }),
      },
    ],
    // Its own would reach no loopback address.
    fetch(
      url: string,
      { dispatcher, ...request }: RequestInit & { body: URLSearchParams; dispatcher: unknown },
    ) {
      logoutTokens.push(String(request.body.get("logout_token")));
      return upstream.deliversLogout ? fetch(url, request) : new Response();
    },
    scopes: options.offline ? ["openid", "offline_access"] : ["openid"],
    claims,
    conformIdTokenClaims: false, // the ID token carries the e-mail address, as Google's does
    findAccount: (_: unknown, accountId: string) =>
      upstream.closed.has(accountId)
        ? undefined
        : {
            accountId,
            claims: (place: "id_token" | "userinfo") => claimsOf?.(place) ?? accounts.get(accountId),
          },
    interactions: { policy: policy(upstream) },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      backchannelLogout: { enabled: true },
    },
    loadExistingGrant: grantOf(
      [...Object.keys(claims), ...(options.offline ? ["offline_access"] : [])].join(" "),
    ),
    renderError(context: { body: unknown }, error: object) {
      context.body = error;
    },
    ttl: {
      AccessToken: hour,
      AuthorizationCode: 60,
      Grant: hour,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: hour,
      Session: hour,
    },
  });
  provider.use(async (context, next) => {
    await next();
    if (upstream.skew !== 0) await moveClock(context, upstream.skew, key);
    await onAnswer?.(context);
  });
  provider.on("authorization.success", ({ oidc: { session, client } }) => {
    sids.push(session.sidFor(client.clientId));
  });
  handle = provider.callback();

  /** Puts a session of this account into the request, in place of whatever the browser brought. */
  async function signIn(request: IncomingMessage, { Session }: Provider, account: UpstreamAccount) {
    accounts.set(account.sub, account);
    const session = new Session();
    const loginTs = upstream.signedInAt?.();
    session.loginAccount({ accountId: account.sub, ...(loginTs !== undefined && { loginTs }) });
    await session.save(hour);
    request.headers.cookie = `_session=${session.id}`;
  }
  return upstream;
}

/** What an answer would be with its clock so many seconds ahead: the times of its tokens, and its `Date`. */
async function moveClock(context: AnswerContext, by: number, key: JWK): Promise<void> {
  context.set("date", new Date(Date.now() + by * 1000).toUTCString());
  const { body } = context;
  if (context.oidc?.route !== "token" || typeof body !== "object" || body === null) return;
  if (!("id_token" in body) || typeof body.id_token !== "string") return;
  const { iat = 0, exp = 0, ...claims } = decodeJwt(body.id_token);
  const { kid = "" } = key;
  const token = new SignJWT({ ...claims, iat: iat + by, exp: exp + by }).setProtectedHeader({
    alg: "RS256",
    kid,
  });
  context.body = { ...body, id_token: await token.sign(await importJWK(key, "RS256")) };
}

/** The prompts a client may ask for, each answered by itself; the person's no is an error right away. */
function policy(upstream: Upstream): object[] {
  const decide = new Check("decision", "the person decides", "login_required", (context: ProviderContext) => {
    if (upstream.decision === "cancel") throw new AccessDenied("the person cancelled");
    return context.oidc.params.prompt === "none" && upstream.decision === "ask"
      ? Check.REQUEST_PROMPT
      : Check.NO_NEED_TO_PROMPT;
  });
  return ["login", "select_account", "consent"].map((name) => {
    const prompt = new Prompt({ name, requestable: true }, decide);
    prompt.checks.remove(`${name}_prompt`);
    return prompt;
  });
}

function grantOf(scope: string) {
  return async ({ oidc }: ProviderContext): Promise<object> => {
    const grant = new oidc.provider.Grant({
      accountId: oidc.session.accountId,
      clientId: oidc.client.clientId,
    });
    grant.addOIDCScope(scope);
    await grant.save(hour);
    return grant;
  };
}

export async function makeSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: "upstream", use: "sig", alg: "RS256" };
}

/** Listens on a loopback port, any free one unless it is named; resolves with the origin. */
export async function listen(server: Server, port = 0): Promise<string> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
