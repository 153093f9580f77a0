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
 * @param coding the value of `Content-Encoding`; `undefined`: none
 */
export function decoded(body: Readable, coding: string | undefined): Readable | undefined {
  const name = (coding ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return body;
  const decoder = Object.hasOwn(decoders, name) ? decoders[name]?.() : undefined;
  // What breaks either breaks the other; whoever reads is told.
  if (decoder !== undefined) pipeline(body, decoder, () => {});
  return decoder;
}
