import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { TLSSocket } from "node:tls";
import { isLoopbackUrl } from "../../oauth/host.ts";

/** What was answered to a GET request on a connection of its own; redirects are not followed. */
export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly tls: ShownTls | undefined;
}

export interface ShownTls {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** The last moment of the certificate. */
  readonly validTo: Date;
}

/** Bytes of a body that are read. */
const maxBytes = 256 * 1024;

/** Asks an https URL, or an http one of this computer, and nothing else. Rejects with node's own error. */
export function exchange(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Exchanged> {
  const isSecure = url.protocol === "https:";
  if (!isSecure && !(url.protocol === "http:" && isLoopbackUrl(url))) {
    return Promise.reject(new Error(`${url.origin} is neither https nor on this computer`));
  }
  const all = { "User-Agent": "gatehouse-doctor", ...headers };
  return new Promise((resolve, reject) => {
    const send = isSecure ? requestHttps : requestHttp;
    const request = send(url, { headers: all, signal, agent: false }, (response) => {
      const tls = isSecure ? shownBy(response.socket as TLSSocket) : undefined;
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > maxBytes) request.destroy(new Error(`it answered more than ${maxBytes} bytes`));
      });
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: Buffer.concat(chunks).toString("utf8"), tls });
      });
    });
    request.on("error", reject);
    request.end();
  });
}

function shownBy(socket: TLSSocket): ShownTls {
  const { valid_to: validTo } = socket.getPeerCertificate();
  return { protocol: socket.getProtocol() ?? "unknown", validTo: new Date(validTo) };
}
