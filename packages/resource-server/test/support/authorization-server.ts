import type { IncomingMessage, ServerResponse } from "node:http";
import { type Listening, listen } from "./listening.ts";

/** A request as the authorization server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Reply = (response: ServerResponse) => void;

/**
 * The other side: metadata and an introspection endpoint, which answers with whatever the test says it knows.
 * It stands for the network; what the real server answers is proven by the flow tests.
 */
export class AuthorizationServer {
  readonly credential: string = "gatehouse_rs_credential";
  /** What introspection answers, by token. */
  readonly tokens = new Map<string, unknown>();
  readonly seen: Seen[] = [];
  /** Members of the metadata to replace. */
  metadata: Record<string, unknown> = {};
  /** How to answer introspection instead. */
  misbehave: Reply | undefined;
  readonly issuer: string;
  readonly close: () => Promise<void>;
  /** How many connections have been opened to it. */
  readonly connections: () => number;

  private constructor(issuer: string, { close, connections }: Listening) {
    this.issuer = issuer;
    this.close = close;
    this.connections = connections;
  }

  /** With an issuer path, the metadata stand only at the path-inserted place (RFC 8414 §3.1). */
  static async start(path = ""): Promise<AuthorizationServer> {
    const server = await listen((request, response) => void authorizationServer.#answer(request, response));
    const authorizationServer = new AuthorizationServer(server.origin + path, server);
    return authorizationServer;
  }

  /** How often it was asked about a token. */
  get questions(): number {
    return this.seen.filter(({ method }) => method === "POST").length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method = "", url = "" } = request;
    this.seen.push({ method, url, authorization: request.headers.authorization, body });
    const { origin, pathname } = new URL(this.issuer);
    const path = pathname === "/" ? "" : pathname;
    if (method === "GET" && url === `/.well-known/oauth-authorization-server${path}`) {
      return json(response, 200, {
        issuer: this.issuer,
        introspection_endpoint: `${origin}${path}/introspect`,
        ...this.metadata,
      });
    }
    if (method !== "POST" || url !== `${path}/introspect`) return json(response, 404, {});
    if (this.misbehave !== undefined) return this.misbehave(response);
    if (request.headers.authorization !== `Bearer ${this.credential}`) return json(response, 401, {});
    const token = new URLSearchParams(body).get("token") ?? "";
    json(response, 200, this.tokens.get(token) ?? { active: false });
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
