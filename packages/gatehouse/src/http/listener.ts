import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { watchConnections } from "./connections.ts";
import { createHandler, type HandlerOptions } from "./handler.ts";
import { defaultMaxConnections } from "./open-files.ts";

export interface ListenerOptions extends HandlerOptions {
  /** How long a request may take to arrive whole (S07), its headers a third of it. Default 30 seconds. */
  readonly requestTimeoutMs?: number;
  /**
   * Milliseconds an idle connection is kept for a next request. Default 65 seconds: longer than the usual
   * proxy keeps its side.
   */
  readonly keepAliveTimeoutMs?: number;
  /** Milliseconds from a request's headers until its answer is taken. Default 60 seconds. */
  readonly answerTimeoutMs?: number;
  /**
   * Connections at once; for more, silent and idle ones are ended. Default: what the limit of open files
   * allows, at most 10,000.
   */
  readonly maxConnections?: number;
  /** Requests that a peer may send ahead of its answers before it is cut off. Default 16. */
  readonly maxPipelined?: number;
  /** How long `close` waits for requests in flight. Default 5 seconds. */
  readonly graceMs?: number;
  /**
   * For how long `close` leaves idle connections open: a request may be on its way on one, as a proxy keeps
   * them or has just made one. Default 0.
   */
  readonly settleMs?: number;
}

export interface Listener {
  /**
   * Resolves with the port and the IP address really taken; rejects with node's own error (`EADDRINUSE`).
   * Port 0: any free one.
   */
  listen(port: number, host: string): Promise<{ readonly port: number; readonly address: string }>;
  /** Stops accepting, lets requests in flight finish for a few seconds, then cuts what is left. */
  close(): Promise<void>;
}

/** For the request line and all headers together: a URL of the longest kind (16 KiB) and as much again. */
const maxHeadBytes = 32 * 1024;

/** Puts the edge on node's HTTP server. */
export function createListener(options: ListenerOptions): Listener {
  const { requestTimeoutMs = 30_000, graceMs = 5000, settleMs = 0 } = options;
  const { keepAliveTimeoutMs = 65_000, answerTimeoutMs = 60_000 } = options;
  const { maxConnections = defaultMaxConnections(), maxPipelined = 16 } = options;
  const headersTimeout = requestTimeoutMs / 3;
  const checkIntervalMs = requestTimeoutMs / 6;
  const server: Server = createServer({
    maxHeaderSize: maxHeadBytes,
    requestTimeout: requestTimeoutMs,
    headersTimeout,
    connectionsCheckingInterval: checkIntervalMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    joinDuplicateHeaders: false,
    requireHostHeader: false, // the handler refuses such a request in the shape of its route
  });
  const connections = watchConnections(server, {
    answerTimeoutMs,
    idleTimeoutMs: keepAliveTimeoutMs + headersTimeout,
    checkIntervalMs,
    maxConnections,
    maxPipelined,
  });
  const handle = createHandler(options, () => !server.listening, connections.exempt);
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (connections.admit(request, response)) void handle(request, response);
  };
  // An expectation that nobody here knows may be ignored (RFC 9110 §10.1.1).
  server.on("request", answer).on("checkExpectation", answer);
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    // A door says it once it knows that it wants the body.
    if (options.taker?.find(request) === undefined) response.writeContinue();
    answer(request, response);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const unwanted = error.code === "ECONNRESET" || !socket.writable || connections.isAnswering(socket);
    if (unwanted) socket.destroy();
    else connections.dismiss(socket, brokenRequestAnswer(error));
  });
  return {
    listen: (port, host) => listen(server, port, host),
    close: () => close(server, graceMs, settleMs),
  };
}

/** The whole answer to what node's parser could not make a request of. */
function brokenRequestAnswer({ code }: NodeJS.ErrnoException): string {
  const [status, description] =
    code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", "the headers are too long"]
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "the request took too long to arrive"]
        : ["400 Bad Request", "this is no HTTP request"];
  const body = JSON.stringify({ error: "invalid_request", error_description: description });
  const headers = `Content-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: ${body.length}`;
  return `HTTP/1.1 ${status}\r\nConnection: close\r\n${headers}\r\n\r\n${body}`;
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

async function close(server: Server, graceMs: number, settleMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, "close");
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  // Those that the system has taken for us already are let in.
  if (settleMs > 0) await nextTurn();
  // Not yet the HTTP server's own way, which begins by ending the idle ones.
  NetServer.prototype.close.call(server);
  const settled = setTimeout(() => server.close(), settleMs);
  await closed;
  clearTimeout(settled);
  clearTimeout(cut);
}
