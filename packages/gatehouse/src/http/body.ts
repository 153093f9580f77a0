import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";

/** What became of a request's body: its text, or the status it is refused with. */
export type Body = { readonly text: string } | { readonly refused: 400 | 413 | 415 };

/**
 * Reads a body of at most `limit` bytes; refuses a longer one before or while it arrives (S07), a compressed
 * one, and one that is not UTF-8. Rejects when the connection breaks.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Body> {
  const { headers } = request;
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") return refused(415);
  if (Number(headers["content-length"] ?? 0) > limit) return refused(413);
  // By events: iterating over the stream costs as much as everything else the edge does.
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request
      .on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length <= limit) return chunks.push(chunk);
        request.pause();
        resolve({ refused: 413 });
      })
      .on("end", () => resolve(decode(chunks)))
      .on("error", reject)
      .on("close", () => {
        if (!request.complete) reject(new Error("the connection was closed before the body had arrived"));
      });
  });
}

function refused(status: 413 | 415): Promise<Body> {
  return Promise.resolve({ refused: status });
}

function decode(chunks: readonly Buffer[]): Body {
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  return isUtf8(bytes) ? { text: bytes.toString() } : { refused: 400 };
}

export const formType = "application/x-www-form-urlencoded";

/**
 * The media type of a request, without its parameters, in lower case. Of several a form: the Inspector's
 * refresh says `application/json, …` in front of it, because it merges the headers of its other requests into
 * this one.
 */
export function mediaType(request: IncomingMessage): string {
  const sent = request.headers["content-type"] ?? "";
  if (sent === formType) return sent; // as most say it
  const listed = sent.toLowerCase().split(",");
  const types = listed.map((entry) => entry.split(";", 1)[0]?.trim() ?? "");
  return types.find((type) => type === formType) ?? (types.length === 1 ? (types[0] ?? "") : "");
}
