import { UnreadableAnswerError } from "./answer-head.ts";

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const semicolon = 0x3b;

/** Of all that is not data: sizes with their extensions, and trailers, of one body. */
const maxSizeLineBytes = 256;
const maxTrailerBytes = 16 * 1024;

/** Reads a body in chunks (RFC 9112 §7.1), of which only the data is told. */
export class ChunkReader {
  #state: "size" | "extension" | "end of size" | "data" | "end of data" | "trailer" | "over" = "size";
  /** Of the chunk under way, what is still to come. */
  #left = 0;
  /** Of the line under way. */
  #lineBytes = 0;
  /** An extension or a trailer under way, one character a byte. */
  #line = "";
  #trailerBytes = 0;
  #isAfterReturn = false;

  get isOver(): boolean {
    return this.#state === "over";
  }

  /**
   * @param piece ours from here on: its data are moved together, since of chunks of a byte each would cost as
   * much by itself as a large one
   * @param onData told of all its data
   * @returns how many bytes belong to the body
   * @throws UnreadableAnswerError once what stands before is told
   */
  read(piece: Buffer, onData: (data: Buffer) => void): number {
    let at = 0;
    let dataFrom = 0;
    let dataTo = 0;
    try {
      while (at < piece.length && this.#state !== "over") {
        if (this.#state === "data") {
          const end = Math.min(piece.length, at + this.#left);
          this.#left -= end - at;
          if (dataTo === 0) dataFrom = dataTo = at;
          if (dataTo < at) piece.copyWithin(dataTo, at, end);
          dataTo += end - at;
          at = end;
          if (this.#left === 0) this.#state = "end of data";
        } else this.#readByte(piece[at++] as number);
      }
    } finally {
      if (dataTo > dataFrom) onData(piece.subarray(dataFrom, dataTo));
    }
    return at;
  }

  #readByte(byte: number): void {
    switch (this.#state) {
      case "size":
      case "extension":
        if (byte === carriageReturn && this.#lineBytes > 0) this.#endLine(isExtension, "end of size");
        else if (++this.#lineBytes > maxSizeLineBytes) throw noChunk();
        else if (this.#state === "size") this.#readSize(byte);
        else this.#line += String.fromCharCode(byte);
        return;
      case "end of size":
        if (byte !== lineFeed) throw noChunk();
        this.#lineBytes = 0;
        this.#state = this.#left > 0 ? "data" : "trailer";
        return;
      case "end of data":
        if (byte !== (this.#isAfterReturn ? lineFeed : carriageReturn)) throw noChunk();
        if (this.#isAfterReturn) this.#state = "size";
        this.#isAfterReturn = !this.#isAfterReturn;
        return;
      default:
        this.#readTrailer(byte);
    }
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit !== undefined && this.#left < 2 ** 44) this.#left = this.#left * 16 + digit;
    else if (this.#lineBytes > 1 && byte === semicolon) {
      this.#state = "extension";
      this.#line = ";";
    } else throw noChunk();
  }

  #endLine(grammar: RegExp, next: "end of size" | "trailer"): void {
    if (this.#line !== "" && !grammar.test(this.#line)) throw noChunk();
    this.#line = "";
    this.#state = next;
  }

  /** Fields after the last chunk are of no use to anybody here; an empty line ends them. */
  #readTrailer(byte: number): void {
    if (++this.#trailerBytes > maxTrailerBytes) throw noChunk();
    if (this.#isAfterReturn) {
      if (byte !== lineFeed) throw noChunk();
      this.#isAfterReturn = false;
      if (this.#lineBytes === 0) this.#state = "over";
      this.#lineBytes = 0;
    } else if (byte === carriageReturn) {
      this.#endLine(isTrailer, "trailer");
      this.#isAfterReturn = true;
    } else {
      this.#lineBytes++;
      this.#line += String.fromCharCode(byte);
    }
  }
}

function hexDigit(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined;
}

/** Names with values perhaps, as other strict readers take them: without blanks around. */
const isExtension =
  /^(?:;[!#$%&'*+.^_`|~\w-]+(?:=(?:[!#$%&'*+.^_`|~\w-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/;
/** A field, but none that would say anew where the body ends (RFC 9110 §6.5.1). */
const isTrailer = /^(?!content-length:|transfer-encoding:)[!#$%&'*+.^_`|~\w-]+:[\t -~\x80-\xff]*$/i;

const noChunk = () => new UnreadableAnswerError("its chunks are none");
