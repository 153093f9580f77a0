import type { Answer } from "./answer.ts";
import type { Protection } from "./options.ts";
import { publicDocument } from "./public-document.ts";

const wellKnown = "/.well-known/oauth-protected-resource";

/** This server's metadata (RFC 9728): where they stand, and what they say. */
export interface ResourceMetadata {
  /** The URL named in every challenge. */
  readonly url: string;
  /** Whether they are served at this path: the path-inserted place and the root's. */
  isAt(path: string): boolean;
  answer(method: string): Answer;
}

/** RFC 9728 §3.1: the well-known part goes between the host and the resource's path and query. */
export function metadataUrlOf(resource: string): string {
  const { origin, pathname, search } = new URL(resource);
  return origin + wellKnown + (pathname === "/" ? "" : pathname) + search;
}

/**
 * RFC 9728 §2 and §3. Made once, from the configuration alone: neither the `Host` header nor anything else of
 * a request has a say in it (U-n6).
 */
export function createResourceMetadata(
  protection: Pick<Protection, "issuer" | "resource" | "scopes" | "resourceName">,
): ResourceMetadata {
  const url = metadataUrlOf(protection.resource);
  const inserted = new URL(url).pathname;
  const body = JSON.stringify({
    resource: protection.resource,
    authorization_servers: [protection.issuer],
    bearer_methods_supported: ["header"], // U11
    scopes_supported: protection.scopes.length > 0 ? protection.scopes : undefined,
    resource_name: protection.resourceName,
  });
  return {
    url,
    isAt: (path) => path === inserted || path === wellKnown,
    answer: (method) => publicDocument(method, body),
  };
}
