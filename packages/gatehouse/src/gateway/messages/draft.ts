import { carelessly } from "../spelling.ts";
import type { JsonReader } from "./json-reader.ts";
import { type Budget, Names } from "./names.ts";

/** What is known of one message while its bytes are walked through; the order of its members is free. */
export interface MessageDraft {
  id?: string | undefined;
  method?: string | undefined;
  /** It has a `result` or an `error`. */
  isAnswer?: true;
  name?: string | undefined;
  uri?: string | undefined;
  taskId?: string | undefined;
  refType?: string | undefined;
  refName?: string | undefined;
  refUri?: string | undefined;
  /** Resources that it wants to listen to. */
  uris?: string[];
  arguments?: Buffer | undefined;
  progressToken?: string | undefined;
  /** `null`: claimed, but no string. */
  claimedRevision?: string | null | undefined;
  /** The first thing wrong with it, for the client's developer. */
  problem?: string | undefined;
}

const quote = 0x22;
const openBracket = 0x5b;
const openBrace = 0x7b;
const isNumber = (byte: number) => byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
/** No other value begins like it. */
const isNull = (byte: number) => byte === 0x6e;

/** Reads the value of a member. */
type Read = (walk: Walk) => void;

/** The members of one kind of object that the door reads; all others are passed over. */
interface Members {
  readonly read: ReadonlyMap<string, Read>;
  /** Their names, by careless spelling. */
  readonly names: ReadonlyMap<string, string>;
}

function members(read: Readonly<Record<string, Read>>): Members {
  const names = Object.keys(read).map((name) => [carelessly(name), name] as const);
  return { read: new Map(Object.entries(read)), names: new Map(names) };
}

/** The way through one message. */
class Walk {
  readonly reader: JsonReader;
  readonly #budget: Budget;
  readonly draft: MessageDraft = {};

  constructor(reader: JsonReader, budget: Budget) {
    this.reader = reader;
    this.#budget = budget;
  }

  note(problem: string): void {
    this.draft.problem ??= problem;
  }

  /** Reads the members of the next value. Of what is no object there are none: then it gives false. */
  object({ read, names: known }: Members): boolean {
    if (this.reader.peek() !== openBrace) {
      this.reader.skip();
      return false;
    }
    const names = new Names(known, this.#budget);
    this.reader.object((reader, start, end) => {
      const member = read.get(names.next(reader, start, end));
      if (member === undefined) reader.skip();
      else member(this);
    });
    if (names.problem !== undefined) this.note(`it has ${names.problem}`);
    return true;
  }

  /** A string that decides; `undefined`, and noted, if it is none, or not one that all read alike (W55). */
  text(what: string): string | undefined {
    const { reader } = this;
    const isString = reader.peek() === quote;
    const start = reader.at + 1;
    reader.skip();
    if (!isString) {
      this.note(`${what} is no string`);
      return undefined;
    }
    this.#budget.takeValue(reader.at - start);
    const text = reader.textOf(start, reader.at - 1);
    if (text.isWellFormed() && !text.includes("\0")) return text;
    this.note(`${what} holds NUL or half a character`);
    return undefined;
  }

  /** An array of strings that decide. */
  texts(what: string): string[] {
    const found: string[] = [];
    if (this.reader.peek() === openBracket) {
      this.reader.array(() => {
        this.#budget.takeName(0);
        const text = this.text(what);
        if (text !== undefined) found.push(text);
      });
    } else {
      this.note(`${what} is no array`);
      this.reader.skip();
    }
    return found;
  }

  /** One value, as sent. */
  span(): Buffer {
    this.reader.peek();
    const start = this.reader.at;
    this.reader.skip();
    return this.reader.bytes.subarray(start, this.reader.at);
  }
}

const inMeta = members({
  progressToken: (walk) => {
    walk.draft.progressToken = walk.span().toString();
  },
  "io.modelcontextprotocol/protocolVersion": (walk) => {
    if (walk.reader.peek() === quote) walk.draft.claimedRevision = walk.text("the protocol version") ?? null;
    else {
      walk.draft.claimedRevision = null; // which the server judges
      walk.reader.skip();
    }
  },
});

const inRef = members({
  type: (walk) => {
    walk.draft.refType = walk.text("ref.type");
  },
  name: (walk) => {
    walk.draft.refName = walk.text("ref.name");
  },
  uri: (walk) => {
    walk.draft.refUri = walk.text("ref.uri");
  },
});

const inNotifications = members({
  resourceSubscriptions: (walk) => {
    walk.draft.uris = walk.texts("resourceSubscriptions");
  },
});

const inParams = members({
  name: (walk) => {
    walk.draft.name = walk.text("name");
  },
  uri: (walk) => {
    walk.draft.uri = walk.text("uri");
  },
  taskId: (walk) => {
    walk.draft.taskId = walk.text("taskId");
  },
  ref: (walk) => void walk.object(inRef),
  notifications: (walk) => void walk.object(inNotifications),
  arguments: (walk) => {
    walk.draft.arguments = walk.span();
  },
  _meta: (walk) => void walk.object(inMeta),
});

const atTop = members({
  id: (walk) => {
    const first = walk.reader.peek();
    walk.draft.id = walk.span().toString();
    if (first !== quote && !isNumber(first) && !isNull(first)) {
      walk.note("id is neither string nor number");
      walk.draft.id = undefined;
    }
  },
  method: (walk) => {
    walk.draft.method = walk.text("method");
  },
  params: (walk) => {
    const isNone = isNull(walk.reader.peek()); // which some send for none
    if (!walk.object(inParams) && !isNone) walk.note("params is no object");
  },
  result: readAnswer,
  error: readAnswer,
});

function readAnswer({ draft, reader }: Walk): void {
  draft.isAnswer = true;
  reader.skip();
}

/** Walks through one value, which should be a message. Throws `JsonError`. */
export function draftMessage(reader: JsonReader, budget: Budget): MessageDraft {
  const walk = new Walk(reader, budget);
  if (!walk.object(atTop)) walk.note("it is no object");
  return walk.draft;
}
