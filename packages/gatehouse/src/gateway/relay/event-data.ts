const colon = 0x3a;
const space = 0x20;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** What a reader of event streams takes one event for (WHATWG HTML §9.2.6). */
export interface EventContent {
  /** `message` where it names none. */
  readonly type: string;
  /** `undefined`: it has none, and counts as no event. */
  readonly data: Buffer | undefined;
}

/** @param event with its lines and the empty line that ends it */
export function readEvent(event: Buffer): EventContent {
  return contentOf(linesOf(event));
}

/**
 * Changes the data of one event, which may stand in several lines (WHATWG HTML §9.2.6). Data that stay as
 * they were leave all bytes as they were, and so do those of an event of another type than `message`.
 */
export function rewriteData(event: Buffer, rewrite: (data: Buffer) => Buffer): Buffer {
  const lines = linesOf(event);
  const { type, data } = contentOf(lines);
  if (data === undefined || type !== "message") return event;
  const rewritten = rewrite(data);
  if (rewritten.equals(data)) return event;
  const first = lines.find(isData);
  return Buffer.concat(
    lines.flatMap((line) => {
      if (!isData(line)) return [line.bytes];
      return line === first ? dataLines(rewritten) : [];
    }),
  );
}

interface Line {
  /** With its end. */
  readonly bytes: Buffer;
  /** Empty of a comment and of the line that ends the event. */
  readonly field: string;
  readonly value: Buffer;
}

const isData = ({ field }: Line) => field === "data";

function contentOf(lines: readonly Line[]): EventContent {
  const values = lines.filter(isData).map(({ value }) => value);
  const type = lines.findLast(({ field }) => field === "event")?.value.toString() || "message";
  return { type, data: values.length === 0 ? undefined : joined(values) };
}

function linesOf(event: Buffer): Line[] {
  const lines: Line[] = [];
  let turn = event.indexOf(carriageReturn);
  for (let start = 0; start < event.length; ) {
    if (turn !== -1 && turn < start) turn = event.indexOf(carriageReturn, start);
    const feed = event.indexOf(lineFeed, start);
    const at = turn === -1 || (feed !== -1 && feed < turn) ? feed : turn;
    if (at === -1) {
      lines.push(lineOf(event.subarray(start), event.length - start));
      break;
    }
    const end = at === turn && event[at + 1] === lineFeed ? at + 2 : at + 1;
    lines.push(lineOf(event.subarray(start, end), at - start));
    start = end;
  }
  return lines;
}

/** @param length without the line's end */
function lineOf(bytes: Buffer, length: number): Line {
  // A stream may begin with a byte order mark, which its reader takes off.
  const text = bytes.subarray(bytes.indexOf(byteOrderMark) === 0 ? byteOrderMark.length : 0, length);
  const mark = text.indexOf(colon);
  if (mark === -1) return { bytes, field: text.toString("latin1"), value: Buffer.alloc(0) };
  const from = text[mark + 1] === space ? mark + 2 : mark + 1;
  return { bytes, field: text.toString("latin1", 0, mark), value: text.subarray(from) };
}

function joined(values: readonly Buffer[]): Buffer {
  if (values.length === 1 && values[0] !== undefined) return values[0];
  return Buffer.concat(values.flatMap((value, index) => (index === 0 ? [value] : [newLine, value])));
}

const newLine = Buffer.from("\n");
const byteOrderMark = Buffer.from("\ufeff");

function dataLines(data: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = data.indexOf(lineFeed); end !== -1; end = data.indexOf(lineFeed, start)) {
    lines.push(dataField, data.subarray(start, end), newLine);
    start = end + 1;
  }
  return [...lines, dataField, data.subarray(start), newLine];
}

const dataField = Buffer.from("data: ");
