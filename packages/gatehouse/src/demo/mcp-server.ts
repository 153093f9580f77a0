import { createServer } from "node:http";
import { protectFetch } from "@mcp-gatehouse/resource-server";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { Notes } from "./notes.ts";
import { serveFetch } from "./serve-fetch.ts";

/*
 * The small MCP server that `gatehouse dev` starts, so that a newcomer has something to connect to. It is
 * protected as any server in JavaScript would be, and knows of the authorization server no more than these
 * options.
 */

export interface DemoOptions {
  /** The authorization server's issuer. */
  readonly issuer: string;
  /** This server's address, with the path MCP is served at: `http://localhost:8081/mcp`. */
  readonly resource: string;
  /** Its introspection credential. */
  readonly credential: string;
  /** 0: any free one. */
  readonly port: number;
  readonly host: string;
}

export interface DemoServer {
  /** Where it listens. */
  readonly url: string;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

/** Starts it. Rejects with node's own error when the port cannot be had (`EADDRINUSE`). */
export async function startDemoServer(options: DemoOptions): Promise<DemoServer> {
  const { issuer, resource, credential, port, host } = options;
  const notes = new Notes();
  const mcp = createMcpHandler(() => createTools(notes));
  const guarded = protectFetch(
    {
      issuer,
      resource,
      credential,
      requiredScopes: ["mcp"],
      // Asked each time: in a demonstration a revoked token is refused at once.
      cacheSeconds: 0,
      // Some clients look for the authorization server's metadata nowhere but here.
      authorizationServerMetadata: true,
    },
    (request, authInfo) => mcp.fetch(request, { authInfo }),
  );
  const hint = `An MCP server, protected by Gatehouse. Point an MCP client at ${resource}\n`;
  const server = createServer(
    serveFetch(async (request) =>
      new URL(request.url).pathname === "/" ? new Response(hint) : guarded(request),
    ),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listening}${new URL(resource).pathname}`,
    async close() {
      await mcp.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** What a tool learns of its caller: the guard puts it beside the request. */
interface Call {
  readonly http?: {
    readonly authInfo?: {
      readonly clientId: string;
      readonly scopes: readonly string[];
      readonly extra?: Readonly<Record<string, unknown>>;
    };
  };
}

function createTools(notes: Notes): McpServer {
  const server = new McpServer({ name: "gatehouse-demo", version: "0.1.0" });
  server.registerTool(
    "whoami",
    {
      title: "Who am I?",
      description: "Tells who is signed in, through which client, and with which scopes.",
    },
    ({ http }: Call) => {
      const { clientId, scopes = [], extra } = http?.authInfo ?? {};
      return text(
        `You are ${extra?.username ?? "somebody without an e-mail address"} (${extra?.subject}), ` +
          `through client ${clientId}, with scope ${scopes.join(" ")}.`,
      );
    },
  );
  server.registerTool(
    "add_note",
    {
      title: "Add a note",
      description: "Remembers a note of yours until this server stops.",
      inputSchema: z.object({ note: z.string().min(1).max(500) }),
    },
    ({ note }, call: Call) => text(`Noted. You have ${notes.add(personOf(call), note)} now.`),
  );
  server.registerTool(
    "list_notes",
    { title: "List my notes", description: "Your notes, and nobody else's." },
    (call: Call) => text(notes.of(personOf(call)).join("\n") || "You have no notes."),
  );
  return server;
}

/** The key is the stable subject, never the e-mail address, which may change hands. */
function personOf({ http }: Call): string {
  const subject = http?.authInfo?.extra?.subject;
  if (typeof subject !== "string") throw new Error("It is not known who you are.");
  return subject;
}

function text(value: string): { content: [{ type: "text"; text: string }] } {
  return { content: [{ type: "text", text: value }] };
}
