/* A server written with the official SDK's second generation, which serves both eras over stdio. */
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

serveStdio(() => {
  const server = new McpServer(
    { name: "modern", version: "1" },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.registerTool("add", { inputSchema: z.object({ a: z.number(), b: z.number() }) }, ({ a, b }) => ({
    content: [{ type: "text", text: String(a + b) }],
  }));
  server.registerTool("count", { inputSchema: z.object({}) }, async (_given, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (let progress = 1; progress <= 3 && progressToken !== undefined; progress++) {
      await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress } });
    }
    return { content: [{ type: "text", text: "counted" }] };
  });
  server.registerTool("change", { inputSchema: z.object({}) }, () => {
    server.sendToolListChanged();
    return { content: [{ type: "text", text: "changed" }] };
  });
  return server;
});
