import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

/**
 * Lets `node:http` serve a handler of web-standard requests. Bodies stream both ways; when the client goes
 * away, the request's signal tells the handler. Good enough for a demonstration on this computer: libraries
 * for it bring a framework along.
 */
export function serveFetch(handle: (request: Request) => Promise<Response>) {
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    try {
      const response = await handle(toRequest(incoming, outgoing));
      for (const [name, value] of response.headers) outgoing.setHeader(name, value);
      outgoing.writeHead(response.status);
      if (response.body === null) outgoing.end();
      else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
    } catch (error) {
      // A client that left in the middle, or a defect of the handler: there is nobody, or nothing better, to
      // tell.
      if (!outgoing.headersSent) outgoing.writeHead(500);
      outgoing.end();
      if (!outgoing.destroyed) console.error(error);
    }
  };
}

function toRequest(incoming: IncomingMessage, outgoing: ServerResponse): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "localhost"}`);
  const { method = "GET" } = incoming;
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, {
    method,
    headers,
    signal: gone.signal,
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" }),
  });
}
