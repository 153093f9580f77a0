import { createResourceMetadata, publicDocument } from "@mcp-gatehouse/resource-server/parts";
import { resourceDescription } from "./challenge.ts";
import type { ProtectedServer } from "./protected-server.ts";

/** What clients read before they have a token, at the places where they look for it. */
export interface Documents {
  /**
   * The JSON text at a path, if there is one. Made of the configuration alone; the request's `Host` only
   * chooses among several servers that have it at the same path (U-n6).
   */
  find(host: string | undefined, path: string): string | undefined;
}

/** What is answered at such a place. Any web page may read it: it is the same for everybody. */
export function documentAnswer(method: string, document: string): ReturnType<typeof publicDocument> {
  if (method === "OPTIONS") return { status: 204, headers: preflightHeaders, body: "" };
  const { headers, ...answer } = publicDocument(method === "HEAD" ? "GET" : method, document);
  return { ...answer, headers: { ...headers, ...anyOrigin } };
}

const anyOrigin = { "Access-Control-Allow-Origin": "*" };
const preflightHeaders = {
  ...anyOrigin,
  "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
  "Access-Control-Allow-Headers": "*", // clients add `MCP-Protocol-Version` to all they send
  "Access-Control-Max-Age": "86400",
};

const [ofResource, ofIssuer] = ["oauth-protected-resource", "oauth-authorization-server"].map(
  (name) => `/.well-known/${name}`,
) as [string, string];

export interface PublishedTexts {
  readonly issuer: string;
  /** The authorization server's metadata. */
  readonly metadata: string;
  readonly keySet: () => string;
}

/**
 * Each server's own metadata at the place of RFC 9728 §3.1, and at the root's where it is the only one behind
 * its origin. The authorization server's where older clients look for them: at the MCP server's origin, and
 * with its path (RFC 8414 §3.1), before it or behind. And the keys of assertions, where some server wants
 * them.
 */
export function createDocuments(
  servers: readonly ProtectedServer[],
  { issuer, metadata, keySet }: PublishedTexts,
): Documents {
  const found = new Map<string, { readonly host: string; readonly text: string }[]>();
  const add = (host: string, path: string, text: string) =>
    found.set(path, [...(found.get(path) ?? []), { host, text }]);
  for (const server of servers) {
    const { host, origin, pathname } = new URL(server.address);
    const path = pathname === "/" ? "" : pathname;
    const described = createResourceMetadata(resourceDescription(server, issuer)).answer("GET").body;
    for (const end of path === "" ? [""] : ["", "/"]) {
      add(host, ofResource + path + end, described);
      add(host, ofIssuer + path + end, metadata);
    }
    add(host, path + ofIssuer, metadata);
    if (path === "") continue;
    add(host, ofIssuer, metadata);
    const neighbours = servers.filter(({ address }) => new URL(address).origin === origin);
    if (neighbours.length === 1) add(host, ofResource, described);
  }
  if (servers.some(({ assertion }) => assertion)) {
    const { host, pathname } = new URL(issuer);
    add(host, `${pathname === "/" ? "" : pathname}/jwks.json`, keySet());
  }
  return {
    find(host, path) {
      const candidates = found.get(path);
      if (candidates === undefined) return undefined;
      const own = candidates.find((candidate) => candidate.host === host);
      const texts = new Set(candidates.map(({ text }) => text));
      return own?.text ?? (texts.size === 1 ? candidates[0]?.text : undefined);
    },
  };
}
