import { type Received, type Wire, WireError, type WireRequest } from "./wire.ts";

/*
 * A client that is a web page gets only what browsers let it have: they ask first whether its headers may be
 * sent, and show it an answer only where the server allows that (Fetch standard §3.3, §4.8).
 */

/** The wire as a page of this origin has it. */
export function inPage(wire: Wire, origin: string): Wire {
  async function ask(
    url: string,
    request: WireRequest,
    go: (headers: Record<string, string>) => Promise<Received>,
  ): Promise<Received> {
    await preflight(wire, url, origin, request);
    return readable(await go({ ...request.headers, origin }), origin);
  }
  return {
    ...wire,
    ask: (url, request = {}) => ask(url, request, (headers) => wire.ask(url, { ...request, headers })),
    askOnce: (url, request) => ask(url, request, (headers) => wire.askOnce(url, { ...request, headers })),
    async read(url, headers, redirects) {
      try {
        return await ask(url, { headers }, (all) => wire.read(url, all, redirects));
      } catch (error) {
        if (!(error instanceof CrossOriginError)) throw error;
        // As the SDK does: once more, without the header that had to be asked for.
        const { "mcp-protocol-version": _, ...plain } = headers;
        return ask(url, { headers: plain }, (all) => wire.read(url, all, redirects));
      }
    },
  };
}

class CrossOriginError extends WireError {
  constructor(url: string, why: string) {
    super("unreachable", `a web page may not use ${url} (CORS): ${why}`);
  }
}

async function preflight(
  wire: Wire,
  url: string,
  origin: string,
  { method = "GET", headers = {} }: WireRequest,
): Promise<void> {
  const asked = Object.entries(headers)
    .filter(([name, value]) => !isSafelisted(name, value))
    .map(([name]) => name)
    .sort();
  if (asked.length === 0) return;
  const answer = await wire.askOnce(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": asked.join(","),
    },
  });
  if (answer.status < 200 || answer.status > 299)
    throw new CrossOriginError(url, `OPTIONS is answered ${answer.status}`);
  allow(answer, origin);
  const allowed = (answer.headers["access-control-allow-headers"] ?? "").toLowerCase().split(/\s*,\s*/);
  const missing = asked.find(
    (name) => !allowed.includes(name) && !(allowed.includes("*") && name !== "authorization"),
  );
  if (missing !== undefined) throw new CrossOriginError(url, `the header ${missing} may not be sent`);
}

function readable(answer: Received, origin: string): Received {
  allow(answer, origin);
  const exposed = (answer.headers["access-control-expose-headers"] ?? "").toLowerCase().split(/\s*,\s*/);
  const shown = Object.entries(answer.headers).filter(
    ([name]) => safeHeaders.includes(name) || exposed.includes(name) || exposed.includes("*"),
  );
  return { ...answer, headers: Object.fromEntries(shown) };
}

function allow({ url, headers }: Received, origin: string): void {
  const allowed = headers["access-control-allow-origin"];
  if (allowed !== "*" && allowed !== origin)
    throw new CrossOriginError(url, `Access-Control-Allow-Origin is ${allowed ?? "missing"}`);
}

const safeHeaders = [
  "cache-control",
  "content-language",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
];

function isSafelisted(name: string, value: string): boolean {
  // The browser's own, which no page can set.
  if (["origin", "user-agent", "accept"].includes(name)) return true;
  return name === "content-type" && value === "application/x-www-form-urlencoded";
}
