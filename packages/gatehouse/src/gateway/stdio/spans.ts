/*
 * Where in the bytes of a JSON text the few members stand that routing reads and rewrites. Everything else
 * is looked at for its form only and keeps its bytes.
 */

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Member =
  | "id"
  | "method"
  | "params"
  | "params.progressToken"
  | "params.requestId"
  | "params.protocolVersion"
  | "params._meta"
  | "params._meta.progressToken"
  | "params._meta.subscriptionId"
  | "params._meta.protocolVersion"
  | "result"
  | "result.protocolVersion"
  | "result._meta"
  | "result._meta.subscriptionId"
  | "error"
  | "error.code";

export type Spans = Partial<Record<Member, Span>>;

interface Watched {
  readonly member: Member;
  readonly inside?: ReadonlyMap<string, Watched>;
}

const subscriptionId = "io.modelcontextprotocol/subscriptionId";

const watched: ReadonlyMap<string, Watched> = new Map<string, Watched>([
  ["id", { member: "id" }],
  ["method", { member: "method" }],
  [
    "params",
    {
      member: "params",
      inside: new Map<string, Watched>([
        ["progressToken", { member: "params.progressToken" }],
        ["requestId", { member: "params.requestId" }],
        ["protocolVersion", { member: "params.protocolVersion" }],
        [
          "_meta",
          {
            member: "params._meta",
            inside: new Map<string, Watched>([
              ["progressToken", { member: "params._meta.progressToken" }],
              [subscriptionId, { member: "params._meta.subscriptionId" }],
              ["io.modelcontextprotocol/protocolVersion", { member: "params._meta.protocolVersion" }],
            ]),
          },
        ],
      ]),
    },
  ],
  [
    "result",
    {
      member: "result",
      inside: new Map<string, Watched>([
        ["protocolVersion", { member: "result.protocolVersion" }],
        [
          "_meta",
          {
            member: "result._meta",
            inside: new Map<string, Watched>([[subscriptionId, { member: "result._meta.subscriptionId" }]]),
          },
        ],
      ]),
    },
  ],
  ["error", { member: "error", inside: new Map<string, Watched>([["code", { member: "error.code" }]]) }],
]);

/**
 * The members of one JSON-RPC message that are read here. `undefined` for what is no JSON object, or has one
 * of them twice, so that nobody could say which one counts.
 */
