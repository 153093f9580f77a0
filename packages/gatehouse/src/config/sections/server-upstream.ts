import ipaddr from "ipaddr.js";
import { hostOf } from "../../oauth/host.ts";

/** Where an MCP server behind this one is. */
export interface Upstream {
  /** Without user information and fragment. */
  readonly url: URL;
  /** A Unix socket to connect to in the place of the URL's host. */
  readonly socketPath: string | undefined;
}

export interface UpstreamProblem {
  readonly found: string;
  readonly expected: string;
}

const expected =
  "the http(s) URL of an MCP server without user information and fragment, or unix:<path of a socket>:<path>, such as unix:/run/notes.sock:/mcp";

/** What the file says of it, or what is wrong with that: never with a password in it. */
export function readUpstream(text: string): Upstream | UpstreamProblem {
  const [, socketPath, path] = /^unix:(\/[^:\0]+):(\/[^\s#\\]*)$/.exec(text) ?? [];
  if (socketPath !== undefined && path !== undefined) {
    return { url: new URL(`http://localhost${path}`), socketPath };
  }
  const [, scheme = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text) ?? [];
  if (scheme === "") return { found: "no URL", expected };
  if (!/^https?$/i.test(scheme)) return { found: `the scheme ${scheme}:`, expected };
  if (text.includes("#")) return { found: "a URL with a fragment", expected };
  if (!/^https?:\/\/[^\s\\]+$/i.test(text) || !URL.canParse(text)) return { found: "no URL", expected };
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || /^https?:\/\/[^/?]*@/i.test(text)) {
    return {
      found: "a URL with user information",
      expected: "it without; credentials for the server stand under credentials:",
    };
  }
  return { url, socketPath: undefined };
}

/** Whether what is sent there stays on this computer. */
export function isOnThisComputer({ url, socketPath }: Upstream): boolean {
  if (socketPath !== undefined) return true;
  const range = rangeOf(url);
  return range === "loopback" || range === "unspecified" || /(?:^|\.)localhost$/.test(hostOf(url));
}

/**
 * Whether it stays within a network of one's own, as far as a name or an address tells: private addresses,
 * names without a dot (of containers), and those that are nobody's on the internet (RFC 6762, RFC 8375, …).
 */
export function isWithinOwnNetwork({ url }: Upstream): boolean {
  const range = rangeOf(url);
  if (range !== undefined) return range === "private" || range === "uniqueLocal";
  return /^[^.]+$|\.(?:local|internal|home\.arpa|svc)$/.test(hostOf(url));
}

function rangeOf({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(address) ? ipaddr.process(address).range() : undefined;
}
