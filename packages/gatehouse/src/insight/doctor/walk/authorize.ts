import { hash, randomBytes } from "node:crypto";
import { sentence } from "./challenge.ts";
import { type McpClient, type NamedScopes, resourcesBy, scopeBy } from "./client.ts";
import type { Discovered } from "./discovery.ts";
import { saidIn } from "./identify.ts";
import { Stopped } from "./stopped.ts";
import { type Received, type Wire, WireError } from "./wire.ts";

/*
 * Fourth step: the person's browser is sent to the authorization endpoint with this client's parameters, and
 * followed up to the page where somebody would sign in. Nobody does.
 */

const step = "walk.authorize";
const maxUrlLength = 8000;
const maxHops = 10;

export interface AuthorizationRequest {
  readonly url: string;
  readonly verifier: string;
  readonly state: string | undefined;
  readonly scope: string | undefined;
  readonly resources: readonly string[];
}

/**
 * What the client's authorization URL would be. Throws {@link Stopped} where it makes none.
 * @param redirectUri in place of its own
 */
export function authorizationRequest(
  client: McpClient,
  clientId: string,
  discovered: Discovered,
  at: {
    readonly server: string | undefined;
    readonly published: string | undefined;
    readonly scopes: NamedScopes;
  },
  redirectUri: string = client.callbacks[0],
): AuthorizationRequest {
  checkMetadata(client, discovered);
  const { asks, stateLength } = client;
  const verifier = randomBytes(32).toString("base64url");
  const state =
    stateLength === undefined
      ? undefined
      : randomBytes(stateLength).toString("base64url").slice(0, stateLength);
  const scope = scopeBy(asks.scope, at.scopes);
  const resources = at.server === undefined ? [] : resourcesBy(asks.resource, at.server, at.published);
  const url = parsed(discovered.endpoints.authorize);
  const { searchParams } = url;
  searchParams.set("response_type", "code");
  searchParams.set("client_id", clientId);
  searchParams.set("redirect_uri", redirectUri);
  searchParams.set("code_challenge", hash("sha256", verifier, "base64url"));
  searchParams.set("code_challenge_method", "S256");
  if (state !== undefined) searchParams.set("state", state);
  if (scope !== undefined) searchParams.set("scope", scope);
  if (asks.consentToOffline && scope?.split(" ").includes("offline_access"))
    searchParams.set("prompt", "consent");
  for (const resource of resources) searchParams.append("resource", resource);
  if (asks.audience && at.server !== undefined) searchParams.set("audience", at.server);
  if (url.href.length > maxUrlLength) {
    throw new Stopped(
      step,
      `Its authorization request is ${url.href.length} characters long: it asks for ${scope?.split(" ").length} scopes.`,
      "authorization server",
      "list few scopes in scopes_supported; MCP servers name those they need in the 401.",
    );
  }
  return { url: url.href, verifier, state, scope, resources };
}

/**
 * What shows only after somebody has signed in, at a server that is not known: `undefined` where nothing of
 * the request is unusual.
 */
export function doubtAbout({ scope, resources }: AuthorizationRequest): string | undefined {
  if (resources.length > 1) return "it names its resource twice, which some servers refuse in the end";
  if (scope === undefined || scope === "") {
    return "it asks for no scope, and a server without a default one refuses that in the end";
  }
  return undefined;
}

/** Before it asks anybody: what the metadata must offer. */
function checkMetadata({ looks }: McpClient, { metadata }: Discovered): void {
  if (metadata === undefined) return;
  const { response_types_supported: types, code_challenge_methods_supported: methods } = metadata;
  if (types !== undefined && !types.includes("code")) {
    throw new Stopped(
      step,
      "The response type `code` is not supported.",
      "authorization server",
      "support it.",
    );
  }
  if (looks.checksPkce && methods !== undefined && !methods.includes("S256")) {
    throw new Stopped(
      step,
      `PKCE with S256 is not among ${methods.join(", ") || "no methods"}: the client refuses.`,
      "authorization server",
      "support PKCE with S256, and list it in code_challenge_methods_supported.",
    );
  }
}

