import { createServer } from "node:http";
import { join } from "node:path";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { serveFetch } from "../../../src/demo/serve-fetch.ts";
import { aFolder } from "../../config/config-file.ts";
import { startTestGatehouse } from "../../support/gatehouse.ts";
import { closeServer, listen } from "../../support/upstream.ts";
import type { ProtectedServer } from "./protected-server.ts";

/**
 * A server on the official SDK that knows nothing of OAuth, as somebody has it running, and the Gatehouse in
 * front of it. Its tool `whoami` needs little, `add_note` more.
 */
export async function startServerBehindDoor(): Promise<ProtectedServer> {
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
  const gatehouse = await startTestGatehouse({ GATEHOUSE_CONFIG: join(folder, "gatehouse.yaml") });
  return {
    gatehouse,
    url: `${gatehouse.issuer}/mcp`,
    signIns: () => gatehouse.upstream.requests("/auth"),
    refreshes: () => gatehouse.log.filter((line) => line.includes('"event":"token_refreshed"')).length,
    letAccessTokensExpire: () => gatehouse.clock.advance(3700),
    async stop() {
      await gatehouse.stop();
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
