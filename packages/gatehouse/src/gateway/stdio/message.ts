import { isUtf8 } from "node:buffer";
import { type Member, type Spans, spansOf } from "./spans.ts";

/** A JSON-RPC message with its own bytes. */
export interface JsonMessage {
  readonly kind: "request" | "notification" | "response";
  readonly json: Buffer;
  readonly spans: Spans;
  /** Of requests and notifications. */
  readonly method: string | undefined;
}

/** Reads one message. `undefined` for what is none. */
export function readMessage(json: Buffer): JsonMessage | undefined {
  const spans = isUtf8(json) ? spansOf(json) : undefined;
  if (spans === undefined) return undefined;
  if (spans.method === undefined) {
    const isResponse = spans.id !== undefined && (spans.result ?? spans.error) !== undefined;
    return isResponse ? { kind: "response", json, spans, method: undefined } : undefined;
  }
  const method: unknown = JSON.parse(textAt(json, spans, "method") as string);
  if (typeof method !== "string") return undefined;
  return { kind: spans.id === undefined ? "notification" : "request", json, spans, method };
}

/** A member's JSON text as it stands. */
export function memberText({ json, spans }: JsonMessage, member: Member): string | undefined {
  return textAt(json, spans, member);
}

function textAt(json: Buffer, spans: Spans, member: Member): string | undefined {
  const span = spans[member];
  return span && json.toString("utf8", span.start, span.end);
}

/**
 * An id or token so that different spellings of the same one are equal: whoever answers writes its own.
 * @param text JSON text
 */
export function sameSpelling(text: string): string {
  return JSON.stringify(JSON.parse(text));
}