function parsed(endpoint: string): URL {
  if (URL.canParse(endpoint)) return new URL(endpoint);
  throw new Stopped(step, `authorization_endpoint is ${endpoint}.`, "authorization server", "make it a URL.");
}

/** Follows it to the sign-in page. Gives how it went; throws {@link Stopped}. */
export async function openSignIn(
  client: McpClient,
  request: AuthorizationRequest,
  wire: Wire,
): Promise<string> {
  const { origin } = new URL(request.url);
  const jar = new Map<string, string>();
  let url = request.url;
  for (let hop = 0; hop < maxHops; hop++) {
    const received = await open(url, jar, wire);
    if (received.location === undefined) return arrived(client, received, request);
    if (isCallback(client, received.location)) return answered(client, received.location, request);
    if (!URL.canParse(received.location) || new URL(received.location).origin !== origin)
      return handedOver(received, wire);
    url = received.location;
  }
  throw new Stopped(
    step,
    `${request.url.split("?")[0]} redirects without end.`,
    "authorization server",
    "end it.",
  );
}

async function open(url: string, jar: Map<string, string>, wire: Wire): Promise<Received> {
  try {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const received = await wire.ask(url, {
      headers: {
        accept: "text/html,application/xhtml+xml",
        "user-agent": "Mozilla/5.0 gatehouse-doctor",
        ...(cookie !== "" && { cookie }),
      },
    });
    for (const line of received.cookies) {
      const [, name = "", value = ""] = /^([^=;]*)=([^;]*)/.exec(line) ?? [];
      jar.set(name.trim(), value);
    }
    return received;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new Stopped(
      step,
      sentence(error.message),
      "authorization server",
      "let authorization_endpoint be an https address that answers.",
    );
  }
}

function arrived(client: McpClient, received: Received, request: AuthorizationRequest): string {
  if (received.status === 200) return "The sign-in page comes.";
  throw refused(client, saidIn(received), request);
}

/** Sent back to the client at once: with a code, where nobody is asked, or an error. */
function answered(client: McpClient, location: string, request: AuthorizationRequest): string {
  const { searchParams } = new URL(location);
  const error = searchParams.get("error");
  if (error === null) return "Nobody is asked: a code comes at once. It was not used.";
  const description = searchParams.get("error_description");
  throw refused(client, description === null ? error : `${error} (${description})`, request);
}

/** To the identity provider, which is not the walk's concern. */
function handedOver(received: Received, wire: Wire): string {
  const location = received.location ?? "";
  const target = URL.canParse(location) ? new URL(location) : undefined;
  wire.note(received);
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw new Stopped(
      step,
      `The browser is sent to ${location}.`,
      "authorization server",
      "send it to a page.",
    );
  }
  return `The person is sent to ${target.host} to sign in.`;
}

function refused({ callbacks: [callback] }: McpClient, why: string, request: AuthorizationRequest): Stopped {
  const { scope = "", resources } = request;
  const mends: readonly [RegExp, string][] = [
    [
      /scope/i,
      `it asks for \`${scope.slice(0, 200)}\`: grant what is known of it and leave out the rest (RFC 6749 §3.3).`,
    ],
    [/target|resource/i, `it names the resource ${resources.join(", ")}: know it by that name (RFC 8707).`],
    [/redirect/i, `accept ${callback}, with any port where it is a loopback address (RFC 8252 §7.3).`],
  ];
  const [, mend] = mends.find(([about]) => about.test(why)) ?? [
    undefined,
    "look into its log for this request.",
  ];
  return new Stopped(step, `In place of the sign-in page: ${why}.`, "authorization server", mend);
}

function isCallback({ callbacks }: McpClient, location: string): boolean {
  const plain = (url: string) => url.split(/[?#]/)[0];
  return callbacks.some((callback) => plain(callback) === plain(location));
}
