import assert from "node:assert/strict";
import { hash, randomBytes, randomUUID } from "node:crypto";
import type { TestGatehouse } from "./gatehouse.ts";
import { type Arrival, UserAgent } from "./user-agent.ts";

/**
 * An OAuth client as an MCP client is one: what it registered, and what it does with it. All requests are
 * real HTTP.
 */
export interface TestClient {
  readonly id: string;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly challenge: string;
  /** For confidential clients, sent in the body. */
  readonly secret?: string;
}

export const resource = "https://notes.example.com/mcp";

/** Where a server answers. */
type Reachable = Pick<TestGatehouse, "url">;
/** … and whom it lets ask about tokens. */
export type Server = Pick<TestGatehouse, "url" | "introspectionToken">;

/** Registers a public client dynamically; `metadata` overrides what it says of itself. */
export async function aPublicClient(
  server: Reachable,
  metadata: Record<string, unknown> = {},
): Promise<TestClient> {
  const redirectUri = "http://127.0.0.1:33418/callback";
  const response = await fetch(`${server.url}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      client_name: "Test client",
      // Of its own kind: identical ones would share an identifier.
      software_id: randomUUID(),
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      ...metadata,
    }),
  });
  const registered = (await response.json()) as { client_id: string; redirect_uris: string[] };
  assert.equal(response.status, 201, JSON.stringify(registered));
  return { id: registered.client_id, redirectUri: registered.redirect_uris[0] ?? "", ...pkce() };
}

export function pkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: hash("sha256", verifier, "base64url") };
}

/** The authorization request of a well-behaved MCP client. `undefined` leaves a parameter out. */
export function authorizationUrl(
  server: Reachable,
  client: TestClient,
  parameters: Record<string, string | undefined> = {},
): string {
  const url = new URL(`${server.url}/authorize`);
  const all: Record<string, string | undefined> = {
    response_type: "code",
    client_id: client.id,
    redirect_uri: client.redirectUri,
    state: "the-clients-state",
    code_challenge: client.challenge,
    code_challenge_method: "S256",
    resource,
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

const isCallbackOf = (client: TestClient) => (url: URL) =>
  url.href.startsWith(client.redirectUri.split("?")[0] ?? "");

/** Follows the request through sign-in up to the consent page. */
export async function openConsentPage(
  server: Reachable,
  client: TestClient,
  agent = new UserAgent(),
  parameters: Record<string, string | undefined> = {},
): Promise<{ agent: UserAgent; page: Arrival }> {
  const page = await agent.follow(authorizationUrl(server, client, parameters), isCallbackOf(client));
  assert.match(page.html, /name="decision"/, `no consent page at ${page.url.href}: ${page.html}`);
  return { agent, page };
}

/**
 * Signs in and decides; resolves with where the browser is sent: the client's redirect URI with its
 * parameters.
 */
export async function authorize(
  server: Reachable,
  client: TestClient,
  options: {
    readonly agent?: UserAgent;
    readonly decision?: "approve" | "deny";
    readonly parameters?: Record<string, string | undefined>;
  } = {},
): Promise<URL> {
  const { agent, page } = await openConsentPage(server, client, options.agent, options.parameters);
  const end = await agent.submit(page, { decision: options.decision ?? "approve" }, isCallbackOf(client));
  return end.url;
}

/** Like {@link authorize}, down to the code. */
export async function aCode(
  server: Reachable,
  client: TestClient,
  parameters: Record<string, string | undefined> = {},
): Promise<string> {
  const answer = await authorize(server, client, { parameters });
  const code = answer.searchParams.get("code");
  assert.ok(code, answer.href);
  return code;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The JSON object of the answer; empty when it has none. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A form post to an endpoint; `undefined` leaves a parameter out, a list repeats it. */
export async function post(
  server: Reachable,
  path: string,
  form: Record<string, string | readonly string[] | undefined>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) {
    for (const one of typeof value === "string" ? [value] : (value ?? [])) body.append(name, one);
  }
  const response = await fetch(server.url + path, { method: "POST", body, headers });
  return read(response);
}

/** A post of any body; `null` names no type. */
export async function postBody(
  server: Reachable,
  path: string,
  body: string,
  type: string | null,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return read(
    await fetch(server.url + path, {
      method: "POST",
      body: new Uint8Array(Buffer.from(body)), // bytes get no type unless they are given one
      headers: { ...(type === null ? {} : { "content-type": type }), ...headers },
    }),
  );
}

/** The text of an answer but for its reference, which is another one for each request. */
export const withoutReference = ({ text }: Pick<Answer, "text">): string =>
  text.replace(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/, "…");

export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {}, text };
}

export function redeem(
  server: Reachable,
  client: TestClient,
  code: string,
  form: Record<string, string | readonly string[] | undefined> = {},
): Promise<Answer> {
  return post(server, "/token", {
    ...codeForm(client, code),
    client_id: client.id,
    client_secret: client.secret,
    ...form,
  });
}

export function refresh(
  server: Reachable,
  client: TestClient,
  refreshToken: string,
  form: Record<string, string | readonly string[] | undefined> = {},
): Promise<Answer> {
  return post(server, "/token", {
    grant_type: "refresh_token",
    client_id: client.id,
    client_secret: client.secret,
    refresh_token: refreshToken,
    ...form,
  });
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly scope?: string;
}

/** What a client posts to redeem a code, without saying who it is. */
export const codeForm = (client: TestClient, code: string) => ({
  grant_type: "authorization_code",
  code,
  code_verifier: client.verifier,
  redirect_uri: client.redirectUri,
});

/** A person signed in, approved, and the client redeemed the code. */
export async function tokensFor(
  server: Reachable,
  client: TestClient,
  parameters: Record<string, string | undefined> = {},
): Promise<Tokens> {
  return tokensOf(await redeem(server, client, await aCode(server, client, parameters)));
}

/** The tokens of an answer that must have some. */
export function tokensOf({ status, body }: Answer): Tokens {
  assert.equal(status, 200, JSON.stringify(body));
  return body as unknown as Tokens;
}

/** Refreshes once. */
export async function refreshed(server: Reachable, client: TestClient, token: string): Promise<Tokens> {
  return tokensOf(await refresh(server, client, token));
}

/** What the operator sees of a token. */
export async function introspect(server: Server, token: string, credential = server.introspectionToken) {
  const answer = await post(server, "/introspect", { token }, { authorization: `Bearer ${credential}` });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

export async function isActive(server: Server, token: string): Promise<boolean> {
  return (await introspect(server, token)).active === true;
}
