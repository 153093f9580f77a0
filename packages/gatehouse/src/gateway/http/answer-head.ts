import type { HeaderFields } from "../call.ts";

/** The head of an answer, and how long its body is. */
export interface AnswerHead {
  readonly status: number;
  readonly fields: HeaderFields;
  /** Bytes; or in chunks; or up to the end of the connection (RFC 9112 §6.3). */
  readonly length: number | "chunked" | "until closed";
  /** Whether the connection stays open after it (RFC 9112 §9.3). */
  readonly isKept: boolean;
  /** The value of its `Keep-Alive`. */
  readonly keepAlive: string | undefined;
}

/** What a server sent is no HTTP, or no answer to what was asked. */
export class UnreadableAnswerError extends Error {
  override readonly name = "UnreadableAnswerError";
}

/**
 * Reads a head. Strictly, since what another reader might take for something else must go no further: lines
 * end with CRLF, none is folded, names are tokens, no value has a control character, there is one framing.
 * @param text one character a byte, with the empty line that ends it
 * @throws UnreadableAnswerError
 */
export function readHead(text: string): AnswerHead {
  const [start, version, status] = statusLine.exec(text) ?? [];
  if (start === undefined) throw new UnreadableAnswerError("its first line is none of HTTP/1.1");
  const fields: string[] = [];
  let contentLength: string | undefined;
  let coding: string | undefined;
  let connection = "";
  let keepAlive: string | undefined;
  for (let at = start.length; at < text.length - 2; ) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    if (colon === -1 || colon > end) throw new UnreadableAnswerError("a line of its head is no field");
    const name = text.slice(at, colon);
    const value = withoutBlanks(text, colon + 1, end);
    if (!isToken.test(name)) throw new UnreadableAnswerError("a field's name is none");
    if (!isValue.test(value)) throw new UnreadableAnswerError("a field's value has a control character");
    fields.push(name, value);
    at = end + 2;
    switch (name.length === 10 || name.length === 14 || name.length === 17 ? name.toLowerCase() : "") {
      case "connection":
        connection += connection === "" ? value.toLowerCase() : `,${value.toLowerCase()}`;
        break;
      case "keep-alive":
        keepAlive = value;
        break;
      case "content-length":
        if (contentLength !== undefined || !isLength.test(value))
          throw new UnreadableAnswerError("its length is not clear");
        contentLength = value;
        break;
      case "transfer-encoding":
        if (coding !== undefined || value.toLowerCase() !== "chunked")
          throw new UnreadableAnswerError("its transfer coding is not chunked alone");
        coding = value;
    }
  }
  if (coding !== undefined && contentLength !== undefined)
    throw new UnreadableAnswerError("it has both framings");
  // Who knows HTTP/1.0 alone would read on to the end of the connection (RFC 9112 §6.1).
  if (coding !== undefined && version === "0")
    throw new UnreadableAnswerError("it has a transfer coding, and is one of HTTP/1.0");
  const isEmpty = status === "204" || status === "304" || status?.startsWith("1");
  const framed = contentLength === undefined ? "until closed" : Number(contentLength);
  const length = isEmpty ? 0 : coding === undefined ? framed : "chunked";
  // The body that it cannot have, and speaks of, may come all the same where the next answer is expected.
  const mayOverrun = isEmpty && (coding !== undefined || (framed !== 0 && framed !== "until closed"));
  return {
    status: Number(status),
    fields,
    length,
    isKept:
      length !== "until closed" &&
      !mayOverrun &&
      !isAmong(connection, "close") &&
      (version === "1" || isAmong(connection, "keep-alive")),
    keepAlive,
  };
}

/** @param list as `Connection` has it, in lower case */
function isAmong(list: string, option: string): boolean {
  if (!list.includes(option)) return false;
  return list === option || list.split(",").some((each) => each.trim() === option);
}

/** The value of a field, between its blanks (RFC 9110 §5.5). */
function withoutBlanks(text: string, from: number, to: number): string {
  let first = from;
  let end = to;
  while (first < end && isBlank(text.charCodeAt(first))) first++;
  while (end > first && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(first, end);
}

const isBlank = (code: number) => code === 0x20 || code === 0x09;

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/;
const isToken = /^[!#$%&'*+.^_`|~\w-]+$/;
const isValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const isLength = /^\d{1,15}$/;
