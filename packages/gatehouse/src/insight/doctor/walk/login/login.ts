import type { Finding } from "../../check.ts";
import { authorizationRequest } from "../authorize.ts";
import { type McpClient, type NamedScopes, scopeBy } from "../client.ts";
import type { Discovered } from "../discovery.ts";
import { saidIn } from "../identify.ts";
import type { Registrations } from "../registrations.ts";
import { passed, Stopped, Unwalkable } from "../stopped.ts";
import { type Wire, WireError } from "../wire.ts";
import type { CallbackListener } from "./callback.ts";
import { mannerOf, methodOf, refreshForm } from "./manner.ts";
import { callWith, Session, type Tokens } from "./session.ts";

/*
 * With somebody who signs in, and under a registration of our own: whether clients that ask as these do get
 * tokens, can use them, and stay signed in. No flow is ever finished under another client's identifier.
 */

/** A client that came as far as the sign-in page. */
export interface Waiting {
  readonly client: McpClient;
  readonly found: Discovered;
  readonly scopes: NamedScopes;
  /** The MCP server's address and what its metadata call it; absent where an issuer was named. */
  readonly server: string | undefined;
  readonly published: string | undefined;
}

export interface LoginOptions {
  /** Shows the link, with how clients ask that it is for. */
  readonly show: (link: string, manner: string, clients: readonly string[]) => void;
  /** Told of the tokens of each sign-in while they are good, before all is revoked. */
  readonly signedIn?: (tokens: Tokens) => Promise<void>;
  /** Milliseconds until nobody is waited for any more. */
  readonly timeout: number;
  /** Aborted when nobody is waited for any more. */
  readonly signal?: AbortSignal;
}

export interface LoginTools {
  readonly wire: Wire;
  readonly registrations: Registrations;
  readonly callback: CallbackListener;
}

export interface Fared {
  /** How each client fares from there on, by its name: `false` without tokens; `undefined`: untold. */
  readonly clients: Map<
    string,
    { readonly connects: boolean | undefined; readonly findings: readonly Finding[] }
  >;
  /** Whether what was allowed was revoked, for each sign-in. */
  readonly ends: Finding[];
}

/** One sign-in for all clients that ask in the same manner. */
export async function signInAs(
  waiting: readonly Waiting[],
  tools: LoginTools,
  options: LoginOptions,
): Promise<Fared> {
  const fared: Fared = { clients: new Map(), ends: [] };
  const groups = Map.groupBy(
    waiting,
    ({ client, scopes, server, found }) => mannerOf(client, scopes, server, found).key,
  );
  for (const group of groups.values()) {
    try {
      await signInOnce(group, tools, options, fared);
    } catch (error) {
      const connects = error instanceof Stopped ? false : undefined;
      if (!(error instanceof Stopped || error instanceof Unwalkable)) throw error;
      for (const { client } of group)
        fared.clients.set(client.name, { connects, findings: [asFinding(error, client)] });
    }
  }
  return fared;
}

async function signInOnce(
  group: readonly Waiting[],
  { wire, registrations, callback }: LoginTools,
  options: LoginOptions,
  fared: Fared,
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const { client, found, scopes, server, published } = first;
  const own: McpClient = { ...client, stateLength: 43, callbacks: [callback.url, callback.url] };
  const registered = await registerOurselves(own, first, registrations, wire);
  const request = authorizationRequest(own, registered.clientId, found, { server, published, scopes });
  const { described } = mannerOf(client, scopes, server, found);
  options.show(
    request.url,
    described,
    group.map(({ client: { name } }) => name),
  );
  const code = await codeFrom(callback, request.state ?? "", found, options);
  const asker = { tokenEndpoint: found.endpoints.token, ...registered };
  const resources = request.resources.map((resource): [string, string] => ["resource", resource]);
  const session = await Session.redeem(wire, asker, [
    ["code", code],
    ["code_verifier", request.verifier],
    ["redirect_uri", callback.url],
    ...resources,
  ]);
  try {
    await options.signedIn?.(session.tokens);
    if (server !== undefined) await callWith(wire, server, session.tokens.accessToken);
    await stayIn(group, session, request, fared);
  } finally {
    fared.ends.push(await endOf(session, found));
  }
}

/** Nothing that was allowed for the sake of looking stays. */
async function endOf(session: Session, { metadata }: Discovered): Promise<Finding> {
  const id = "walk.token";
  const wrong = await session.revoke(metadata?.revocation_endpoint);
  if (wrong === undefined && (await session.isRevoked()))
    return { id, result: "ok", finding: "What was allowed for this sign-in is revoked again." };
  const finding = wrong ?? "A revoked refresh token is still good.";
  const mend =
    "Whoever runs the authorization server: offer revocation (RFC 7009); until then what was allowed ends by itself, or there.";
  return { id, result: "warn", finding, mend };
}

