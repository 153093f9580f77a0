import { Composer, type CST, type Document, Lexer, type LineCounter, Parser, YAMLParseError } from "yaml";

/** Names, values, marks and line ends: reading takes some microseconds for each of them. */
const maxPieces = 200_000;
/** Brackets one within the other. */
const maxOpen = 64;
/** As many errors as somebody reads at once. */
export const maxToldErrors = 100;

/** Why a text was not read to its end. */
export interface PassedBound {
  readonly offset: number;
  readonly found: string;
  readonly expected: string;
}

/**
 * Reads YAML in a bounded time, whatever stands there. Keys that stand twice are left to the reader: looking
 * for them, the parser would compare each with each.
 */
export function readYaml(text: string, lineCounter: LineCounter): Document.Parsed | PassedBound {
  const options = {
    version: "1.2",
    schema: "core",
    lineCounter,
    prettyErrors: false,
    logLevel: "error",
    uniqueKeys: false,
  } as const;
  const composer = new Composer(options);
  let passed: PassedBound | undefined;
  const documents = composer.compose(
    boundedTokens(text, lineCounter, (bound) => {
      passed = bound;
    }),
    true,
    text.length,
  );
  const { value: document } = documents.next();
  const second = passed === undefined && document ? documents.next().value : undefined;
  if (passed !== undefined || !document) return passed ?? { offset: 0, found: "nothing", expected: "YAML" };
  if (second) {
    const at: [number, number] = [second.range[0], second.range[1]];
    document.errors.push(new YAMLParseError(at, "MULTIPLE_DOCS", ""));
  }
  return document as Document.Parsed;
}

/** What the parser makes of the text, until a bound is passed, or so much is wrong that nobody reads on. */
function* boundedTokens(
  text: string,
  lineCounter: LineCounter,
  onBound: (passed: PassedBound) => void,
): Generator<CST.Token, void> {
  const parser = new Parser(lineCounter.addNewLine);
  lineCounter.addNewLine(0);
  let [pieces, open, wrong, offset] = [0, 0, 0, 0];
  let isScalar = false;
  for (const piece of new Lexer().lex(text)) {
    pieces += 1;
    if (!isScalar && (piece === "[" || piece === "{")) open += 1;
    if (!isScalar && (piece === "]" || piece === "}")) open -= 1;
    isScalar = piece === scalarMark;
    if (pieces > maxPieces || open > maxOpen) {
      onBound(pieces > maxPieces ? { offset, ...tooMany } : { offset, ...tooDeep });
      return;
    }
    for (const token of parser.next(piece)) {
      if (token.type === "error") wrong += 1;
      yield token;
      if (wrong > maxToldErrors) return;
    }
    if (!controlMarks.has(piece)) offset += piece.length;
  }
  yield* parser.end();
}

/** What the lexer puts before a scalar, at the begin of a document, and where a flow ends of itself. */
const scalarMark = "\x1f";
const controlMarks = new Set(["\x02", "\x18", scalarMark]);

const tooMany = {
  found: "more than can be read in a second",
  expected: `at most ${maxPieces} names, values, marks and line ends`,
};
const tooDeep = {
  found: "very many brackets one within the other",
  expected: `at most ${maxOpen} of them`,
};
