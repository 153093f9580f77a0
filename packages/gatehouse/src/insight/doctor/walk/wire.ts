import { Agent, request } from "undici";
import {
  checkedLookup,
  ForbiddenAddressError,
  type Resolve,
  resolveBySystem,
} from "../../../guarded/checked-lookup.ts";
import { guardedConnector } from "../../../guarded/connector.ts";
import { isIpLiteral, isLoopbackUrl } from "../../../oauth/host.ts";
import { allowedWithin, literal, type Reach } from "./reach.ts";

/*
 * How the walk talks to servers that it does not know: https, or http on this computer, within reach of the
 * server that was named; every redirect looked at before it is followed; bounded time and bytes.
 */

export interface Received {
  /** Where it came from in the end. */
  readonly url: string;
  readonly status: number;
  /** By lower-case name; several of one name joined by commas, but for `set-cookie`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly text: string;
  /** Where it redirects to, resolved, if it does. */
  readonly location: string | undefined;
}

/** Nothing usable came. The message is a sentence's middle: `… did not answer within 5 s`. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** `forbidden`: it was not even asked, because it lies where nobody may be sent. */
  readonly kind: "forbidden" | "unreachable";

  constructor(kind: WireError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface WireRequest {
  readonly method?: "GET" | "POST" | "DELETE" | "OPTIONS";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Wire {
  /** One request, whose redirect is not followed. Throws {@link WireError}. */
  ask(url: string, request?: WireRequest): Promise<Received>;
  /** The same, and the same request is made once. Throws {@link WireError}. */
  askOnce(url: string, request: WireRequest): Promise<Received>;
  /** A GET that follows redirects as a client does; the same one is asked once. Throws {@link WireError}. */
  read(
    url: string,
    headers: Readonly<Record<string, string>>,
    redirects: "within the origin" | "all",
  ): Promise<Received>;
  /** Looks at where an answer redirects to, without going there. */
  note(received: Received): void;
  /** What was seen on the way that nobody should do, by where it was seen. */
  readonly hazards: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly reach: Reach;
  readonly signal: AbortSignal;
  readonly resolve?: Resolve | undefined;
  /** Milliseconds for one exchange. */
  readonly timeout?: number | undefined;
}

const maxBytes = 512 * 1024;
const maxRedirects = 5;
const redirectCodes = [301, 302, 303, 307, 308];

export function createWire({ reach, signal, resolve = resolveBySystem, timeout = 5000 }: WireOptions): Wire {
  const isAllowed = allowedWithin(reach);
  const agent = new Agent({
    maxHeaderSize: 64 * 1024,
    connect: guardedConnector(isAllowed, { lookup: checkedLookup(resolve, isAllowed), timeout }),
  });
  const hazards = new Set<string>();
  const answers = new Map<string, Promise<Received>>();
  /** Who let an exchange run into its end: it is not waited for again. */
  const silent = new Set<string>();

  /** Throws for what must not be asked. */
  function check(url: string): URL {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    const refused = target === undefined ? "is no URL" : refusal(target);
    if (target === undefined || refused !== undefined) {
      hazards.add(`${url} ${refused}`);
      throw new WireError("forbidden", `${url} ${refused}`);
    }
    return target;
  }

  function note({ url, location = "" }: Received): void {
    const refused = URL.canParse(location) ? refusal(new URL(location)) : "is no URL";
    if (refused !== undefined) hazards.add(`${url} redirects to ${location}, which ${refused}`);
  }

  function refusal(target: URL): string | undefined {
    const isHttp = target.protocol === "http:" && isLoopbackUrl(target);
    if (target.protocol !== "https:" && !isHttp) return "is neither https nor http on this computer";
    if (isIpLiteral(target.hostname) && !isAllowed(literal(target.hostname)))
      return "leads where a server on the internet has no business";
    return undefined;
  }

  async function ask(
    url: string,
    { method = "GET", headers = {}, body }: WireRequest = {},
  ): Promise<Received> {
    const target = check(url);
    const where = `${target.origin}${target.pathname}`;
    if (silent.has(target.origin)) throw new WireError("unreachable", `${where} does not answer`);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    try {
      const answer = request(target, {
        method,
        dispatcher: agent,
        signal: deadline,
        headers: { "accept-encoding": "identity", ...headers },
        ...(body !== undefined && { body }),
      });
      const { statusCode, headers: sent, body: stream } = await Promise.race([answer, endOf(deadline)]);
      const text = await readBounded(stream, where);
      const joined = Object.fromEntries(
        Object.entries(sent).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(", ") : (value ?? ""),
        ]),
      );
      const cookies = sent["set-cookie"] ?? [];
      return {
        url: target.href,
        status: statusCode,
        headers: joined,
        cookies: typeof cookies === "string" ? [cookies] : cookies,
        text,
        location: locationIn(statusCode, joined.location, target),
      };
    } catch (error) {
      throw asWireError(error, where, target.origin);
    }
  }

  function asWireError(error: unknown, where: string, origin: string): WireError {
    if (error instanceof WireError) {
      if (/bytes/.test(error.message)) hazards.add(error.message);
      return error;
    }
    const cause =
      error instanceof Error && error.cause instanceof ForbiddenAddressError ? error.cause : error;
    if (cause instanceof ForbiddenAddressError) {
      hazards.add(`${where}: ${cause.message}, where nobody may be sent`);
      return new WireError("forbidden", `${where}: ${cause.message}`);
    }
    const name = error instanceof Error ? error.name : "";
    if (/Timeout|Abort/.test(name) && !/ECONN/.test(String(error))) {
      silent.add(origin);
      hazards.add(`${where} did not answer within ${timeout / 1000} s`);
      return new WireError("unreachable", `${where} did not answer within ${timeout / 1000} s`);
    }
    const code = error instanceof Error && "code" in error ? `${String(error.code)}, ` : "";
    return new WireError(
      "unreachable",
      `${where}: ${code}${error instanceof Error ? error.message : String(error)}`,
    );
  }

  async function follow(
    url: string,
    headers: Readonly<Record<string, string>>,
    redirects: "within the origin" | "all",
  ): Promise<Received> {
    let received = await ask(url, { headers });
    for (let hops = 0; received.location !== undefined; hops++) {
      if (redirects === "within the origin" && !isWithinOrigin(received)) {
        note(received); // where nobody may be sent is told, followed or not
        return received;
      }
      const next = check(received.location);
      if (hops === maxRedirects) throw new WireError("unreachable", `${url} redirects without end`);
      received = await ask(next.href, { headers });
    }
    return received;
  }

  function once(request: unknown, make: () => Promise<Received>): Promise<Received> {
    const key = JSON.stringify(request);
    const answer = answers.get(key) ?? make();
    answers.set(key, answer);
    return answer;
  }

  return {
    ask,
    note,
    hazards,
    askOnce: (url, request) => once([url, request], () => ask(url, request)),
    read: (url, headers, redirects) => once([url, redirects, headers], () => follow(url, headers, redirects)),
    close: () => agent.destroy(),
  };
}

function isWithinOrigin({ url, location = "" }: Received): boolean {
  return URL.canParse(location) && new URL(location).origin === new URL(url).origin;
}

function locationIn(status: number, location: string | undefined, from: URL): string | undefined {
  if (!redirectCodes.includes(status) || location === undefined) return undefined;
  return URL.canParse(location, from.href) ? new URL(location, from.href).href : location;
}

/** A request that is still looking up a name or connecting heeds no signal. */
function endOf(deadline: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(deadline.reason);
    if (deadline.aborted) end();
    deadline.addEventListener("abort", end, { once: true });
  });
}

async function readBounded(body: AsyncIterable<Uint8Array>, where: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop by an error ends the connection.
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new WireError("unreachable", `${where} answers more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
