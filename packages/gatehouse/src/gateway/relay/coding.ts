import type { Readable } from "node:stream";
import { pipeline } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";

const decoders: Readonly<Record<string, () => NodeJS.ReadWriteStream & Readable>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * A body without its content coding, piece by piece as it comes; `undefined` for a coding nobody here knows.
 * @param coding its name in lower case; `undefined`: none
 */
export function decoded(body: Readable, coding: string | undefined): Readable | undefined {
  if (coding === undefined) return body;
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding]?.() : undefined;
  // What breaks either breaks the other; whoever reads is told.
  if (decoder !== undefined) pipeline(body, decoder, () => {});
  return decoder;
}
