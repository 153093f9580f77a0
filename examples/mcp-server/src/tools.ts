import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import type { Notes } from "./notes.ts";

/** The part of `extra` that a tool learns its caller from: `protect()` puts it there. */
interface Caller {
  readonly authInfo?: {
    readonly clientId: string;
    readonly scopes: string[];
    readonly extra?: Record<string, unknown>;
  };
}

/** The MCP server: what it can do, once it is known for whom. */
export function createTools(notes: Notes): McpServer {
  const server = new McpServer({ name: "gatehouse-example", version: "0.1.0" });

  server.registerTool(
    "whoami",
    {
      title: "Who am I?",
      description: "Tells who is signed in, through which client, and with which scopes.",
    },
    ({ authInfo }: Caller) =>
      text(
        `You are ${authInfo?.extra?.username ?? "somebody without an e-mail address"} (${authInfo?.extra?.subject}), ` +
          `through client ${authInfo?.clientId}, with scope ${authInfo?.scopes.join(" ")}.`,
      ),
  );

  server.registerTool(
    "add_note",
    {
      title: "Add a note",
      description: "Keeps a note of yours, until this server stops.",
      inputSchema: { note: z.string().min(1).max(500) },
    },
    ({ note }, caller: Caller) => text(`Kept. You have ${notes.add(personOf(caller), note)} now.`),
  );

  server.registerTool(
    "list_notes",
    { title: "List my notes", description: "Your notes, and nobody else's." },
    (caller: Caller) => text(notes.of(personOf(caller)).join("\n") || "You have no notes."),
  );

  return server;
}

/** The key is the stable subject, never the e-mail address, which may change hands. */
function personOf({ authInfo }: Caller): string {
  const subject = authInfo?.extra?.subject;
  if (typeof subject !== "string") throw new Error("It is not known who you are.");
  return subject;
}

function text(value: string): { content: [{ type: "text"; text: string }] } {
  return { content: [{ type: "text", text: value }] };
}
