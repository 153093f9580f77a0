import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { serveFetch } from "../../../../src/demo/serve-fetch.ts";
import { closeServer, listen } from "../../../support/upstream.ts";

/** What the helpers need of a test, or of what ends all of them. */
export interface Ends {
  after(end: () => unknown): void;
}

/** How an MCP server says whom it trusts. */
export interface Guard {
  /** Issuers, as its metadata name them. */
  readonly servers: readonly string[];
  /** In place of its address. */
  readonly resource?: string;
  /** False: its 401 names no metadata. */
  readonly names?: false;
  /** False: it publishes none. */
  readonly publishes?: false;
  /** In place of 401. */
  readonly status?: number;
  /** Tokens that are good no more. */
  readonly expired?: Pick<ReadonlySet<string>, "has">;
  /** It answers everybody. */
  readonly open?: true;
  /** Told whom a request without metadata or tool is for; true: it was answered. */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** An MCP server on the official SDK behind a guard; whoever brings a token is let in. */
/** @param asked where what it is asked is written down, with how it answered: `POST /register 404` */
export async function startMcpServer(
  t: Ends,
  guard: (url: string) => Guard,
  asked: string[] = [],
): Promise<string> {
  const mcp = createMcpHandler(createTools);
  const handle = serveFetch((request) => mcp.fetch(request));
  const server = createServer((request, response) => {
    const { servers, resource = url, names, publishes, status = 401, expired, open, before } = guard(url);
    const { pathname, origin } = new URL(request.url ?? "/", url);
    response.on("finish", () => asked.push(`${request.method} ${pathname} ${response.statusCode}`));
    if (before?.(request, response)) return;
    if (pathname === "/.well-known/oauth-protected-resource/mcp" && publishes !== false) {
      response.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": "*" });
      response.end(JSON.stringify({ resource, authorization_servers: servers, scopes_supported: ["mcp"] }));
      return;
    }
    if (pathname !== "/mcp") return void response.writeHead(404).end();
    if (request.method === "OPTIONS") return void response.writeHead(204, crossOrigin).end();
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
    if (open || (token !== undefined && !expired?.has(token))) return handle(request, response);
    const named = `, resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
    response.writeHead(status, {
      ...crossOrigin,
      "www-authenticate": `Bearer scope="mcp"${names === false ? "" : named}`,
    });
    response.end();
  });
  const url = `${await listen(server)}/mcp`;
  t.after(async () => {
    await mcp.close();
    await closeServer(server);
  });
  return url;
}

const crossOrigin = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*, authorization",
  "access-control-expose-headers": "www-authenticate",
};

function createTools(): McpServer {
  const server = new McpServer({ name: "small", version: "1.0.0" });
  server.registerTool("whoami", { description: "Tells that it was called." }, () => ({
    content: [{ type: "text" as const, text: "somebody" }],
  }));
  return server;
}
