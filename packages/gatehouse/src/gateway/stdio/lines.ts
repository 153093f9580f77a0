/*
 * How messages stand on a child's pipes: one line each, in UTF-8 (MCP stdio transport).
 */

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

/**
 * JSON text as one line: line breaks, which in JSON stand only between tokens, become spaces; nothing else
 * changes (W63). The same buffer where there is none.
 */
export function asOneLine(json: Buffer): Buffer {
  if (!json.includes(newline) && !json.includes(carriageReturn)) return json;
  const line = Buffer.from(json);
  for (let at = 0; at < line.length; at++) {
    if (line[at] === newline || line[at] === carriageReturn) line[at] = space;
  }
  return line;
}

export interface LineLimits {
  /** A line of more bytes is handed on cut to so many, or ends the reading. */
  readonly maxBytes: number;
  /** Called once, in the place of a line that is too long; nothing is read any more. */
  readonly onTooLong?: () => void;
}

/** Takes a stream's chunks and hands on its lines, without what ends them. Empty lines are left out. */
export function createLineReader(
  { maxBytes, onTooLong }: LineLimits,
  onLine: (line: Buffer) => void,
): (chunk: Buffer) => void {
  let begun: Buffer[] = [];
  let length = 0;
  let isOver = false;

  function add(piece: Buffer): void {
    const room = maxBytes - length;
    length += piece.length;
    if (room > 0) begun.push(piece.length > room ? piece.subarray(0, room) : piece);
  }

  function end(): void {
    const line = begun.length === 1 ? (begun[0] as Buffer) : Buffer.concat(begun);
    begun = [];
    length = 0;
    const whole = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
    if (whole.length > 0) onLine(whole);
  }

  return (chunk) => {
    let from = 0;
    while (!isOver) {
      const at = chunk.indexOf(newline, from);
      add(chunk.subarray(from, at === -1 ? undefined : at));
      if (length > maxBytes && onTooLong !== undefined) {
        isOver = true;
        begun = [];
        return onTooLong();
      }
      if (at === -1) return;
      end();
      from = at + 1;
    }
  };
}
