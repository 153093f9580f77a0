const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;

/** Longer pieces that end in the middle of an event are not looked through for being comments only. */
const maxCommentBytes = 1024;

/**
 * Follows an event stream, piece by piece, and tells whether it stands between two events. Looks at the end
 * of each piece only, so that it costs the same for small and large ones.
 */
export class EventBoundary {
  /** The last bytes of the stream so far, at most 3. */
  #tail: Buffer = Buffer.alloc(0);
  #isBetween = true;

  /** True at the start of the stream, and after the empty line that ends an event. */
  get isBetween(): boolean {
    return this.#isBetween;
  }

  follow(piece: Buffer): void {
    if (piece.length === 0) return;
    const end = piece.length >= 3 ? piece : Buffer.concat([this.#tail, piece]);
    this.#isBetween = endsWithEmptyLine(end) || (this.#isBetween && isComment(piece));
    this.#tail = Buffer.from(end.subarray(-3));
  }

  /**
   * Follows a piece up to the end of the event under way.
   * @returns how many of its bytes belong to that event; `undefined` where it does not end within the piece
   */
  followToEnd(piece: Buffer): number | undefined {
    for (let at = 0; at < piece.length; at++) {
      if (this.#isBetween) return at;
      this.follow(piece.subarray(at, at + 1));
    }
    return this.#isBetween ? piece.length : undefined;
  }
}

function isLineEnd(byte: number): boolean {
  return byte === lineFeed || byte === carriageReturn;
}

/** Lines end with CR, LF, or both (WHATWG HTML §9.2.5). */
function endsWithEmptyLine(end: Buffer): boolean {
  const last = end.length - 1;
  if (end[last] === carriageReturn) return isLineEnd(end[last - 1] ?? 0);
  if (end[last] !== lineFeed) return false;
  return isLineEnd(end[end[last - 1] === carriageReturn ? last - 2 : last - 1] ?? 0);
}

/** Whole lines that are comments, as servers keep streams alive by, often without an empty line. */
function isComment(piece: Buffer): boolean {
  if (piece.length > maxCommentBytes || !isLineEnd(piece[piece.length - 1] ?? 0)) return false;
  let isLineStart = true;
  for (const byte of piece) {
    if (isLineStart && byte !== colon && !isLineEnd(byte)) return false;
    isLineStart = isLineEnd(byte);
  }
  return true;
}
