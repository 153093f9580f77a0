import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  request as send,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import { closeServer } from "./upstream.ts";

/** What a reverse proxy does beside handing on; may be changed while it runs. */
export interface Handing {
  /** Where it hands on to. */
  to: string;
  path?: (path: string) => string;
  /** Of the request; `undefined` removes one. */
  headers?: (headers: IncomingHttpHeaders) => Readonly<Record<string, string | string[] | undefined>>;
  /** Of the answer. */
  answer?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** Answers in place of the server. */
  instead?: RequestListener | undefined;
}

/** A reverse proxy as there are many, at any free port of this computer. */
export async function startReverseProxy(
  handing: Handing,
  certificate?: { readonly key: string; readonly cert: string },
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const handle: RequestListener = (request, response) => {
    if (handing.instead !== undefined) return handing.instead(request, response);
    const target = new URL(handing.path?.(request.url ?? "/") ?? request.url ?? "/", handing.to);
    const { headers, method } = request;
    const all = { ...headers, ...handing.headers?.(headers) };
    const onward = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const asked = send(target, { method, headers: onward as IncomingHttpHeaders, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, handing.answer?.(answer.headers) ?? answer.headers);
      answer.pipe(response);
    });
    asked.on("error", () => response.writeHead(502).end("Bad Gateway"));
    request.pipe(asked);
  };
  const server: Server =
    certificate === undefined ? createServer(handle) : createSecureServer(certificate, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    close: () => closeServer(server),
  };
}