async function registerOurselves(
  own: McpClient,
  { found, scopes }: Waiting,
  registrations: Registrations,
  wire: Wire,
) {
  const method = methodOf(own, found);
  const scope = scopeBy(own.asks.scope, scopes);
  const { register } = found.endpoints;
  if (register === undefined || !(await registrations.mayRegisterAt(register)))
    throw new Unwalkable("walk.token", "Nobody can sign in without a registration of our own.");
  const metadata = {
    redirect_uris: [own.callbacks[0]],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: method,
    application_type: "native",
    ...(scope && { scope }),
  };
  try {
    const answer = await registrations.register(register, metadata, {}, wire);
    if ("refused" in answer)
      throw new Unwalkable("walk.token", `Our own registration is refused: ${saidIn(answer.refused)}.`);
    const { clientId, secret } = answer.registration;
    return { clientId, secret, method };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new Unwalkable("walk.token", `Our own registration fails: ${error.message}.`);
  }
}

async function codeFrom(
  callback: CallbackListener,
  state: string,
  { metadata }: Discovered,
  { timeout, signal }: LoginOptions,
): Promise<string> {
  const answer = await callback.answerTo(state, timeout, signal);
  if (answer === undefined) throw new Unwalkable("walk.token", "Nobody came back from signing in.");
  const [error, code, issuer] = ["error", "code", "iss"].map((name) => answer.get(name));
  if (issuer != null && metadata?.issuer !== undefined && issuer !== metadata.issuer) {
    throw new Stopped(
      "walk.authorize",
      `The answer comes from \`iss\` ${issuer}, asked was ${metadata.issuer}: strict clients refuse (RFC 9207).`,
      "authorization server",
      "let `iss` be its issuer to the letter.",
    );
  }
  if (error != null || code == null) {
    throw new Stopped(
      "walk.authorize",
      `After the sign-in: ${error ?? "neither a code nor an error comes back"}${answer.has("error_description") ? ` (${answer.get("error_description")})` : ""}.`,
      "authorization server",
      "look into its log for this request.",
    );
  }
  return code;
}

/** Each way of refreshing that these clients have is tried once, the rough ones last. */
async function stayIn(
  group: readonly Waiting[],
  session: Session,
  request: { readonly scope: string | undefined; readonly resources: readonly string[] },
  fared: Fared,
): Promise<void> {
  const formOf = ({ client, scopes }: Waiting) =>
    refreshForm(client, scopes, request.scope, request.resources);
  const tried = new Map<string, Stopped | undefined>();
  const attempt = async (key: string, act: () => Promise<void>) => {
    if (tried.has(key) || !session.lives || session.tokens.refreshToken === undefined) return;
    tried.set(key, await troubleOf(act));
  };
  const refreshing = group.filter(({ client }) => client.refresh !== undefined);
  for (const waiting of refreshing) {
    const form = formOf(waiting);
    await attempt(JSON.stringify(form), () => session.refresh(form));
  }
  const [any] = refreshing;
  if (any !== undefined) {
    // This one first: it is told of every client, and where it ends the session the other would as well.
    await attempt("again", () => session.refreshAgain(formOf(any)));
    if (refreshing.some(({ client }) => client.refresh?.together))
      await attempt("together", () => session.refreshTogether(formOf(any)));
  }
  for (const waiting of group) {
    const { client } = waiting;
    const together = client.refresh?.together ? ["together"] : [];
    const keys = [JSON.stringify(formOf(waiting)), "again", ...together];
    fared.clients.set(client.name, { connects: true, findings: findingsOf(waiting, session, keys, tried) });
  }
}

function findingsOf(
  { client, server }: Waiting,
  { tokens }: Session,
  keys: readonly string[],
  tried: ReadonlyMap<string, Stopped | undefined>,
): Finding[] {
  const { name, refresh } = client;
  const { expiresIn } = tokens;
  const isShort = expiresIn !== undefined && refresh !== undefined && expiresIn <= refresh.early;
  const token: Finding = isShort
    ? {
        id: "walk.token",
        result: "warn",
        finding: `Tokens live ${expiresIn} s, and it refreshes ${refresh.early} s before their end: at nearly every call.`,
        mend: "Whoever runs the authorization server: let access tokens live longer than five minutes.",
        client: name,
      }
    : passed(
        "walk.token",
        name,
        `The code is redeemed${server === undefined ? "" : ", and the token is taken"}.`,
      );
  if (refresh === undefined) return [token];
  if (tokens.refreshToken === undefined) {
    const mend = "Whoever runs the authorization server: give a refresh token to whoever registers for one.";
    const finding = "It is given no refresh token: the person signs in again when the access token ends.";
    return [token, { id: "walk.refresh", result: "warn", finding, mend, client: name }];
  }
  const trouble = keys.map((key) => tried.get(key)).find((stopped) => stopped !== undefined);
  if (trouble !== undefined) return [token, asFinding(trouble, client)];
  const untold = keys.some((key) => !tried.has(key));
  return [
    token,
    untold
      ? {
          id: "walk.refresh",
          result: "skipped",
          finding: "The session had ended before this was tried.",
          client: name,
        }
      : passed("walk.refresh", name, "It stays signed in."),
  ];
}

async function troubleOf(act: () => Promise<void>): Promise<Stopped | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof Stopped) return error;
    throw error;
  }
}

function asFinding(error: Stopped | Unwalkable, { name }: McpClient): Finding {
  const { step: id, message: finding } = error;
  return error instanceof Stopped
    ? { id, result: "fail", finding, mend: error.mend, client: name }
    : { id, result: "skipped", finding, client: name };
}
