import { generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { claimsFor } from "./assertions.ts";
import type { TestGatehouse } from "./gatehouse.ts";
import {
  aCode,
  aPublicClient,
  authorizationUrl,
  openConsentPage,
  pkce,
  type TestClient,
  tokensFor,
} from "./oauth-client.ts";
import { hiddenFields, UserAgent } from "./user-agent.ts";

type Pairs = Readonly<Record<string, string>>;

/** A good request, taken apart into what can be spoiled. */
export interface Template {
  readonly about: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Pairs;
  readonly form?: Pairs;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly headers?: Pairs;
  /** The form has an assertion besides, signed by this key. */
  readonly assertion?: {
    readonly key: KeyObject;
    readonly header: Readonly<Record<string, unknown>>;
    readonly claims: Readonly<Record<string, unknown>>;
  };
  /** What the client publishes of itself; the request has it fetched. */
  readonly document?: { readonly path: string; readonly content: Readonly<Record<string, unknown>> };
  /** Publishes {@link Template.document}, as text. */
  readonly publish?: (path: string, text: string) => void;
}

/** Clients, people and resources of one server, and good requests of theirs to all of its endpoints. */
export interface Cast {
  readonly client: TestClient;
  readonly templates: readonly Template[];
  close(): void;
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const webRedirectUri = "https://app.example.com/cb";

export async function makeCast(server: TestGatehouse): Promise<Cast> {
  const web = await startWeb();
  const client = await aPublicClient(server);
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", use: "sig", alg: "ES256" }] };
  const metadata = aRegistration(jwks);
  const signing = await register(server, metadata);
  const confidential = await register(server, {
    ...metadata,
    jwks: undefined,
    token_endpoint_auth_method: "client_secret_basic",
  });
  const legacy = await server.addClient({
    id: `web-${randomUUID()}`,
    secret: "s",
    redirectUris: ["https://*.app.example.com/cb*"],
  });
  const assertion = {
    key: privateKey,
    header: { alg: "ES256", kid: "k", typ: "JWT" },
    claims: claimsFor(server, String(signing.client_id)),
  };
  const tokens = await tokensFor(server, client);
  const redeeming = {
    grant_type: "authorization_code",
    code: await aCode(server, client),
    code_verifier: client.verifier,
    redirect_uri: client.redirectUri,
    client_id: client.id,
  };
  const refreshing = {
    grant_type: "refresh_token",
    refresh_token: tokens.refresh_token,
    scope: "notes:read",
    resource: "https://notes.example.com/mcp",
  };
  const authorizing = Object.fromEntries(new URL(authorizationUrl(server, client)).searchParams);
  const { agent, page } = await openConsentPage(server, client, undefined, { scope: "notes:read" });
  const consent = hiddenFields(page.html);
  const signedIn = { cookie: cookiesOf(server, agent) };
  const answered = await anAttempt(server, client);
  const cancelled = await anAttempt(server, client);
  const basic = `Basic ${btoa(`${confidential.client_id}:${confidential.client_secret}`)}`;
  const managing = {
    path: new URL(String(signing.registration_client_uri)).pathname,
    query: { client_id: String(signing.client_id) },
    headers: { authorization: `Bearer ${signing.registration_access_token}` },
  };
  const documentPath = `/client-${randomUUID()}.json`;
  const documentUrl = web.url + documentPath;
  const documented = {
    document: {
      path: documentPath,
      content: { ...metadata, client_id: documentUrl, software_id: "x", scope: undefined },
    },
    publish: web.publish,
    query: { ...authorizing, client_id: documentUrl, redirect_uri: webRedirectUri },
  };
  const ofOperator = { authorization: `Bearer ${server.introspectionToken}` };
  const templates: Template[] = [
    {
      about: "authorize",
      method: "GET",
      path: "/authorize",
      query: { ...authorizing, prompt: "login", max_age: "1", scope: "notes:read" },
    },
    {
      about: "authorize, signed in",
      method: "GET",
      path: "/authorize",
      query: authorizing,
      headers: signedIn,
    },
    {
      about: "authorize, silently",
      method: "GET",
      path: "/authorize",
      query: { ...authorizing, prompt: "none" },
      headers: { ...signedIn, "sec-fetch-site": "none" },
    },
    { about: "authorize, by document", method: "GET", path: "/authorize", ...documented },
    {
      about: "authorize, legacy",
      method: "GET",
      path: "/",
      query: { client_id: legacy.id, redirect_uri: "https://a.app.example.com/cb", state: "s" },
    },
    { about: "home", method: "GET", path: "/", headers: signedIn },
    {
      about: "callback",
      method: "GET",
      path: "/callback",
      query: { state: answered.state, code: "x", iss: server.upstream.issuer },
      headers: { cookie: answered.cookie },
    },
    {
      about: "callback, cancelled",
      method: "GET",
      path: "/callback",
      query: {
        state: cancelled.state,
        error: "access_denied",
        error_description: "d",
        iss: server.upstream.issuer,
      },
      headers: { cookie: cancelled.cookie },
    },
    {
      about: "consent page",
      method: "GET",
      path: "/consent",
      query: { transaction: consent.transaction ?? "" },
      headers: signedIn,
    },
    {
      about: "consent",
      method: "POST",
      path: "/consent",
      form: { ...consent, decision: "approve" },
      headers: { ...signedIn, origin: server.issuer, "sec-fetch-site": "same-origin" },
    },
    {
      about: "sign-out",
      method: "POST",
      path: "/sign-out",
      form: { csrf: "x" },
      headers: { ...signedIn, origin: server.issuer },
    },
    { about: "redeem", method: "POST", path: "/token", form: redeeming },
    {
      about: "redeem, legacy",
      method: "POST",
      path: "/token",
      form: { client_id: legacy.id, client_secret: "s", code: "x" },
    },
    { about: "refresh", method: "POST", path: "/token", form: { ...refreshing, client_id: client.id } },
    {
      about: "refresh, by Basic",
      method: "POST",
      path: "/token",
      form: refreshing,
      headers: { authorization: basic },
    },
    {
      about: "refresh, by assertion",
      method: "POST",
      path: "/token",
      form: { ...refreshing, client_assertion_type: assertionType },
      assertion,
    },
    {
      about: "revoke, by assertion",
      method: "POST",
      path: "/revoke",
      form: { token: tokens.access_token, client_assertion_type: assertionType },
      assertion,
    },
    {
      about: "revoke",
      method: "POST",
      path: "/revoke",
      form: { token: "gatehouse_at_x", token_type_hint: "access_token", client_id: client.id },
    },
    { about: "revoke, in JSON", method: "POST", path: "/revoke", json: { token: "x" } },
    {
      about: "revoke, in JSON that says it is text",
      method: "POST",
      path: "/revoke",
      json: { token: "x" },
      headers: { "content-type": "text/plain" },
    },
    {
      about: "revoke, by link",
      method: "GET",
      path: "/revoke",
      query: { token: "x", callback: "https://a.app.example.com/" },
    },
    {
      about: "introspect",
      method: "POST",
      path: "/introspect",
      form: { token: tokens.access_token, token_type_hint: "access_token" },
      headers: ofOperator,
    },
    { about: "register", method: "POST", path: "/register", json: metadata },
    {
      about: "register, public",
      method: "POST",
      path: "/register",
      json: { ...metadata, jwks: undefined, token_endpoint_auth_method: "none" },
    },
    { about: "read registration", method: "GET", ...managing },
    {
      about: "change registration",
      method: "PUT",
      ...managing,
      json: { ...metadata, client_id: signing.client_id },
    },
    { about: "remove registration", method: "DELETE", ...managing, query: { client_id: "dyn_x" } },
    { about: "metadata", method: "GET", path: "/.well-known/oauth-authorization-server" },
    { about: "unknown path", method: "GET", path: "/nowhere", query: { a: "b" } },
    { about: "ready", method: "GET", path: "/readyz" },
  ];
  return { client: { ...client, ...pkce() }, templates, close: web.close };
}

function aRegistration(jwks: unknown): Record<string, unknown> {
  return {
    redirect_uris: [webRedirectUri, "http://127.0.0.1/cb", "com.example.app:/cb"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    jwks,
    client_name: "An app",
    client_uri: "https://app.example.com/",
    logo_uri: "https://app.example.com/logo.png",
    policy_uri: "https://app.example.com/policy",
    tos_uri: "https://app.example.com/terms",
    contacts: ["a@example.com"],
    scope: "notes:read",
    application_type: "web",
    software_id: randomUUID(),
    software_version: "1",
  };
}

async function register(
  server: TestGatehouse,
  metadata: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify(metadata);
  const response = await fetch(`${server.url}/register`, { method: "POST", headers, body });
  if (response.status !== 201) throw new Error(`not registered: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

/** A browser that was sent to the identity provider. */
async function anAttempt(
  server: TestGatehouse,
  client: TestClient,
): Promise<{ readonly state: string; readonly cookie: string }> {
  const agent = new UserAgent();
  const response = await agent.request(authorizationUrl(server, client));
  const location = new URL(response.headers.get("location") ?? "");
  return { state: location.searchParams.get("state") ?? "", cookie: cookiesOf(server, agent) };
}

function cookiesOf(server: TestGatehouse, agent: UserAgent): string {
  return [...agent.cookiesOf(server.url)].map((cookie) => cookie.join("=")).join("; ");
}

/** Serves texts that need not be JSON. */
async function startWeb() {
  const texts = new Map<string, string>();
  const web = createServer(({ url = "" }, response) => {
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(Buffer.from(texts.get(url) ?? "", "latin1"));
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(web.address() as AddressInfo).port}`,
    publish: (path: string, text: string) => void texts.set(path, text),
    close: () => {
      web.close();
      web.closeAllConnections();
    },
  };
}
