import type { Answer } from "./answer.ts";
import { corsHeaders } from "./cors.ts";
import type { Protection } from "./options.ts";

const wellKnown = "/.well-known/oauth-protected-resource";

/** This server's metadata (RFC 9728): where they stand, and what they say. */
export interface ResourceMetadata {
  /** The URL named in every challenge. */
  readonly url: string;
  /** Whether they are served at this path: the path-inserted place and the root's. */
  isAt(path: string): boolean;
  answer(method: string): Answer;
}

/**
 * RFC 9728 §2 and §3. Made once, from the configuration alone: neither the `Host` header nor anything else of a request
 * has a say in it (U-n6).
 */
export function createResourceMetadata(protection: Protection): ResourceMetadata {
  const { origin, pathname, search } = new URL(protection.resource);
  const inserted = wellKnown + (pathname === "/" ? "" : pathname);
  const body = JSON.stringify({
    resource: protection.resource,
    authorization_servers: [protection.issuer],
    bearer_methods_supported: ["header"], // U11
    scopes_supported: protection.scopes.length > 0 ? protection.scopes : undefined,
    resource_name: protection.resourceName,
  });
  return {
    url: origin + inserted + search,
    isAt: (path) => path === inserted || path === wellKnown,
    answer(method) {
      if (method !== "GET" && method !== "HEAD") {
        return { status: 405, headers: { ...corsHeaders, Allow: "GET, HEAD, OPTIONS" }, body: "" };
      }
      const headers = {
        ...corsHeaders,
        "Content-Type": "application/json",
        "Cache-Control": "public, max-age=300",
      };
      return { status: 200, headers, body: method === "HEAD" ? "" : body };
    },
  };
}
