import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { closeServer, listen } from "../../support/upstream.ts";

const index = fileURLToPath(import.meta.resolve("@modelcontextprotocol/inspector-client/dist/index.html"));
const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** The Inspector's page on an origin of its own: static files, and the page itself for every other path. */
export async function serveInspector(): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const type = types[extname(pathname)];
    try {
      const body = await readFile(type === undefined ? index : join(dirname(index), pathname));
      response.writeHead(200, { "content-type": type ?? "text/html" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  const origin = (await listen(server)).replace("127.0.0.1", "localhost");
  return { origin, close: () => closeServer(server) };
}
