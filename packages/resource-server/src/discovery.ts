import { askForJson } from "./json-answer.ts";
import { isHttpUrl, isSecure, type Protection } from "./options.ts";

const believedFor = 3600;

/**
 * Finds the introspection endpoint in the issuer's metadata (RFC 8414 §3). The answer is kept for an hour; a failure is not
 * kept, and callers that wait at the same time share one request. The function throws when there is no usable answer.
 */
export function createDiscovery({
  issuer,
  timeoutSeconds,
  clock,
}: Pick<Protection, "issuer" | "timeoutSeconds" | "clock">): () => Promise<string> {
  let found: { readonly endpoint: Promise<string>; readonly until: number } | undefined;
  return () => {
    if (found === undefined || clock() >= found.until) {
      const attempt = { endpoint: discover(issuer, timeoutSeconds), until: clock() + believedFor };
      found = attempt;
      attempt.endpoint.catch(() => {
        if (found === attempt) found = undefined;
      });
    }
    return found.endpoint;
  };
}

async function discover(issuer: string, timeoutSeconds: number): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === "/" ? "" : pathname.replace(/\/$/, "");
  const url = `${origin}/.well-known/oauth-authorization-server${path}`;
  const { status, json } = await askForJson(url, {}, timeoutSeconds);
  if (status !== 200 || json === undefined) throw new Error(`${url} answered ${status} and no metadata`);
  // RFC 8414 §3.3: identical, or the document is somebody else's.
  if (json.issuer !== issuer) {
    throw new Error(
      `${url} speaks for issuer ${JSON.stringify(json.issuer)}, but this server was given "${issuer}"`,
    );
  }
  const endpoint = json.introspection_endpoint;
  if (!isHttpUrl(endpoint) || !isSecure(endpoint))
    throw new Error(`${url} names no usable introspection_endpoint`);
  return endpoint;
}
