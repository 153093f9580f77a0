/** A JSON text that is none (RFC 8259), or none that the door reads. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly problem: "syntax" | "depth" | "number";

  constructor(problem: JsonError["problem"], message: string) {
    super(message);
    this.problem = problem;
  }
}

export interface JsonLimits {
  /** How many arrays and objects may stand in each other. */
  readonly maxDepth: number;
  /** Characters of one number: some parsers refuse longer ones, and others take a second for each. */
  readonly maxNumberLength: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** What may stand next where values are passed over. */
const value = 0;
const valueOrEnd = 1;
const name = 2;
const nameOrEnd = 3;
const commaOrEnd = 4;

/** Bytes that stand for themselves in a string. */
const plainInString = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== quote && byte !== backslash ? 1 : 0,
);
const isSpace = tableOf(" \t\n\r");
const isHex = tableOf("0123456789abcdefABCDEF");
const isEscaped = tableOf('"\\/bfnrt');

function tableOf(characters: string): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) =>
    characters.includes(String.fromCharCode(byte)) ? 1 : 0,
  );
}

/**
 * Walks through one JSON text by its bytes, strictly as RFC 8259 has it, and makes values only of what it is
 * asked for. Everything else is checked and passed over, so that whoever reads it later reads the same text.
 * The bytes have to be UTF-8. Throws `JsonError`.
 */
export class JsonReader {
  readonly bytes: Buffer;
  readonly #limits: JsonLimits;
  /** Where the next byte stands that was not read. */
  at = 0;
  #depth = 0;
  /** What closes each level that is passed over. */
  readonly #closers: Uint8Array;

  constructor(bytes: Buffer, limits: JsonLimits) {
    this.bytes = bytes;
    this.#limits = limits;
    this.#closers = new Uint8Array(limits.maxDepth + 1);
  }

  /** The first byte of the next value, which `at` then points to; -1 at the end of the text. */
  peek(): number {
    const { bytes } = this;
    let at = this.at;
    while (at < bytes.length && isSpace[bytes[at] as number] === 1) at++;
    this.at = at;
    return at < bytes.length ? (bytes[at] as number) : -1;
  }

  /** Nothing but white space may follow. */
  end(): void {
    if (this.peek() !== -1) this.#syntax();
  }

  /**
   * Passes over one value, whatever it is. In one loop, without a call for each byte: most bytes of most
   * bodies are passed over here, and nobody's 10 MB of brackets are to keep others waiting.
   */
  skip(): void {
    const { bytes } = this;
    const closers = this.#closers;
    const outside = this.#depth;
    let depth = outside;
    /** What may stand at `at`. */
    let next: typeof value | typeof valueOrEnd | typeof name | typeof nameOrEnd | typeof commaOrEnd = value;
    let at = this.at;
    for (;;) {
      while (isSpace[bytes[at] as number] === 1) at++;
      const byte = bytes[at] as number;
      if (next === commaOrEnd) {
        at++;
        if (byte === closers[depth]) depth--;
        else if (byte === comma) next = closers[depth] === closeBrace ? name : value;
        else this.#syntax(at - 1);
      } else if ((next === valueOrEnd || next === nameOrEnd) && byte === closers[depth]) {
        at++;
        depth--;
        next = commaOrEnd;
      } else if (next === name || next === nameOrEnd) {
        this.at = at;
        this.#name();
        at = this.at;
        next = value;
      } else if (byte === openBrace || byte === openBracket) {
        at++;
        depth++;
        if (depth > this.#limits.maxDepth) this.#tooDeep();
        closers[depth] = byte + 2; // in ASCII
        next = byte === openBrace ? nameOrEnd : valueOrEnd;
      } else {
        this.at = at;
        this.#scalar(byte);
        at = this.at;
        next = commaOrEnd;
      }
      if (depth === outside && next === commaOrEnd) break;
    }
    this.at = at;
  }

  /**
   * Reads an object. `member` gets each name, between its quotes as `start` and `end`, and has to read the
   * value that follows.
   */
  object(member: (reader: JsonReader, start: number, end: number) => void): void {
    if (this.peek() !== openBrace) this.#syntax();
    this.#enter();
    for (let isFirst = true; this.#hasNext(closeBrace, isFirst); isFirst = false) {
      this.peek();
      const start = this.at + 1;
      const end = this.#name();
      member(this, start, end);
    }
  }

  /** Reads an array. `element` has to read each value. */
  array(element: (reader: JsonReader) => void): void {
    if (this.peek() !== openBracket) this.#syntax();
    this.#enter();
    for (let isFirst = true; this.#hasNext(closeBracket, isFirst); isFirst = false) element(this);
  }

  /** The text of the string whose characters stand from `start` to `end`, without its quotes. */
  textOf(start: number, end: number): string {
    const text = this.bytes.toString("utf8", start, end);
    return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
  }

  /** One value as it was sent. */
  raw(): string {
    this.peek();
    const start = this.at;
    this.skip();
    return this.bytes.toString("utf8", start, this.at);
  }

  #enter(): void {
    this.at++;
    this.#depth++;
    if (this.#depth > this.#limits.maxDepth) this.#tooDeep();
  }

  #tooDeep(): never {
    throw new JsonError("depth", `The JSON text is more than ${this.#limits.maxDepth} levels deep.`);
  }

  /** Whether another member follows; passes over the comma before it, or over the end. */
  #hasNext(close: number, isFirst: boolean): boolean {
    const next = this.peek();
    if (next === close) {
      this.at++;
      this.#depth--;
      return false;
    }
    if (isFirst) return true;
    if (next !== comma) this.#syntax();
    this.at++;
    return true;
  }