export function spansOf(json: Buffer): Spans | undefined {
  const scanner = new Scanner(json);
  try {
    const found: Spans = {};
    scanner.object(watched, found);
    scanner.end();
    return found;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** The elements of a JSON array, each with its own bytes; `undefined` for what is none. */
export function elementsOf(json: Buffer): readonly Buffer[] | undefined {
  const scanner = new Scanner(json);
  try {
    const spans = scanner.array();
    scanner.end();
    return spans.map(({ start, end }) => json.subarray(start, end));
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** What is to stand where; without a place, or without text, nothing. */
export type Edit = readonly [Span | undefined, string | undefined];

/** The bytes with other JSON text at these places. */
export function replaced(json: Buffer, edits: readonly Edit[]): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  const inOrder = edits
    .filter((edit): edit is readonly [Span, string] => edit[0] !== undefined && edit[1] !== undefined)
    .sort(([one], [other]) => one.start - other.start);
  for (const [{ start, end }, text] of inOrder) {
    pieces.push(json.subarray(from, start), Buffer.from(text));
    from = end;
  }
  return from === 0 ? json : Buffer.concat([...pieces, json.subarray(from)]);
}

class MalformedError extends Error {}

const maxDepth = 1000;
const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const scalar = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/;
/** Longer numbers are no message of anybody's. */
const maxScalar = 1000;

class Scanner {
  readonly #json: Buffer;
  #at = 0;

  constructor(json: Buffer) {
    this.#json = json;
  }

  /** Nothing may follow. */
  end(): void {
    this.#blanks();
    if (this.#at !== this.#json.length) throw new MalformedError();
  }

  object(watched: ReadonlyMap<string, Watched>, found: Spans): void {
    this.#expect(openBrace);
    if (this.#next() === closeBrace) {
      this.#at++;
      return;
    }
    for (;;) {
      const known = watched.get(this.#name());
      this.#expect(colon);
      const isObject = this.#next() === openBrace;
      const start = this.#at;
      if (known?.inside !== undefined && isObject) this.object(known.inside, found);
      else this.value();
      if (known !== undefined) {
        if (found[known.member] !== undefined) throw new MalformedError();
        found[known.member] = { start, end: this.#at };
      }
      const then = this.#next();
      this.#at++;
      if (then === closeBrace) return;
      if (then !== comma) throw new MalformedError();
    }
  }

  array(): Span[] {
    const found: Span[] = [];
    this.#expect(openBracket);
    if (this.#next() === closeBracket) {
      this.#at++;
      return found;
    }
    for (;;) {
      this.#blanks();
      const start = this.#at;
      this.value();
      found.push({ start, end: this.#at });
      const then = this.#next();
      this.#at++;
      if (then === closeBracket) return found;
      if (then !== comma) throw new MalformedError();
    }
  }

  /** Passes one value, whatever is in it. */
  value(): void {
    const open: number[] = [];
    for (;;) {
      const first = this.#next();
      if (first === openBrace || first === openBracket) {
        this.#at++;
        const close = first === openBrace ? closeBrace : closeBracket;
        if (this.#next() === close) this.#at++;
        else {
          if (open.push(close) > maxDepth) throw new MalformedError();
          if (first === openBrace) this.#memberName();
          continue;
        }
      } else if (first === quote) this.#string();
      else this.#scalar();
      for (;;) {
        const close = open.at(-1);
        if (close === undefined) return;
        const then = this.#next();
        this.#at++;
        if (then === close) open.pop();
        else if (then === comma) {
          if (close === closeBrace) this.#memberName();
          break;
        } else throw new MalformedError();
      }
    }
  }

  #memberName(): void {
    this.#next();
    this.#string();
    this.#expect(colon);
  }

  #name(): string {
    this.#next();
    const start = this.#at;
    this.#string();
    const text = this.#json.toString("utf8", start, this.#at);
    return text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  #string(): void {
    const json = this.#json;
    if (json[this.#at] !== quote) throw new MalformedError();
    for (let at = this.#at + 1; at < json.length; at++) {
      const byte = json[at] as number;
      if (byte === quote) {
        this.#at = at + 1;
        return;
      }
      if (byte < 0x20) throw new MalformedError();
      if (byte === backslash) at = this.#escape(at + 1);
    }
    throw new MalformedError();
  }

  /** The last byte of an escape sequence. */
  #escape(at: number): number {
    const letter = String.fromCharCode(this.#json[at] ?? 0);
    if ('"\\/bfnrt'.includes(letter)) return at;
    const digits = this.#json.toString("latin1", at + 1, at + 5);
    if (letter !== "u" || !/^[0-9a-fA-F]{4}$/.test(digits)) throw new MalformedError();
    return at + 4;
  }

  #scalar(): void {
    const json = this.#json;
    let at = this.#at;
    // Everything up to the next byte that cannot belong to a number or a literal.
    for (; at < json.length; at++) {
      const byte = json[at] as number;
      if (byte <= 0x20 || byte === comma || byte === closeBrace || byte === closeBracket) break;
    }
    if (at - this.#at > maxScalar || !scalar.test(json.toString("latin1", this.#at, at))) {
      throw new MalformedError();
    }
    this.#at = at;
  }

  #expect(byte: number): void {
    if (this.#next() !== byte) throw new MalformedError();
    this.#at++;
  }

  /** The next byte that is no blank, not yet passed. */
  #next(): number | undefined {
    this.#blanks();
    return this.#json[this.#at];
  }

  #blanks(): void {
    const json = this.#json;
    for (;;) {
      const byte = json[this.#at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.#at++;
    }
  }
}
