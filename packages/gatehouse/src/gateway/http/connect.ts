import { isIP, connect as openSocket, type Socket } from "node:net";
import { checkServerIdentity, getCACertificates, connect as openTls } from "node:tls";
import { readBuffer, takePiece } from "../lent-pieces.ts";
import type { HttpBackendSettings } from "../protected-server.ts";

/** How far a connection got: for the log, where it fails. */
export type ConnectStage = "resolve" | "connect" | "tls";

/** What a server was not reached for in time. */
export class ConnectTimeoutError extends Error {
  override readonly name = "ConnectTimeoutError";
}

/**
 * Opens a connection, TLS and all. Each stage is told as it begins; then the socket, or why it is none; then
 * what is read from it, which its `data` events do not tell.
 * @returns gives it up, and nothing more is told
 */
export type Connect = (
  onStage: (stage: ConnectStage) => void,
  told: (error: Error | null, socket: Socket | null) => void,
  onPiece: (piece: Buffer) => void,
) => () => void;

/** How often the kernel asks a silent server's computer whether it is still there, in milliseconds. */
const keepAliveMs = 60_000;

/**
 * Makes connections to one server. Its certificate is always verified, the host's name included, against the
 * authorities every other connection of ours trusts and those of the server's own settings.
 */
export function createConnect(settings: Omit<HttpBackendSettings, "kind">): Connect {
  const { url, socketPath, authorities, timeouts } = settings;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const isTls = url.protocol === "https:";
  const port = Number(url.port || (isTls ? 443 : 80));
  const where = socketPath === undefined ? { host, port } : { path: socketPath };
  const isNamed = socketPath === undefined && isIP(host) === 0;
  const tls = {
    ...where,
    servername: isIP(host) === 0 ? host : "", // an address is no server name (RFC 6066 §3)
    ...(authorities.length > 0 && { ca: [...getCACertificates("default"), ...authorities] }),
    checkServerIdentity: (_name: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(host, certificate),
    rejectUnauthorized: true, // also where the environment says otherwise
    ALPNProtocols: ["http/1.1"],
  };
  /** Of the last connection, so that the next need not begin from nothing. */
  let session: Buffer | undefined;
  return (onStage, told, onPiece) => {
    onStage(isNamed ? "resolve" : "connect");
    const callback = (length: number) => {
      onPiece(takePiece(length));
      return true; // go on reading
    };
    const reading = { onread: { buffer: readBuffer, callback } };
    const socket = isTls
      ? openTls({ ...tls, ...reading, ...(session && { session }) })
      : openSocket({ ...where, ...reading });
    socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
    const timer = setTimeout(
      () => socket.destroy(new ConnectTimeoutError(`not within ${timeouts.connectMs} ms`)),
      timeouts.connectMs,
    );
    const failed = (error: Error) => {
      clearTimeout(timer);
      told(error, null);
    };
    socket
      .once("lookup", (error: Error | null) => error ?? onStage("connect"))
      .once("connect", () => onStage("tls"))
      .once("error", failed)
      .once(isTls ? "secureConnect" : "connect", () => {
        clearTimeout(timer);
        socket.off("error", failed);
        told(null, socket);
      });
    if (isTls) socket.on("session", (fresh: Buffer) => (session = fresh));
    return () => {
      clearTimeout(timer);
      socket.destroy();
    };
  };
}
