import { createServer } from "node:http";
import { join } from "node:path";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { serveFetch } from "../../../src/demo/serve-fetch.ts";
import { aFolder } from "../../config/config-file.ts";
import { freePort } from "../../support/free-port.ts";
import { startTestGatehouse } from "../../support/gatehouse.ts";
import { closeServer, listen, startUpstream } from "../../support/upstream.ts";
import type { ProtectedServer } from "./protected-server.ts";

/**
 * A server on the official SDK that knows nothing of OAuth, as somebody has it running, and the Gatehouse in
 * front of it. Its tool `whoami` needs little, `add_note` more.
 */
export async function startServerBehindDoor(): Promise<ProtectedServer & { restart(): Promise<void> }> {
  const mcp = createMcpHandler(createTools);
  const behind = createServer(
    serveFetch((request) => {
      const clientId = request.headers.get("x-gatehouse-client") ?? "";
      const extra = { email: request.headers.get("x-gatehouse-email") };
      return mcp.fetch(request, { authInfo: { token: "", clientId, scopes: [], extra } });
    }),
  );
  const upstream = `${await listen(behind)}/mcp`;
  const ends: (() => void)[] = [];
  const folder = aFolder({ after: (end: () => void) => void ends.push(end) } as never, {
    "gatehouse.yaml": `servers:
  - name: notes
    title: Notes
    upstream: ${upstream}
    scopes:
      - { name: "notes:read", sentence: Read your notes, default: true }
      - { name: "notes:write", sentence: Write notes }
    base_scope: notes:read
    tools: { whoami: notes:read, "*": notes:write }
`,
  });
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  // One that lives on while Gatehouse is started anew: another would be other people's.
  const provider = await startUpstream({ redirectUris: [`${issuer}/callback`] });
  const settings = {
    GATEHOUSE_CONFIG: join(folder, "gatehouse.yaml"),
    SQL_URL: `sqlite:${join(folder, "gatehouse.db")}`,
    BASE_URL: issuer,
    PORT: String(port),
    UPSTREAM_ISSUER: provider.issuer,
    OAUTH2_CLIENT_ID: provider.clientId,
    OAUTH2_CLIENT_SECRET: provider.clientSecret,
  };
  let gatehouse = await startTestGatehouse(settings);
  return {
    get gatehouse() {
      return gatehouse;
    },
    url: `${issuer}/mcp`,
    signIns: () => provider.requests("/auth"),
    refreshes: () => gatehouse.log.filter((line) => line.includes('"event":"token_refreshed"')).length,
    letAccessTokensExpire: () => gatehouse.clock.advance(3700),
    async restart() {
      await gatehouse.stop();
      gatehouse = await startTestGatehouse(settings);
    },
    async stop() {
      await gatehouse.stop();
      await provider.close();
      await mcp.close();
      await closeServer(behind);
      for (const end of ends) end();
    },
  };
}

interface Call {
  readonly http?: { readonly authInfo?: { readonly extra?: Readonly<Record<string, unknown>> } };
}

function createTools(): McpServer {
  const server = new McpServer({ name: "open-server", version: "1.0.0" });
  server.registerTool("whoami", { title: "Who am I?", description: "Tells who calls." }, ({ http }: Call) =>
    text(`You are ${http?.authInfo?.extra?.email}`),
  );
  server.registerTool("add_note", { title: "Add a note", description: "Says it did." }, () => text("Noted."));
  return server;
}

function text(value: string): { content: [{ type: "text"; text: string }] } {
  return { content: [{ type: "text", text: value }] };
}
