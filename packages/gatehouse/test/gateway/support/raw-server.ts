import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A server made of bytes: it is handed each request whole, and writes what it likes. */
export interface RawServer {
  readonly url: string;
  readonly port: number;
  /** Requests so far, as one character a byte. */
  readonly requests: readonly string[];
  /** Connections so far. */
  readonly connections: readonly Socket[];
}

/**
 * @param answer told each whole request (of those with Content-Length) and its connection
 * @param onConnection told of each connection
 */
export async function aRawServer(
  t: TestContext,
  answer: (socket: Socket, request: string, count: number) => void,
  listen: number | string = 0,
): Promise<RawServer> {
  const requests: string[] = [];
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    let read = "";
    socket.on("error", () => undefined); // a door that leaves may reset it
    socket.on("data", (bytes) => {
      read += bytes.toString("latin1");
      for (let end = wholeRequest(read); end !== undefined; end = wholeRequest(read)) {
        const request = read.slice(0, end);
        read = read.slice(end);
        answer(socket, request, requests.push(request));
      }
    });
  });
  await new Promise<void>((resolve) =>
    typeof listen === "string" ? server.listen(listen, resolve) : server.listen(listen, "127.0.0.1", resolve),
  );
  t.after(() => {
    for (const socket of connections) socket.destroy();
    server.close();
  });
  const address = server.address();
  const { port } = typeof address === "string" ? { port: 0 } : (address as AddressInfo);
  return { url: `http://127.0.0.1:${port}/mcp`, port, requests, connections };
}

function wholeRequest(read: string): number | undefined {
  const head = read.indexOf("\r\n\r\n");
  if (head === -1) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(read.slice(0, head))?.[1] ?? 0);
  return read.length >= head + 4 + length ? head + 4 + length : undefined;
}

/** An answer of status 200 with its length. */
export function whole(body: string, fields = "Content-Type: application/json\r\n"): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
