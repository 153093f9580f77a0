import { createServer } from "node:http";
import { protect } from "@mcp-gatehouse/resource-server";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import { Notes } from "./notes.ts";
import { createTools } from "./tools.ts";

export interface ExampleOptions {
  /** The authorization server's issuer. */
  readonly issuer: string;
  /** This server's public address, with the path MCP is served at: `http://localhost:8081/mcp`. */
  readonly resource: string;
  /** What `gatehouse resources add` printed. */
  readonly credential: string;
  /** 0: any free one. */
  readonly port: number;
  readonly host: string;
}

export interface ExampleServer {
  /** Where it really listens, which behind a proxy is not the resource. */
  readonly url: string;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

/** Starts the example. Rejects with node's own error when the port cannot be had (`EADDRINUSE`). */
export async function startExampleServer(options: ExampleOptions): Promise<ExampleServer> {
  const { issuer, resource, credential, port, host } = options;
  const { pathname: path } = new URL(resource);
  const notes = new Notes();
  const app = express();
  app.disable("x-powered-by");

  if (path !== "/") {
    const hint = `An MCP server, protected by Gatehouse. Point an MCP client at ${resource}\n`;
    app.get("/", (_request, response) => void response.type("text").send(hint));
  }

  // Everything after this needs a token.
  app.use(
    protect({
      issuer,
      resource,
      credential,
      requiredScopes: ["mcp"],
      // Asked each time: in a demonstration a revoked token is refused at once.
      cacheSeconds: 0,
      // Some clients look for the authorization server's metadata nowhere but here, and cannot refresh
      // without.
      authorizationServerMetadata: true,
    }),
  );

  // Stateless: each request is served by itself, so there is no session to keep, lose or steal.
  app.post(path, async (request, response) => {
    const tools = createTools(notes);
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
    response.on("close", () => void tools.close());
    await tools.connect(transport);
    await transport.handleRequest(request, response);
  });
  // A client that asks for a stream of its own, or to end a session, learns that there is none (MCP,
  // Streamable HTTP).
  app.all(path, (_request, response) => void response.status(405).set("Allow", "POST").end());

  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listening}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
