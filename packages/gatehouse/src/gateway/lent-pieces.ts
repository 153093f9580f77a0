import type { ServerResponse } from "node:http";

/*
 * What answers are read into. Node would make 64 kB anew for each read; of long answers that is so much
 * that V8 marks its whole heap each 30 MB or so. Here all connections read into one buffer, out of which each
 * piece is copied before anybody reads on, long ones into buffers that come back once they are with the
 * system.
 */

const bufferBytes = 64 * 1024;
/** Shorter ones get a buffer of just their length: who keeps a piece is not to keep twice as much. */
const minLentBytes = bufferBytes / 2;
const maxUnused = 64;

/** Where connections read into. */
export const readBuffer = Buffer.allocUnsafeSlow(bufferBytes);
const unused: Buffer[] = [];
/** Under way: by what they are made of, since a piece may be part of one. */
const lent = new WeakMap<ArrayBufferLike, Buffer>();

/** The first bytes of the read buffer, which nobody else changes until they are given back. */
export function takePiece(length: number): Buffer {
  if (length < minLentBytes) return Buffer.from(readBuffer.subarray(0, length));
  const buffer = unused.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
  lent.set(buffer.buffer, buffer);
  readBuffer.copy(buffer, 0, 0, length);
  return buffer.subarray(0, length);
}

/** Writes a piece of which nobody else needs anything any more. @returns as `response.write` does */
export function writeLast(response: ServerResponse, piece: Buffer): boolean {
  const buffer = lent.get(piece.buffer);
  if (buffer === undefined) return response.write(piece);
  return response.write(piece, () => {
    if (lent.delete(piece.buffer) && unused.length < maxUnused) unused.push(buffer);
  });
}

/** What may be kept of a piece whose writer is going to write it last: a copy, where it is lent. */
export function keptPiece(piece: Buffer): Buffer {
  return lent.has(piece.buffer) ? Buffer.from(piece) : piece;
}
