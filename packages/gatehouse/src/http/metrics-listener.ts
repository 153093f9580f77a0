import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isLoopbackAddress } from "./this-computer.ts";

export interface MetricsListenerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What is answered to `GET /metrics`. @param accept the header, where there is one */
  readonly expose: (
    accept: string | undefined,
  ) => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly onFailure: (error: unknown) => void;
}

/**
 * A port of its own for metrics, which are no stranger's business: it answers a scraper, and no page in a
 * browser, whether that says its origin or has rebound a name of its own to this address.
 * Rejects with node's own error when the port cannot be had (`EADDRINUSE`).
 */
export async function listenForMetrics(
  options: MetricsListenerOptions,
): Promise<{ readonly port: number; close(): void }> {
  const { host, port, expose, onFailure } = options;
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
    void answer(request, response);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = "/", headers } = request;
    if (url.split("?", 1)[0] !== "/metrics") return refuse(response, 404);
    if (method !== "GET" && method !== "HEAD") return refuse(response, 405);
    if (isFromBrowser(headers) || !isNamed(headers.host, host)) return refuse(response, 403);
    try {
      const { contentType, text } = await expose(headers.accept);
      response.writeHead(200, { "Content-Type": contentType, "Content-Length": Buffer.byteLength(text) });
      response.end(method === "HEAD" ? undefined : text);
    } catch (error) {
      onFailure(error);
      refuse(response, 500);
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  server.unref();
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function isFromBrowser(headers: IncomingMessage["headers"]): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}

/**
 * Whether a `Host` header means an address or a name without a dot (of a container, in its network), which no
 * site can have made its own, or the configured name.
 */
function isNamed(header: string | undefined, host: string): boolean {
  const name = (header ?? "")
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .toLowerCase();
  return (
    name === "localhost" ||
    name === host.toLowerCase() ||
    isLoopbackAddress(name) ||
    /^[\d.]+$|:|^[a-z\d_-]+$/.test(name)
  );
}

function refuse(response: ServerResponse, status: 403 | 404 | 405 | 500): void {
  response.writeHead(status, { "Content-Length": 0 }).end();
}
