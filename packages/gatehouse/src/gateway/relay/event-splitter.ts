const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Cuts an event stream into its events. Lines end with CR, LF, or both (WHATWG HTML §9.2.5). */
export class EventSplitter {
  readonly #maxEventBytes: number;
  #held: Buffer = Buffer.alloc(0);
  /** The line under way has no bytes yet. */
  #isLineEmpty = true;
  /** The last byte was a CR: a line feed after it ends no other line. */
  #afterReturn = false;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** What there is of an event whose end has not come. */
  get rest(): Buffer {
    return this.#held;
  }

  /**
   * The events that end within this piece, each with the empty line that ends it: all bytes of the stream, in
   * their order. Where a piece ends between CR and LF, the LF opens the next event: an empty line.
   * @throws EventTooLongError
   */
  push(piece: Buffer): Buffer[] {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    const events: Buffer[] = [];
    let start = 0;
    for (let at = this.#held.length; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === lineFeed && this.#afterReturn) {
        this.#afterReturn = false;
        continue;
      }
      this.#afterReturn = byte === carriageReturn;
      if (byte !== lineFeed && byte !== carriageReturn) {
        this.#isLineEmpty = false;
        continue;
      }
      if (this.#isLineEmpty) {
        const end = byte === carriageReturn && bytes[at + 1] === lineFeed ? at + 2 : at + 1;
        events.push(bytes.subarray(start, end));
        start = end;
      }
      this.#isLineEmpty = true;
    }
    this.#held = bytes.subarray(start);
    if (this.#held.length > this.#maxEventBytes) throw new EventTooLongError();
    return events;
  }
}

export class EventTooLongError extends Error {
  override readonly name = "EventTooLongError";
}
