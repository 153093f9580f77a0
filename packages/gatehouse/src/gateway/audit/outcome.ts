import type { HeaderFields } from "../call.ts";
import { codingOf, eventStreamType, fieldOf, mediaType } from "../fields.ts";
import { keptPiece } from "../lent-pieces.ts";
import { readEvent } from "../relay/event-data.ts";
import { EventSplitter } from "../relay/event-splitter.ts";
import type { AnswerObserver, RelayEnd } from "../relay/rewriter.ts";

/**
 * What became of a tool's call. `tool_error`: the tool ran and says that it failed; `error`: it was not run,
 * or its server failed; `broken`: the answer broke off; `unread`: the answer is over 1 MB, or coded.
 */
export type CallOutcome = (typeof callOutcomes)[number];

export const callOutcomes = [
  "ok",
  "tool_error",
  "error",
  "denied",
  "cancelled",
  "broken",
  "timeout",
  "unread",
] as const;

const maxReadBytes = 1_000_000;

/** Looks on while an answer passes, and tells of each request in it what became of it. */
export class OutcomeReader implements AnswerObserver {
  #status = 0;
  #isEventStream = false;
  #isCoded = false;
  #isNoJson = false;
  #length = 0;
  #pieces: Buffer[] | undefined = [];
  #splitter: EventSplitter | undefined;
  /** By the request's id as a value: what is 1 in one text may be 1.0 in another. */
  readonly #found = new Map<unknown, CallOutcome>();
  readonly #wanted = new Set<unknown>();
  readonly #onResult: ((result: unknown) => void) | undefined;

  /**
   * @param ids of the requests that are told of, as JSON text: what else a server answers is not kept
   * @param onResult told of each result among them
   */
  constructor(ids: readonly (string | undefined)[], onResult?: (result: unknown) => void) {
    for (const id of ids) if (id !== undefined) this.#wanted.add(JSON.parse(id));
    this.#onResult = onResult;
  }

  get status(): number {
    return this.#status;
  }

  /** What comes after the answers need not be read. */
  get #hasAll(): boolean {
    return this.#wanted.size > 0 && this.#found.size === this.#wanted.size;
  }

  readonly head = (status: number, fields: HeaderFields): void => {
    this.#status = status;
    this.#isCoded = codingOf(fields) !== undefined;
    this.#isEventStream = mediaType(fieldOf(fields, "content-type")) === eventStreamType;
  };

  readonly piece = (piece: Buffer): void => {
    if (this.#isCoded || this.#isNoJson || this.#pieces === undefined || this.#hasAll) return;
    this.#length += piece.length;
    if (this.#isEventStream) this.#readEvents(piece);
    else if (this.#length === piece.length && !mayBeMessages(piece[0])) this.#isNoJson = true;
    else if (this.#length > maxReadBytes) this.#pieces = undefined;
    else this.#pieces.push(keptPiece(piece));
  };

  /** @param id of the request, as JSON text @param end how its answer ended */
  outcomeOf(id: string | undefined, { outcome }: RelayEnd): CallOutcome {
    if (!this.#isEventStream && this.#pieces !== undefined && this.#pieces.length > 0) {
      const [first, ...others] = this.#pieces;
      this.#read(first !== undefined && others.length === 0 ? first : Buffer.concat(this.#pieces));
      this.#pieces = [];
    }
    const found = id === undefined ? undefined : this.#found.get(JSON.parse(id));
    if (found !== undefined) return found;
    if (outcome === "left") return "cancelled";
    if (outcome !== "complete") return "broken";
    if (this.#isCoded || this.#pieces === undefined) return "unread";
    // A call that wants no answer has none.
    return this.#status >= 200 && this.#status < 300 && id === undefined ? "ok" : "error";
  }

  #readEvents(piece: Buffer): void {
    this.#splitter ??= new EventSplitter(maxReadBytes);
    try {
      for (const event of this.#splitter.push(keptPiece(piece))) this.#readEvent(event);
    } catch {
      this.#pieces = undefined; // an event longer than is read
    }
  }

  #readEvent(event: Buffer): void {
    const { data } = readEvent(event);
    if (data !== undefined) this.#read(data);
  }

  #read(json: Buffer): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(json.toString());
    } catch {
      return; // not the answer, whatever it is
    }
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) this.#note(message);
  }

  #note(message: unknown): void {
    if (typeof message !== "object" || message === null || !("id" in message)) return;
    if (!this.#wanted.has(message.id)) return;
    if ("error" in message) this.#found.set(message.id, "error");
    else if ("result" in message) {
      const { result } = message;
      const failed =
        typeof result === "object" && result !== null && "isError" in result && result.isError === true;
      this.#found.set(message.id, failed ? "tool_error" : "ok");
      this.#onResult?.(result);
    }
  }
}

/** Whether a text that begins so may be one or several messages in JSON (RFC 8259 §2). */
function mayBeMessages(first: number | undefined): boolean {
  return first !== undefined && "{[ \t\r\n".includes(String.fromCharCode(first));
}
