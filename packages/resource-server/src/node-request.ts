import type { IncomingMessage } from "node:http";
import { maxFormBytes } from "./form.ts";

/**
 * Every `Authorization` header of the request: node's `headers` would keep the first alone and hide a second
 * token (U07).
 */
export function authorizationOf({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "authorization",
  );
}

/**
 * The body, of a form only; `undefined` when it is too large. Nobody can read it from the request after this.
 */
export async function readFormBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The request stays whole when we stop early: without it there would be no connection to answer on.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxFormBytes) return undefined;
  }
  return Buffer.concat(chunks);
}
