import type { IncomingMessage } from "node:http";
import { errorCodes, RefusedCallError } from "./refusal.ts";

/** The body of a POST as it was sent. Rejects with 413 beyond the limit, before or while it arrives. */
export async function readBody(request: IncomingMessage, maxBodyBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    new RefusedCallError({ status: 413, code: errorCodes.invalidRequest, message: "The body is too large." });
  if (Number(request.headers["content-length"] ?? 0) > maxBodyBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
