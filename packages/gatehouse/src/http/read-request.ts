import type { IncomingMessage } from "node:http";
import { OAuthError } from "../oauth/messages/errors.ts";
import { Parameters } from "../oauth/messages/parameters.ts";
import type { OAuthRequest } from "../oauth/messages/request.ts";
import { formType, mediaType } from "./body.ts";

/**
 * Query and body, decoded once; `undefined` when one of them is malformed (S-n5) or holds what no store can
 * keep.
 */
export function readParameters(
  request: IncomingMessage,
  rawQuery: string,
  text: string,
): Pick<OAuthRequest, "query" | "form" | "json"> | undefined {
  const type = mediaType(request);
  const hasBody =
    request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  try {
    return {
      query: Parameters.parse(rawQuery),
      form: type === formType ? Parameters.parse(text) : undefined,
      json: hasBody && type === "application/json" ? text : undefined,
    };
  } catch (error) {
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
}

/**
 * Node keeps the first `Authorization` or `Host` and drops the others; which one a proxy took cannot be known
 * (S-n1). HTTP/1.1 demands one `Host` (RFC 9112 §3.2).
 */
export function isAmbiguous({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let authorizations = 0;
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 13 && name.toLowerCase() === "authorization") authorizations++;
    else if (name?.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return authorizations > 1 || hosts > 1 || (hosts === 0 && httpVersion === "1.1");
}
