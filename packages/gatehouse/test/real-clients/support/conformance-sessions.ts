import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { closeServer, listen } from "../../support/upstream.ts";

const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });

/**
 * A server on the first generation of the official SDK, with sessions, and with what the conformance suite
 * looks for where a server speaks to its client in mid-call: log, progress, sampling, elicitation,
 * subscriptions. Knows nothing of OAuth.
 */
export async function startServerWithSessions(t: TestContext): Promise<string> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const server = createServer(async (request, response) => {
    const id = request.headers["mcp-session-id"];
    const open = typeof id === "string" ? sessions.get(id) : undefined;
    if (id !== undefined && open === undefined) return response.writeHead(404).end();
    await (open ?? (await begin())).handleRequest(request, response);
  });

  async function begin(): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await createTools().connect(transport as Parameters<McpServer["connect"]>[0]);
    return transport;
  }

  t.after(async () => {
    for (const transport of sessions.values()) await transport.close();
    await closeServer(server);
  });
  return `${await listen(server)}/mcp`;
}

function createTools(): McpServer {
  const server = new McpServer(
    { name: "conformance", version: "1.0.0" },
    { capabilities: { logging: {}, resources: { subscribe: true }, completions: {} } },
  );
  server.registerTool("test_tool_with_logging", { description: "logs" }, async ({ sendNotification }) => {
    for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
      await sendNotification({ method: "notifications/message", params: { level: "info", data } });
      await pause(20);
    }
    return text("Done.");
  });
  server.registerTool(
    "test_tool_with_progress",
    { description: "progress" },
    async ({ _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken ?? 0;
      for (const progress of [0, 50, 100]) {
        const params = { progressToken, progress, total: 100 };
        await sendNotification({ method: "notifications/progress", params });
        await pause(20);
      }
      return text("Done.");
    },
  );
  server.registerTool(
    "test_sampling",
    { description: "asks the model", inputSchema: { prompt: z.string() } },
    async ({ prompt }, { sendRequest }) => {
      const messages = [{ role: "user" as const, content: { type: "text" as const, text: prompt } }];
      const params = { messages, maxTokens: 100 };
      const answer = await sendRequest(
        { method: "sampling/createMessage", params },
        CreateMessageResultSchema,
      );
      return text(`LLM response: ${JSON.stringify(answer.content)}`);
    },
  );
  server.registerTool(
    "test_elicitation",
    { description: "asks the person", inputSchema: { message: z.string() } },
    async ({ message }, { sendRequest }) => {
      const properties = { username: { type: "string" as const }, email: { type: "string" as const } };
      const requestedSchema = { type: "object" as const, properties, required: ["username", "email"] };
      const params = { mode: "form" as const, message, requestedSchema };
      const answer = await sendRequest({ method: "elicitation/create", params }, ElicitResultSchema);
      return text(`User response: ${JSON.stringify(answer)}`);
    },
  );
  server.registerResource("watched", "test://watched-resource", {}, ({ href: uri }) => ({
    contents: [{ uri, text: "watched" }],
  }));
  for (const schema of [SubscribeRequestSchema, UnsubscribeRequestSchema, SetLevelRequestSchema] as const) {
    server.server.setRequestHandler(schema, () => ({}));
  }
  server.server.setRequestHandler(CompleteRequestSchema, () => ({
    completion: { values: ["paris"], total: 1 },
  }));
  return server;
}
