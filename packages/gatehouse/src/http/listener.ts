import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createHandler, type HandlerOptions } from "./handler.ts";

export interface ListenerOptions extends HandlerOptions {
  /** How long a request may take to arrive whole (S07), its headers a third of it. Default 30 seconds. */
  readonly requestMilliseconds?: number;
  /** How long `close` waits for requests in flight. Default 5 seconds. */
  readonly graceMilliseconds?: number;
}

export interface Listener {
  /** Resolves with the port and the IP address really taken; rejects with node's own error (`EADDRINUSE`). Port 0: any free one. */
  listen(port: number, host: string): Promise<{ readonly port: number; readonly address: string }>;
  /** Stops accepting, lets requests in flight finish for a few seconds, then cuts what is left. */
  close(): Promise<void>;
}

/** For the request line and all headers together: a URL of the longest kind (16 KiB) and as much again. */
const longestHead = 32 * 1024;

/** Puts the edge on node's HTTP server. */
export function createListener(options: ListenerOptions): Listener {
  const { requestMilliseconds = 30_000, graceMilliseconds = 5000 } = options;
  const handle = createHandler(options, () => !server.listening);
  const server: Server = createServer(
    {
      maxHeaderSize: longestHead,
      requestTimeout: requestMilliseconds,
      headersTimeout: requestMilliseconds / 3,
      connectionsCheckingInterval: requestMilliseconds / 6,
      keepAliveTimeout: 65_000, // longer than the usual proxy keeps its side
      joinDuplicateHeaders: false,
    },
    (request, response) => void handle(request, response),
  );
  server.on("clientError", answerBrokenRequest);
  return {
    listen: (port, host) => listen(server, port, host),
    close: () => close(server, graceMilliseconds),
  };
}

/** What node's parser could not make a request of. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server.address() as AddressInfo;
}

async function close(server: Server, graceMilliseconds: number): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}