  /** A name and its colon. Gives where its characters end. */
  #name(): number {
    if (this.peek() !== quote) this.#syntax();
    this.#string();
    const end = this.at - 1;
    if (this.peek() !== colon) this.#syntax();
    this.at++;
    return end;
  }

  #scalar(first: number): void {
    if (first === quote) this.#string();
    else if (first === 0x74) this.#literal(trueBytes);
    else if (first === 0x66) this.#literal(falseBytes);
    else if (first === 0x6e) this.#literal(nullBytes);
    else this.#number();
  }

  #string(): void {
    const { bytes } = this;
    let at = this.at + 1;
    for (;;) {
      while (at < bytes.length && plainInString[bytes[at] as number] === 1) at++;
      if (at >= bytes.length) this.#syntax(at);
      const byte = bytes[at];
      if (byte === quote) break;
      if (byte !== backslash || at + 1 >= bytes.length) this.#syntax(at);
      const escaped = bytes[at + 1] as number;
      if (escaped === 0x75) {
        if (at + 5 >= bytes.length) this.#syntax(at);
        for (let digit = at + 2; digit < at + 6; digit++) {
          if (isHex[bytes[digit] as number] !== 1) this.#syntax(digit);
        }
        at += 6;
      } else {
        if (isEscaped[escaped] !== 1) this.#syntax(at);
        at += 2;
      }
    }
    this.at = at + 1;
  }

  #number(): void {
    const { bytes } = this;
    const start = this.at;
    if (bytes[this.at] === 0x2d) this.at++;
    if (bytes[this.at] === 0x30) this.at++;
    else this.#digits();
    if (bytes[this.at] === 0x2e) {
      this.at++;
      this.#digits();
    }
    if (bytes[this.at] === 0x65 || bytes[this.at] === 0x45) {
      this.at++;
      if (bytes[this.at] === 0x2b || bytes[this.at] === 0x2d) this.at++;
      this.#digits();
    }
    if (this.at - start > this.#limits.maxNumberLength) {
      throw new JsonError("number", `A number has more than ${this.#limits.maxNumberLength} characters.`);
    }
  }

  #digits(): void {
    const { bytes } = this;
    const start = this.at;
    let at = start;
    while (at < bytes.length && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at++;
    if (at === start) this.#syntax();
    this.at = at;
  }

  #literal(expected: Buffer): void {
    for (let index = 0; index < expected.length; index++) {
      if (this.bytes[this.at + index] !== expected[index]) this.#syntax();
    }
    this.at += expected.length;
  }

  #syntax(at = this.at): never {
    throw new JsonError("syntax", `The body is no JSON text: byte ${at} is not what may stand there.`);
  }
}

const trueBytes = Buffer.from("true");
const falseBytes = Buffer.from("false");
const nullBytes = Buffer.from("null");
