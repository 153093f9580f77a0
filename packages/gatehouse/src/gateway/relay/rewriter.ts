import type { HeaderFields } from "../call.ts";

/**
 * What of an answer is changed on its way; everything else passes byte for byte. Throwing a
 * `RefusedCallError` refuses the call where the answer has not begun, and breaks it off where it has.
 */
export interface AnswerRewriter {
  /** A whole JSON body, decoded, of at most 10 MB. */
  readonly json?: (body: Buffer) => Buffer;
  /** One event of an event stream, with its lines and the empty line that ends it. Empty: it is left out. */
  readonly event?: (event: Buffer) => Buffer;
  /** The header fields that the client gets, name and value by turns. */
  readonly fields?: (fields: HeaderFields) => HeaderFields;
}

/** Whoever looks on: sees the answer as the server sent it, and changes nothing. */
export interface AnswerObserver {
  /** Before the first piece. */
  readonly head?: (status: number, fields: HeaderFields) => void;
  /** As it came, in whatever coding; not to be kept but by `keptPiece`. */
  readonly piece?: (piece: Buffer) => void;
}

/** How an answer ended. */
export interface RelayEnd {
  /**
   * Whole; broken off by the server, or because it cannot be passed on; by a client that went away; or by the
   * door, which ends streams after a whole event.
   */
  readonly outcome: "complete" | "broken" | "left" | "ended";
  /** Why it is broken. */
  readonly cause?: unknown;
}

/** Whether answers have to be read for these: then the server is asked for no coding. */
export function readAnswers(rewriters: readonly AnswerRewriter[]): boolean {
  return rewriters.some(({ json, event }) => json !== undefined || event !== undefined);
}

/** All of one kind in a row; `undefined` where there is none. */
export function inTurn<Value>(
  steps: readonly (((value: Value) => Value) | undefined)[],
): ((value: Value) => Value) | undefined {
  const present = steps.filter((step) => step !== undefined);
  if (present.length === 0) return undefined;
  return (value) => present.reduce((current, step) => step(current), value);
}
