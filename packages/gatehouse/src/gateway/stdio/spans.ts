import { JsonError, JsonReader } from "../messages/json-reader.ts";

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

const limits = { maxDepth: 1000, maxNumberLength: 1000 };

/**
 * The members of one JSON-RPC message that are read here. `undefined` for what is no JSON object, or has one
 * of them twice, so that nobody could say which one counts. The bytes have to be UTF-8.
 */
export function spansOf(json: Buffer): Spans | undefined {
  const found: Spans = {};
  let isTwice = false;

  function members(reader: JsonReader, known: ReadonlyMap<string, Watched>): void {
    reader.object((_, from, to) => {
      const watched = known.get(reader.textOf(from, to));
      const isObject = reader.peek() === openBrace;
      const start = reader.at;
      if (watched?.inside !== undefined && isObject) members(reader, watched.inside);
      else reader.skip();
      if (watched === undefined) return;
      isTwice ||= found[watched.member] !== undefined;
      found[watched.member] = { start, end: reader.at };
    });
  }

  const isObject = isWhole(json, (reader) => members(reader, watched));
  return isObject && !isTwice ? found : undefined;
}

/** The elements of a JSON array, each with its own bytes; `undefined` for what is none. */
export function elementsOf(json: Buffer): readonly Buffer[] | undefined {
  const elements: Buffer[] = [];
  const isArray = isWhole(json, (reader) =>
    reader.array(() => {
      reader.peek();
      const start = reader.at;
      reader.skip();
      elements.push(json.subarray(start, reader.at));
    }),
  );
  return isArray ? elements : undefined;
}

/** Whether this is all that the text holds. */
function isWhole(json: Buffer, read: (reader: JsonReader) => void): boolean {
  const reader = new JsonReader(json, limits);
  try {
    read(reader);
    reader.end();
    return true;
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

const openBrace = 0x7b;

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
