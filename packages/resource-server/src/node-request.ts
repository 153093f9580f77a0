import type { IncomingMessage } from "node:http";
import { maxFormBytes } from "./form.ts";

/**
 * Every `Authorization` header of the request, for `readBearer`: node's `headers` would keep the first alone
 * and hide a second token (U07).
 */
export function authorizationOf({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    if (name.length === 13 && name.toLowerCase() === "authorization") values.push(rawHeaders[at + 1] ?? "");
  }
  return values;
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
