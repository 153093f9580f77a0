import { JsonReader } from "../messages/json-reader.ts";
import type { RulesKind } from "./rules.ts";

/** Which entries of lists stay. */
export type IsVisible = (kind: RulesKind, name: string) => boolean;

/** Whole answers are bounded in their bytes; this is for the stack. */
const limits = { maxDepth: 500, maxNumberLength: Number.POSITIVE_INFINITY };

/** What tells the entries of each list apart. */
const keys: Readonly<Record<RulesKind, "name" | "uri">> = {
  tools: "name",
  prompts: "name",
  resources: "uri",
};

/** A piece of the text that something else takes the place of. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: Buffer;
}

/**
 * Leaves out of one JSON-RPC message, or a batch of them, what of its lists is not to be seen (W52), and
 * never lets such a list be shared (W53). Everything else stays byte for byte as it was. Throws `JsonError`.
 * @param kinds of the lists that can differ from one person to another
 */
export function filterLists(text: Buffer, kinds: ReadonlySet<RulesKind>, isVisible: IsVisible): Buffer {
  const reader = new JsonReader(text, limits);
  const edits: Edit[] = [];
  const readMessage = () => {
    if (reader.peek() !== openBrace) return reader.skip();
    members(reader, (name) => {
      if (name === "result" && reader.peek() === openBrace)
        edits.push(...resultEdits(reader, kinds, isVisible));
      else reader.skip();
    });
  };
  if (reader.peek() === openBracket) reader.array(readMessage);
  else readMessage();
  reader.end();
  return edited(text, edits);
}

const quote = 0x22;
const openBracket = 0x5b;
const openBrace = 0x7b;

function resultEdits(reader: JsonReader, kinds: ReadonlySet<RulesKind>, isVisible: IsVisible): Edit[] {
  const lists: Edit[] = [];
  const scopes: Edit[] = [];
  let hasList = false;
  members(reader, (name) => {
    const start = reader.at;
    if (isKind(name) && kinds.has(name) && reader.peek() === openBracket) {
      hasList = true;
      const edit = listEdit(reader, name, isVisible);
      if (edit !== undefined) lists.push(edit);
    } else if (name === "cacheScope") {
      const value = reader.raw();
      if (value !== privateScope.toString()) {
        scopes.push({
          start: start + (reader.at - start - value.length),
          end: reader.at,
          text: privateScope,
        });
      }
    } else reader.skip();
  });
  return hasList ? [...lists, ...scopes].sort((one, other) => one.start - other.start) : [];
}

const privateScope = Buffer.from('"private"');

function isKind(name: string): name is RulesKind {
  return Object.hasOwn(keys, name);
}

/** The list without what is not to be seen; `undefined` where all is. */
function listEdit(reader: JsonReader, kind: RulesKind, isVisible: IsVisible): Edit | undefined {
  const start = reader.at;
  const entries: Buffer[] = [];
  let count = 0;
  reader.array(() => {
    count++;
    reader.peek();
    const from = reader.at;
    const names = namesOf(reader, keys[kind]);
    if (names.length > 0 && names.every((name) => name !== undefined && isVisible(kind, name))) {
      entries.push(reader.bytes.subarray(from, reader.at));
    }
  });
  if (entries.length === count) return undefined;
  const kept = entries.flatMap((entry, index) => (index === 0 ? [entry] : [comma, entry]));
  return { start, end: reader.at, text: Buffer.concat([open, ...kept, close]) };
}

const open = Buffer.from("[");
const comma = Buffer.from(",");
const close = Buffer.from("]");

/** What an entry is called: once, of a server in its senses. `undefined` for what is no text. */
function namesOf(reader: JsonReader, key: string): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  if (reader.peek() !== openBrace) {
    reader.skip();
    return found;
  }
  members(reader, (name) => {
    if (name !== key) return reader.skip();
    const isText = reader.peek() === quote;
    const start = reader.at + 1;
    reader.skip();
    found.push(isText ? reader.textOf(start, reader.at - 1) : undefined);
  });
  return found;
}

function members(reader: JsonReader, member: (name: string) => void): void {
  reader.object((_, start, end) => member(reader.textOf(start, end)));
}

function edited(text: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return text;
  const pieces: Buffer[] = [];
  let at = 0;
  for (const edit of edits) {
    pieces.push(text.subarray(at, edit.start), edit.text);
    at = edit.end;
  }
  return Buffer.concat([...pieces, text.subarray(at)]);
}
