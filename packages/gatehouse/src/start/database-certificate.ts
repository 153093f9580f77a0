import { connect } from "node:net";
import { StoreUnavailableError } from "../oauth/store.ts";
import {
  describeCertificate,
  isRefusedCertificate,
  type ShownCertificate,
  showCertificate,
} from "../refused-certificate.ts";

/** SSLRequest, with which a client of PostgreSQL asks to go on in TLS. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const timeoutMs = 3000;

/**
 * The certificate of a PostgreSQL server that was refused. Undefined where it cannot be had.
 * @param sqlUrl nothing of it but host and port is used
 */
export function showDatabaseCertificate(sqlUrl: string): Promise<ShownCertificate | undefined> {
  const { hostname, port, host } = new URL(sqlUrl);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || 5432) });
    const giveUp = () => {
      resolve(undefined);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, giveUp).once("error", giveUp).once("close", giveUp);
    socket.once("connect", () => socket.write(tlsRequest));
    socket.once("data", (answer) => {
      if (answer.toString("latin1") === "S") resolve(showCertificate(new URL(`https://${host}`), socket));
      else giveUp();
    });
  });
}

/** Has a failure that a certificate was refused say whose it is. */
export async function tellingCertificate<T>(sqlUrl: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError) || !isRefusedCertificate(error)) throw error;
    const shown = await showDatabaseCertificate(sqlUrl);
    if (shown === undefined) throw error;
    const { message, cause, check } = error;
    throw new StoreUnavailableError(`${message}; ${describeCertificate(shown)}`, { cause, check });
  }
}
