import type { HeaderFields } from "../call.ts";
import { type AnswerHead, readHead, UnreadableAnswerError } from "./answer-head.ts";
import { ChunkReader } from "./chunks.ts";

/** Told of an answer as it comes. */
export interface AnswerListener {
  /** Once, before its first piece. */
  onHead(status: number, fields: HeaderFields): void;
  onPiece(piece: Buffer): void;
}

/** Beyond this a server's head is none. */
const maxHeadBytes = 32 * 1024;
/** Answers before the answer (RFC 9110 §15.2); a server that sends more of them is not to be waited for. */
const maxInformational = 16;

/** Reads one answer of HTTP/1.1 to a request that was no HEAD (RFC 9112). */
export class AnswerReader {
  readonly #listener: AnswerListener;
  /** Of a head that has not come to its end, one character a byte. */
  #begun = "";
  #head: AnswerHead | undefined;
  #informational = 0;
  /** Of a body whose length is known, what is still to come. */
  #left = 0;
  #chunks: ChunkReader | undefined;

  constructor(listener: AnswerListener) {
    this.#listener = listener;
  }

  /** Of the answer, once that is there. */
  get head(): AnswerHead | undefined {
    return this.#head;
  }

  /** The answer is whole. */
  get isOver(): boolean {
    if (this.#head === undefined || this.#head.length === "until closed") return false;
    return this.#chunks === undefined ? this.#left === 0 : this.#chunks.isOver;
  }

  /** The answer is whole if nothing more comes. */
  get mayEndHere(): boolean {
    return this.#head?.length === "until closed" || this.isOver;
  }

  /**
   * @param piece ours from here on
   * @returns how many bytes belong to the answer: all, unless it is over
   * @throws UnreadableAnswerError
   */
  read(piece: Buffer): number {
    let at = 0;
    while (this.#head === undefined) {
      const end = this.#readHead(piece, at);
      if (end === undefined) return piece.length;
      at = end;
    }
    if (at === piece.length) return at;
    const rest = at === 0 ? piece : piece.subarray(at);
    if (this.#chunks !== undefined)
      return at + this.#chunks.read(rest, (data) => this.#listener.onPiece(data));
    if (this.#head.length === "until closed" || rest.length <= this.#left) {
      this.#left -= rest.length;
      this.#listener.onPiece(rest);
      return piece.length;
    }
    const last = this.#left;
    this.#left = 0;
    if (last > 0) this.#listener.onPiece(rest.subarray(0, last));
    return at + last;
  }

  /** @returns where it ends in the piece; `undefined`: later */
  #readHead(piece: Buffer, from: number): number | undefined {
    const before = this.#begun.length;
    const text = this.#begun + piece.toString("latin1", from, from + maxHeadBytes - before);
    const end = text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end === -1) {
      if (text.length >= maxHeadBytes)
        throw new UnreadableAnswerError(`its head is over ${maxHeadBytes} bytes`);
      this.#begun = text;
      return undefined;
    }
    this.#begun = "";
    this.#take(readHead(text.slice(0, end + 4)));
    return from + end + 4 - before;
  }

  #take(head: AnswerHead): void {
    if (head.status < 200) {
      // Nobody asked whether to go on either, but that may come all the same (RFC 9110 §15.2).
      if (head.status === 101) throw new UnreadableAnswerError("another protocol was not asked for");
      if (++this.#informational > maxInformational)
        throw new UnreadableAnswerError("too many informational answers");
      return;
    }
    this.#head = head;
    if (head.length === "chunked") this.#chunks = new ChunkReader();
    else if (head.length !== "until closed") this.#left = head.length;
    this.#listener.onHead(head.status, head.fields);
  }
}
