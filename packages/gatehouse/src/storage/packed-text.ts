import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/*
 * Long text as it is stored: Zstandard (RFC 8878) in base64, a quarter of what it was. Fewer pages to write,
 * to flush and to keep in memory are worth more than what packing costs.
 */

/** Shorter texts stay as they are: little is saved, and anybody with SQL can read them. */
const minPackedLength = 4096;
/** The quickest level; better ones save little more of text that is half random. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 };
/** What somebody put into the database is not to fill the memory. */
const maxUnpackedBytes = 64 * 1024 * 1024;

/** @param text an array in JSON: no base64 begins with its bracket */
export function packedText(text: string): string {
  return text.length < minPackedLength ? text : zstdCompressSync(text, { params }).toString("base64");
}

/** @throws Error where it is neither packed nor what could have stayed as it was */
export function unpackedText(stored: string): string {
  if (stored.startsWith("[")) return stored;
  const packed = Buffer.from(stored, "base64");
  return zstdDecompressSync(packed, { maxOutputLength: maxUnpackedBytes }).toString();
}
