import { Agent, type buildConnector, request } from "undici";
import {
  checkedLookup,
  ForbiddenAddressError,
  type Resolve,
  resolveBySystem,
} from "../guarded/checked-lookup.ts";
import { guardedConnector } from "../guarded/connector.ts";
import { isLoopbackAddress, isPublicAddress } from "../guarded/public-address.ts";
import { isIpLiteral, isLoopbackUrl } from "../oauth/host.ts";
import { DocumentError } from "../oauth/ports.ts";
import {
  describeCertificate,
  isRefusedCertificate,
  nameAuthority,
  type ShownCertificate,
  shownBy,
} from "../refused-certificate.ts";
import { resolveByNameServers } from "./name-servers.ts";

export interface GuardedFetchOptions {
  /** True: http and https on this very computer, by name or address, may be fetched too (`gatehouse dev`). */
  readonly allowLoopback: boolean;
  /** In place of the computer's name servers, and of its own look-up for itself. */
  readonly resolve?: Resolve | undefined;
  /** Milliseconds from the look-up of the name to the last byte. */
  readonly timeout?: number | undefined;
  /** Certificates trusted in place of the usual ones. */
  readonly ca?: string | undefined;
}

export interface FetchedText {
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** One GET of JSON text. Throws {@link DocumentError}. */
export type GuardedFetch = (url: string, maxBytes: number) => Promise<FetchedText>;

const defaultTimeoutMs = 4000;
const maxHeaderBytes = 16 * 1024;

/**
 * Fetches what strangers point at (CIMD §6.5, §6.6): only from public addresses, checked on the address
 * connected to; no redirect, no cookie, no proxy of the environment, no compression, a bounded body and time;
 * over https with a valid certificate.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { allowLoopback, timeout = defaultTimeoutMs, ca } = options;
  const agentFor = (isAllowed: (address: string) => boolean, resolve: Resolve) =>
    createAgent(isAllowed, { lookup: checkedLookup(options.resolve ?? resolve, isAllowed), timeout, ca });
  // A name may take half the time, so that some is left for the document.
  const byNameServers = resolveByNameServers(timeout / 2);
  const open = agentFor(isPublicAddress, byNameServers);
  const local = agentFor(isLoopbackAddress, resolveBySystem);
  /** Through the same checks: a stranger says where. */
  const show = (target: URL, isLocal: boolean) => {
    const isAllowed = isLocal ? isLoopbackAddress : isPublicAddress;
    const resolve = options.resolve ?? (isLocal ? resolveBySystem : byNameServers);
    const lookup = checkedLookup(resolve, isAllowed);
    return showCertificateOf(
      target,
      guardedConnector(isAllowed, { lookup, timeout, rejectUnauthorized: false }),
    );
  };

  return async (url, maxBytes) => {
    const target = new URL(url);
    const isLocal = isLoopbackUrl(target);
    if (isLocal ? !allowLoopback : target.protocol !== "https:") {
      throw new DocumentError("refused", `${target.origin} is no public https address`);
    }
    // Sockets know no look-up for an address. Nobody's document is published at one.
    if (isIpLiteral(target.hostname) && !isLocal) {
      throw new DocumentError("refused", `${target.hostname} is an address, not the name of a host`);
    }
    const deadline = AbortSignal.timeout(timeout);
    try {
      const answer = request(target, {
        dispatcher: isLocal ? local : open,
        signal: deadline,
        reset: true, // connections are not kept: the next one is checked again
        headers: { accept: "application/json", "accept-encoding": "identity", "user-agent": "gatehouse" }, // I03
      });
      const { statusCode, headers, body } = await Promise.race([answer, endOf(deadline)]);
      // Whoever refuses an answer must get rid of its body, or the connection stays.
      const refuse = (kind: DocumentError["kind"], why: string) => {
        body.on("error", () => {}).destroy(); // destroying it is told as an error
        return new DocumentError(kind, `${target.origin}${target.pathname} ${why}`);
      };
      if (statusCode === 404 || statusCode === 410) throw refuse("gone", `answered ${statusCode}`);
      if (statusCode !== 200) throw refuse("unavailable", `answered ${statusCode}`); // I03: redirects too
      if (!/^(?:identity)?$/i.test(String(headers["content-encoding"] ?? "")))
        throw refuse("unavailable", "is compressed");
      if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(String(headers["content-type"]))) {
        throw refuse("unavailable", "is not JSON"); // I04
      }
      return { text: await readBounded(body, maxBytes, refuse), headers };
    } catch (error) {
      if (!isRefusedCertificate(error)) throw asDocumentError(error, target, deadline.aborted);
      const shown = await Promise.race([show(target, isLocal), endOf(deadline)]).catch(() => undefined);
      throw asDocumentError(error, target, false, shown);
    }
  };
}

/** A request that is still looking up a name or connecting heeds no signal. */
function endOf(deadline: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    deadline.addEventListener("abort", () => reject(deadline.reason), { once: true });
  });
}

function createAgent(
  isAllowed: (address: string) => boolean,
  connecting: buildConnector.BuildOptions,
): Agent {
  return new Agent({ maxHeaderSize: maxHeaderBytes, connect: guardedConnector(isAllowed, connecting) });
}

/** Looks at a certificate that was refused; nothing is sent. */
function showCertificateOf(
  { host, hostname, port }: URL,
  connect: buildConnector.connector,
): Promise<ShownCertificate | undefined> {
  return new Promise((resolve) => {
    connect({ host, hostname, protocol: "https:", port }, (error, socket) => {
      resolve(error === null && "getPeerX509Certificate" in socket ? shownBy(socket, host) : undefined);
      socket?.destroy();
    });
  });
}

/** I10: whatever `Content-Length` says. */
async function readBounded(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  refuse: (kind: DocumentError["kind"], why: string) => DocumentError,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw refuse("unavailable", `is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function asDocumentError(
  error: unknown,
  { origin }: URL,
  timedOut: boolean,
  shown?: ShownCertificate,
): DocumentError {
  if (error instanceof DocumentError) return error;
  if (error instanceof ForbiddenAddressError) {
    return new DocumentError("refused", `${origin}: ${error.message}, which is no public address`);
  }
  if (timedOut) return new DocumentError("unavailable", `${origin} did not answer in time`, { cause: error });
  const code = error instanceof Error && "code" in error ? `${String(error.code)}, ` : "";
  const message = error instanceof Error ? error.message : String(error);
  const whose = shown === undefined ? "" : `; ${describeCertificate(shown)}; ${nameAuthority}`;
  return new DocumentError("unavailable", `${origin}: ${code}${message}${whose}`, { cause: error });
}
