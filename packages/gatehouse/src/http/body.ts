import type { IncomingMessage } from "node:http";

/** What became of a request's body: its text, or the status it is refused with. */
export type Body = { readonly text: string } | { readonly refused: 400 | 413 | 415 };

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a body of at most `limit` bytes; refuses a longer one before or while it arrives (S07), a compressed one, and one that is not UTF-8.
 * Rejects when the connection breaks.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Body> {
  const { headers } = request;
  if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity") return { refused: 415 };
  if (Number(headers["content-length"] ?? 0) > limit) return { refused: 413 };
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) return { refused: 413 };
    chunks.push(chunk);
  }
  const [only] = chunks;
  try {
    return { text: strictUtf8.decode(chunks.length === 1 ? only : Buffer.concat(chunks)) };
  } catch {
    return { refused: 400 };
  }
}

export const formType = "application/x-www-form-urlencoded";

/**
 * The media type of a request, without its parameters, in lower case. Of several a form: the Inspector's refresh says `application/json, …` in front of it,
 * because it merges the headers of its other requests into this one.
 */
export function mediaType(request: IncomingMessage): string {
  const listed = (request.headers["content-type"] ?? "").toLowerCase().split(",");
  const types = listed.map((entry) => entry.split(";", 1)[0]?.trim() ?? "");
  return types.find((type) => type === formType) ?? (types.length === 1 ? (types[0] ?? "") : "");
}
