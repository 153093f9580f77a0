import { readServerMetadata } from "./documents.ts";
import { metadataUrls } from "./looks.ts";
import { type Wire, WireError } from "./wire.ts";

/** What was named: an MCP server, or an authorization server by its issuer. */
export interface Target {
  readonly kind: "MCP server" | "authorization server";
  readonly address: string;
  /** Of an authorization server. */
  readonly issuer: string | undefined;
}

/** An address where metadata name it as issuer, and no MCP server asks for a token, is an issuer. */
export async function targetOf(address: string, wire: Wire): Promise<Target> {
  const url = new URL(address);
  url.hash = "";
  const { href } = url;
  const isMcp = await wire
    .askOnce(href, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })
    .then(
      ({ status, headers }) => status === 401 || isMcpAnswer(status, headers["content-type"]),
      ignoreSilence,
    );
  if (isMcp) return { kind: "MCP server", address: href, issuer: undefined };
  const places = ["oauth inserted", "openid inserted", "openid appended"] as const;
  for (const place of metadataUrls(href, places)) {
    const received = await wire.read(place, { accept: "application/json" }, "all").catch(ignoreSilence);
    const read = received && received.status === 200 ? readServerMetadata(received, false) : undefined;
    const issuer = read !== undefined && "document" in read ? read.document.issuer : undefined;
    if (issuer !== undefined && withoutSlash(issuer) === withoutSlash(href))
      return { kind: "authorization server", address: href, issuer };
  }
  return { kind: "MCP server", address: href, issuer: undefined };
}

/** Any answer in its own words, if it asks nobody to sign in. */
function isMcpAnswer(status: number, type = ""): boolean {
  return status < 500 && /^(?:application\/json|text\/event-stream)/.test(type) && status !== 404;
}

function ignoreSilence(error: unknown): undefined {
  if (!(error instanceof WireError)) throw error;
  return undefined;
}

const withoutSlash = (url: string) => url.replace(/\/$/, "");
