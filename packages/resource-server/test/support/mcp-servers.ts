import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createMcpHandler, McpServer as McpServerV2, requireScopes } from "@modelcontextprotocol/server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import {
  type ProtectedEnv,
  type ProtectionOptions,
  protect,
  protectFastify,
  protectFetch,
  protectHono,
} from "../../src/index.ts";
import { listen, listenWith } from "./listening.ts";

type Start = (options: ProtectionOptions) => Promise<{ readonly origin: string; close(): Promise<void> }>;

/** An MCP server on each framework, as docs/resource-server.md shows it. Its one tool tells who calls. */
export const mcpServers: Readonly<Record<string, Start>> = {
  async "Express, SDK v1"(options) {
    const app = express();
    app.use(protect(options));
    app.use(express.json());
    app.post("/mcp", async (request, response) => {
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      await connectTools(transport);
      await transport.handleRequest(request, response, request.body);
    });
    return listen(app);
  },

  async "node:http, SDK v1"(options) {
    const gate = protect(options);
    const server = createServer((request, response) =>
      gate(request, response, async () => {
        const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
        await connectTools(transport);
        await transport.handleRequest(request, response);
      }),
    );
    return listenWith(server);
  },

  async "Hono, SDK v1"(options) {
    const app = new Hono<ProtectedEnv>();
    app.use(protectHono(options));
    app.post("/mcp", async (c) => {
      const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
      await connectTools(transport);
      return transport.handleRequest(c.req.raw, { authInfo: c.get("auth") });
    });
    return listen(getRequestListener(app.fetch));
  },

  async "Hono, SDK v2"(options) {
    const mcp = createMcpHandler(createToolsV2);
    const app = new Hono<ProtectedEnv>();
    app.use(protectHono(options));
    app.all("/mcp", (c) => mcp.fetch(c.req.raw, { authInfo: c.get("auth") }));
    return listen(getRequestListener(app.fetch));
  },

  async "Fastify, SDK v1"(options) {
    const app = fastify();
    app.register(protectFastify(options));
    app.post("/mcp", async (request, reply) => {
      const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
      await connectTools(transport);
      reply.hijack();
      await transport.handleRequest(request.raw, reply.raw, request.body);
    });
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    return { origin, close: () => app.close() };
  },

  async "fetch, SDK v2"(options) {
    const mcp = createMcpHandler(createToolsV2);
    const handle = protectFetch(options, (request, authInfo) => mcp.fetch(request, { authInfo }));
    return listen(getRequestListener(handle));
  },
};

async function connectTools(transport: object): Promise<void> {
  const server = new McpServer({ name: "notes", version: "1" });
  server.registerTool("whoami", {}, ({ authInfo }) => text(`${authInfo?.extra?.subject}`));
  // The SDK's own declarations disagree under exactOptionalPropertyTypes.
  await server.connect(transport as Transport);
}

function createToolsV2(): McpServerV2 {
  const server = new McpServerV2({ name: "notes", version: "1" });
  server.registerTool("whoami", {}, ({ http }) => text(`${http?.authInfo?.extra?.subject}`));
  const scopeChallenge = requireScopes("notes:read", "notes:write");
  server.registerTool("write", { scopeChallenge }, () => text("written"));
  return server;
}

function text(value: string): { content: [{ type: "text"; text: string }] } {
  return { content: [{ type: "text", text: value }] };
}
