import { connect } from "node:tls";

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
 */
export function showCertificate(url: URL): Promise<ShownCertificate | undefined> {
  const { hostname, port } = url;
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve) => {
    // Not verified, because it is only looked at.
    const socket = connect({
      host,
      port: Number(port || 443),
      servername: /[a-z]/i.test(host) ? host : "",
      rejectUnauthorized: false,
    });
    const end = (shown?: ShownCertificate) => {
      resolve(shown);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => end()).once("error", () => end());
    socket.once("secureConnect", () => {
      const shown = socket.getPeerX509Certificate();
      const oneLine = (name: string) => name.replaceAll("\n", ", ");
      end(shown && { host: url.host, subject: oneLine(shown.subject), issuer: oneLine(shown.issuer) });
    });
  });
}
