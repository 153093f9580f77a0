import { createServer } from "node:http";
import { DemoInMemoryAuthProvider } from "@modelcontextprotocol/sdk/examples/server/demoInMemoryOAuthProvider.js";
import { mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { closeServer, listen } from "../../../support/upstream.ts";
import type { Ends } from "./mcp-server.ts";

/** The authorization server of the official SDK's examples: it asks nobody, and sends a code at once. */
export async function startSdkExample(t: Ends): Promise<{ issuer: string; asked: string[] }> {
  const asked: string[] = [];
  const app = createMcpExpressApp();
  const server = createServer(app);
  const origin = await listen(server);
  t.after(() => closeServer(server));
  app.use((request, response, next) => {
    response.on("finish", () => asked.push(`${request.method} ${request.path} ${response.statusCode}`));
    next();
  });
  // More than twenty clients register within the hour that it counts.
  const clientRegistrationOptions = { rateLimit: false } as const;
  app.use(
    mcpAuthRouter({
      provider: new DemoInMemoryAuthProvider(),
      issuerUrl: new URL(origin),
      scopesSupported: ["mcp"],
      clientRegistrationOptions,
    }),
  );
  return { issuer: `${origin}/`, asked };
}
