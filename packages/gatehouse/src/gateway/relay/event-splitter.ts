const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts an event stream into its events. Lines end with CR, LF, or both (WHATWG HTML §9.2.5). Looks for line
 * ends natively and joins an event's pieces once, so that long events cost little more than their bytes.
 */
export class EventSplitter {
  readonly #maxEventBytes: number;
  /** Of the event under way. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The line under way has no bytes yet. */
  #isLineEmpty = true;
  /** The last byte was a CR: a line feed after it ends no other line. */
  #afterReturn = false;

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  /** What there is of an event whose end has not come. */
  get rest(): Buffer {
    return Buffer.concat(this.#held);
  }

  /**
   * The events that end within this piece, each with the empty line that ends it: all bytes of the stream, in
   * their order. Where a piece ends between CR and LF, the LF opens the next event: an empty line.
   * @throws EventTooLongError
   */
  push(piece: Buffer): Buffer[] {
    const events: Buffer[] = [];
    let start = 0;
    let at = this.#afterReturn && piece[0] === lineFeed ? 1 : 0;
    if (piece.length > 0) this.#afterReturn = false;
    let isLineEmpty = this.#isLineEmpty;
    let feed = piece.indexOf(lineFeed, at);
    let turn = piece.indexOf(carriageReturn, at);
    while (at < piece.length) {
      const end = turn === -1 || (feed !== -1 && feed < turn) ? feed : turn;
      if (end === -1) {
        isLineEmpty = false;
        break;
      }
      const isEmpty = isLineEmpty && end === at;
      at = end + 1;
      if (end === turn) {
        if (at === piece.length) this.#afterReturn = true;
        else if (piece[at] === lineFeed) at++;
        turn = piece.indexOf(carriageReturn, at);
      }
      if (feed !== -1 && feed < at) feed = piece.indexOf(lineFeed, at);
      isLineEmpty = true;
      if (!isEmpty) continue;
      events.push(this.#whole(piece.subarray(start, at)));
      start = at;
    }
    this.#isLineEmpty = isLineEmpty;
    this.#hold(start === 0 ? piece : piece.subarray(start));
    return events;
  }

  #whole(last: Buffer): Buffer {
    if (this.#held.length === 0) return last;
    const event = Buffer.concat([...this.#held, last]);
    this.#held = [];
    this.#heldBytes = 0;
    return event;
  }

  #hold(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes > this.#maxEventBytes) throw new EventTooLongError();
  }
}

export class EventTooLongError extends Error {
  override readonly name = "EventTooLongError";
}
