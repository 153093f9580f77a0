import { getRequestListener } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import {
  type AuthInfo,
  type ProtectedEnv,
  type ProtectionOptions,
  protect,
  protectFastify,
  protectFetch,
  protectHono,
} from "../../src/index.ts";
import { listen } from "./listening.ts";

interface Started {
  readonly origin: string;
  close(): Promise<void>;
}
type Start = (options: ProtectionOptions) => Promise<Started>;

/**
 * The same server behind each adapter, on loopback: `POST /mcp` tells who calls and gives the form back,
 * `POST /mcp/write` needs the scope `notes:write`, `GET /health` is open to everybody.
 */
export const adapters: Readonly<Record<string, Start>> = {
  async Express(options) {
    const gate = protect(options);
    const app = express();
    app.get("/health", (_request, response) => void response.send("fine"));
    app.use(gate);
    app.use(express.json());
    app.post("/mcp", (request, response) => {
      response.json({ auth: request.auth, form: request.body });
    });
    app.post("/mcp/write", gate.scopes("notes:write"), (_request, response) => void response.send("written"));
    return listen(app);
  },

  async "node:http"(options) {
    const gate = protect(options);
    const write = gate.scopes("notes:write");
    return listen((request: Parameters<typeof gate>[0], response) => {
      if (request.url === "/health") return response.end("fine");
      return gate(request, response, () => {
        if (request.url === "/mcp/write") return write(request, response, () => response.end("written"));
        response.setHeader("Content-Type", "application/json");
        return response.end(JSON.stringify({ auth: request.auth, form: request.body }));
      });
    });
  },

  async Hono(options) {
    const gate = protectHono(options);
    const app = new Hono<ProtectedEnv>();
    app.get("/health", (c) => c.text("fine"));
    app.use(gate);
    app.post("/mcp", async (c) => c.json({ auth: c.get("auth"), form: await c.req.parseBody() }));
    app.post("/mcp/write", gate.scopes("notes:write"), (c) => c.text("written"));
    return listen(getRequestListener(app.fetch));
  },

  async Fastify(options) {
    const gate = protectFastify(options);
    const app = fastify();
    app.get("/health", { config: { protect: false } }, async () => "fine");
    app.register(gate);
    app.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string" },
      async (_request: unknown, body: string | Buffer) =>
        Object.fromEntries(new URLSearchParams(body.toString())),
    );
    app.post("/mcp", async (request: { auth?: AuthInfo; body: unknown }) => ({
      auth: request.auth,
      form: request.body,
    }));
    app.post("/mcp/write", { onRequest: gate.scopes("notes:write") }, async () => "written");
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    return { origin, close: () => app.close() };
  },

  async "fetch(Request)"(options) {
    const handle = protectFetch(options, async (request, auth, scopes) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/mcp/write") return scopes("notes:write") ?? new Response("written");
      const form = Object.fromEntries(new URLSearchParams(await request.text()));
      return Response.json({ auth, form });
    });
    const fetch = (request: Request) =>
      new URL(request.url).pathname === "/health" ? new Response("fine") : handle(request);
    return listen(getRequestListener(fetch));
  },
};
