import { hash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { closeServer, listen } from "../../../support/upstream.ts";
import type { Ends } from "./mcp-server.ts";

/** What is wrong with it; nothing: it does all that clients need. */
export interface Faults {
  /** Over its metadata. */
  readonly metadata?: (issuer: string) => Readonly<Record<string, unknown>>;
  /** In place of its metadata; true: it was answered. */
  readonly discovery?: (request: IncomingMessage, response: ServerResponse, issuer: string) => boolean;
  /** Redirect URIs that it does not register. */
  readonly refusesRedirect?: RegExp;
  /** What it says then, before the URI. */
  readonly says?: string;
  /** Scopes it has never heard of. */
  readonly refusesScope?: RegExp;
  /** It has no pages, and sends the code at once. */
  readonly asksNobody?: true;
  /** So many second uses of refresh tokens it forgives in a session; the next ends it. Absent: all. */
  readonly forgives?: number;
  /** It gives none. */
  readonly givesNoRefreshToken?: true;
  /** It does not remove registrations. */
  readonly keepsRegistrations?: true;
}

/** An authorization server of a page of code, to be broken in one place. */
export interface SmallServer {
  readonly issuer: string;
  /** What it was asked, with how it answered: `POST /register 201`. */
  readonly asked: string[];
  /** Names of the clients that are registered now. */
  readonly registered: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly revoked: string[];
  /** What clients called themselves when they registered. */
  readonly names: unknown[];
}

export async function startSmallServer(t: Ends, faults: Faults = {}): Promise<SmallServer> {
  const registered = new Map<string, Readonly<Record<string, unknown>>>();
  const codes = new Map<string, { challenge: string; client: string }>();
  const refreshTokens = new Map<string, { grant: string; used: boolean }>();
  const ended = new Set<string>();
  const replays = new Map<string, number>();
  const asked: string[] = [];
  const revoked: string[] = [];
  const names: unknown[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", issuer);
    response.on("finish", () => asked.push(`${request.method} ${url.pathname} ${response.statusCode}`));
    for (const [name, value] of crossOrigin) response.setHeader(name, value);
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    await answer(request, url, response);
  });
  const issuer = await listen(server);
  t.after(() => closeServer(server));

  async function answer(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const json = (status: number, body: object) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    switch (`${request.method} ${url.pathname}`) {
      case "GET /.well-known/oauth-authorization-server":
        if (faults.discovery?.(request, response, issuer)) return;
        return json(200, { ...metadataOf(issuer), ...faults.metadata?.(issuer) });
      case "POST /register": {
        const metadata = JSON.parse(await text(request)) as { redirect_uris: string[] };
        const refused = metadata.redirect_uris.find((uri) => faults.refusesRedirect?.test(uri));
        if (refused !== undefined)
          return json(400, {
            error: "invalid_redirect_uri",
            error_description: `${faults.says ?? "not "}${refused}`,
          });
        const client_id = randomUUID();
        registered.set(client_id, metadata);
        names.push((metadata as { client_name?: unknown }).client_name);
        const management = {
          registration_client_uri: `${issuer}/register/${client_id}`,
          registration_access_token: "of-the-registration",
        };
        return json(201, { ...metadata, client_id, ...(!faults.keepsRegistrations && management) });
      }
      case "GET /authorize":
        return authorize(url, response);
      case "POST /approve":
        return approve(new URLSearchParams(await text(request)), response);
      case "POST /token":
        return json(...token(new URLSearchParams(await text(request))));
      case "POST /revoke":
        revoked.push(new URLSearchParams(await text(request)).get("token") ?? "");
        return json(200, {});
      default:
        if (request.method === "DELETE" && registered.delete(url.pathname.split("/")[2] ?? ""))
          return void response.writeHead(204).end();
        return void response.writeHead(404).end();
    }
  }

  function authorize({ searchParams: sent }: URL, response: ServerResponse): void {
    const redirectUri = sent.get("redirect_uri") ?? "";
    const metadata = registered.get(sent.get("client_id") ?? "") as { redirect_uris: string[] } | undefined;
    if (!metadata?.redirect_uris.includes(redirectUri)) {
      return void response.writeHead(400, { "content-type": "text/html" }).end("<h1>Unknown app</h1>");
    }
    const back = new URL(redirectUri);
    const state = sent.get("state");
    if (state !== null) back.searchParams.set("state", state);
    if (faults.refusesScope?.test(sent.get("scope") ?? "")) {
      back.searchParams.set("error", "invalid_scope");
      return void response.writeHead(302, { location: back.href }).end();
    }
    const code = randomUUID();
    codes.set(code, { challenge: sent.get("code_challenge") ?? "", client: sent.get("client_id") ?? "" });
    back.searchParams.set("code", code);
    if (faults.asksNobody) return void response.writeHead(302, { location: back.href }).end();
    const to = `<input type="hidden" name="to" value="${back.href.replaceAll("&", "&amp;")}">`;
    const page = `<h1>Sign in</h1><form method="post" action="/approve">${to}<button>Approve</button></form>`;
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  }

  function approve(form: URLSearchParams, response: ServerResponse): void {
    response.writeHead(302, { location: (form.get("to") ?? "").replaceAll("&amp;", "&") }).end();
  }

  function token(form: URLSearchParams): readonly [status: number, body: object] {
    if (form.get("grant_type") === "authorization_code") {
      const code = codes.get(form.get("code") ?? "");
      codes.delete(form.get("code") ?? "");
      const isRight = code?.challenge === hash("sha256", form.get("code_verifier") ?? "", "base64url");
      return isRight ? [200, tokens(randomUUID())] : [400, { error: "invalid_grant" }];
    }
    const found = refreshTokens.get(form.get("refresh_token") ?? "");
    if (found === undefined || ended.has(found.grant)) return [400, { error: "invalid_grant" }];
    if (found.used) replays.set(found.grant, (replays.get(found.grant) ?? 0) + 1);
    if ((replays.get(found.grant) ?? 0) > (faults.forgives ?? Number.POSITIVE_INFINITY)) {
      ended.add(found.grant);
      return [400, { error: "invalid_grant" }];
    }
    found.used = true;
    return [200, tokens(found.grant)];
  }

  function tokens(grant: string): object {
    const refresh_token = randomUUID();
    refreshTokens.set(refresh_token, { grant, used: false });
    const access = { access_token: randomUUID(), token_type: "Bearer", expires_in: 3600, scope: "mcp" };
    return faults.givesNoRefreshToken ? access : { ...access, refresh_token };
  }

  return { issuer, asked, registered, revoked, names };
}

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  registration_endpoint: `${issuer}/register`,
  revocation_endpoint: `${issuer}/revoke`,
  response_types_supported: ["code"],
  code_challenge_methods_supported: ["S256"],
  token_endpoint_auth_methods_supported: ["none", "client_secret_post", "client_secret_basic"],
  scopes_supported: ["mcp"],
});

const crossOrigin = [
  ["access-control-allow-origin", "*"],
  ["access-control-allow-headers", "*"],
] as const;
