import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";

/** Whose a certificate is and who vouches for it, as it says itself. */
export interface ShownCertificate {
  readonly host: string;
  readonly subject: string;
  readonly issuer: string;
}

const timeoutMs = 3000;

/** Whether an error, or what caused it, is that a certificate was refused. */
export function isRefusedCertificate(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const code = "code" in inner ? String(inner.code) : "";
    if (/^(?:DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_|ERR_TLS_CERT_)/.test(code))
      return true;
  }
  return false;
}

/**
 * The certificate of a server whose certificate was refused, for the operator to recognise: node tells only
 * why. Nothing is sent, and the connection ends with the handshake. Undefined where it cannot be had.
 * @param socket that leads there already; without, a new one is made
 */
export function showCertificate(url: URL, socket?: Socket): Promise<ShownCertificate | undefined> {
  const { hostname, port } = url;
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve) => {
    const secure = connect({
      ...(socket === undefined ? { host, port: Number(port || 443) } : { socket }),
      servername: /[a-z]/i.test(host) ? host : "",
      rejectUnauthorized: false, // not verified, because it is only looked at
    });
    const end = (shown?: ShownCertificate) => {
      resolve(shown);
      secure.destroy();
    };
    secure.setTimeout(timeoutMs, () => end()).once("error", () => end());
    secure.once("secureConnect", () => end(shownBy(secure, url.host)));
  });
}

/** What a connection shows, bounded: a stranger wrote it. */
export function shownBy(socket: TLSSocket, host: string): ShownCertificate | undefined {
  const shown = socket.getPeerX509Certificate();
  const oneLine = (name: string) => name.replaceAll("\n", ", ").slice(0, 300);
  return shown && { host, subject: oneLine(shown.subject), issuer: oneLine(shown.issuer) };
}

/** The same within a sentence. */
export const describeCertificate = ({ host, subject, issuer }: ShownCertificate) =>
  `the certificate of ${host} is of ${subject}, issued by ${issuer}`;

/** What helps where the authority is the company's own. */
export const nameAuthority =
  "if its authority is your company's, name the authority's file: CA_FILE=/path/ca.pem";
