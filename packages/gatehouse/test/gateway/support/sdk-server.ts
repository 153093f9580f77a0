import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { createMcpHandler, type McpServer } from "@modelcontextprotocol/server";

/** An MCP server of both eras, on the official SDK. @param create makes what it offers, for each request */
export async function anSdkServer(t: TestContext, create: () => McpServer): Promise<string> {
  const mcp = createMcpHandler(create);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", url = "/" } = request;
    const init = { method, headers: request.headers as Record<string, string> };
    const body = await buffer(request);
    const answered = await mcp.fetch(
      new Request(`http://localhost${url}`, { ...init, ...(body.length > 0 && { body }) }),
    );
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    if (answered.body === null) response.end();
    else Readable.fromWeb(answered.body as Parameters<typeof Readable.fromWeb>[0]).pipe(response);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}
