import type { HeaderFields } from "../call.ts";

/** What is sent to a server. */
export interface SentRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly fields: HeaderFields;
  readonly body: Buffer | undefined;
}

/** A request that would not be one on the wire. */
export class UnsendableError extends Error {
  override readonly name = "UnsendableError";
}

/**
 * The head of a request, one character a byte (RFC 9112 §2.1), with what its connection needs and the length
 * of its body.
 * @throws UnsendableError where a value could end its line, or a character is none of a head's
 */
export function requestHead({ method, path, fields, body }: SentRequest): string {
  if (!isPath.test(path)) throw new UnsendableError("a path that is none");
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = fields[at + 1] as string;
    if (!isToken.test(name) || !isValue.test(value)) throw new UnsendableError("a header field that is none");
    head += `${name}: ${value}\r\n`;
  }
  if (body !== undefined || method === "POST") head += `content-length: ${body?.length ?? 0}\r\n`;
  return `${head}connection: keep-alive\r\n\r\n`;
}

const isPath = /^\/[\x21-\x7e\x80-\xff]*$/;
const isToken = /^[!#$%&'*+.^_`|~\w-]+$/;
const isValue = /^[\t\x20-\x7e\x80-\xff]*$/;
