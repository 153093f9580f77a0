import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { OnNotice } from "../notice.ts";

const headerBytes = 32;
const frameHeaderBytes = 24;
/** A log beyond this is not looked through: the start would take too long. */
const maxBytes = 256 * 1024 * 1024;

/** What SQLite leaves out when it recovers a write-ahead log. */
interface CutLog {
  /** Pages of committed transactions, which count. */
  readonly committedFrames: number;
  /** Bytes after them that belong to the same run of the log, and do not count. */
  readonly bytesCut: number;
}

/**
 * Mentions what SQLite left out of the write-ahead log of this database. To be called after it was opened,
 * and while nobody writes.
 */
export function noticeCut(databasePath: string, onNotice: OnNotice): void {
  const cut = findCut(`${databasePath}-wal`);
  if (cut === undefined) return;
  onNotice(
    "warn",
    `the write-ahead log of ${databasePath} was cut: its last ${cut.bytesCut} bytes belong to no complete transaction and were left out, ` +
      `${cut.committedFrames} pages before them count. After a crash that is as it should be, and nothing that was acknowledged is missing; ` +
      "after a fault of the disk, or in a copy made while a server wrote, newer data may be",
  );
}

/**
 * Reads a write-ahead log as SQLite does when it recovers one (SQLite's "Database File Format", §4), and
 * tells what it left out: a transaction that a crash or a full disk cut off, or pages the disk lost.
 * `undefined` when it left out nothing. Frames of an earlier run of the log, which carry other salts, are no
 * loss.
 */
function findCut(path: string): CutLog | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 || size > maxBytes) return undefined;
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(size);
    return readLog(bytes.subarray(0, readSync(file, bytes, 0, size, 0)));
  } finally {
    closeSync(file);
  }
}

function readLog(log: Buffer): CutLog | undefined {
  const wholeIsLost = { committedFrames: 0, bytesCut: log.length };
  if (log.length < headerBytes) return wholeIsLost;
  const magic = log.readUInt32BE(0);
  if (magic !== 0x377f0682 && magic !== 0x377f0683) return wholeIsLost;
  const sum = new Checksum(magic === 0x377f0683);
  sum.add(log.subarray(0, 24));
  if (!sum.equals(log.subarray(24, 32))) return wholeIsLost;
  const salts = log.subarray(16, 24);
  const pageBytes = log.readUInt32BE(8);
  const frameBytes = frameHeaderBytes + pageBytes;

  let isWhole = true;
  let frames = 0;
  let committedFrames = 0;
  let end = headerBytes;
  // As far as the salts are those of this run, whole or not.
  for (let at = headerBytes; at + 16 <= log.length; at += frameBytes) {
    const frame = log.subarray(at, at + frameBytes);
    if (!frame.subarray(8, 16).equals(salts)) break;
    end = Math.min(at + frameBytes, log.length);
    isWhole &&= frame.length === frameBytes;
    if (!isWhole) continue;
    sum.add(frame.subarray(0, 8));
    sum.add(frame.subarray(frameHeaderBytes));
    isWhole = sum.equals(frame.subarray(16, 24));
    if (!isWhole) continue;
    frames++;
    if (frame.readUInt32BE(4) !== 0) committedFrames = frames;
  }
  const bytesCut = end - headerBytes - committedFrames * frameBytes;
  return bytesCut === 0 ? undefined : { committedFrames, bytesCut };
}

/**
 * The running checksum of a log: over words in the byte order its head names, itself always kept big-endian.
 */
class Checksum {
  readonly #bigEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(bigEndian: boolean) {
    this.#bigEndian = bigEndian;
  }

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 8) {
      const [one, two] = this.#bigEndian
        ? [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
        : [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      this.#first = (this.#first + one + this.#second) >>> 0;
      this.#second = (this.#second + two + this.#first) >>> 0;
    }
  }

  equals(stored: Buffer): boolean {
    return stored.readUInt32BE(0) === this.#first && stored.readUInt32BE(4) === this.#second;
  }
}
