import { hash } from "node:crypto";

/*
 * HMAC-SHA256 (RFC 2104) by two one-shot hashes: for messages as short as ours faster by a third than the
 * object that takes them piece by piece, and the same value.
 */

const blockSize = 64;

/** A key, xored with both of RFC 2104's pads: done once, not for each message. */
interface MacKey {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** Keys live as long as the process, and there are a handful. */
const prepared = new WeakMap<Buffer, MacKey>();

/** @param message what the MAC is over, as one buffer */
export function mac(key: Buffer, message: Buffer): Buffer {
  const { inner, outer } = preparedKey(key);
  return digest(outer, digest(inner, message));
}

/** By way of a string: a buffer that crypto makes has memory of its own, and takes longer than the hash. */
function digest(pad: Buffer, message: Buffer): Buffer {
  return Buffer.from(hash("sha256", Buffer.concat([pad, message]), "latin1"), "latin1");
}

function preparedKey(key: Buffer): MacKey {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const short = key.length > blockSize ? hash("sha256", key, "buffer") : key;
  const made = { inner: padded(short, 0x36), outer: padded(short, 0x5c) };
  prepared.set(key, made);
  return made;
}

function padded(key: Buffer, pad: number): Buffer {
  const block = Buffer.alloc(blockSize, pad);
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad;
  return block;
}
