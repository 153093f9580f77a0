import { hash } from "node:crypto";

/*
 * HMAC-SHA256 (RFC 2104) by two one-shot hashes: for messages as short as ours faster by a third than the
 * object that takes them piece by piece, and the same value.
 */

const blockSize = 64;
const digestSize = 32;
/** Messages up to so many bytes are put behind the pad where it stands: a copy takes longer than the hash. */
const room = 2048;

/**
 * A key, xored with both of RFC 2104's pads: done once, not for each message. Behind each pad is room for
 * what is hashed with it; nothing there outlives a call.
 */
interface MacKey {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** Keys live as long as the process, and there are a handful. */
const prepared = new WeakMap<Buffer, MacKey>();

/** @param message what the MAC is over, text as UTF-8 */
export function mac(key: Buffer, message: Buffer | string): Buffer {
  const { inner, outer } = preparedKey(key);
  outer.write(hash("sha256", padded(inner, message), "latin1"), blockSize, "latin1");
  // By way of a string: a buffer that crypto makes has memory of its own, and takes longer than the hash.
  return Buffer.from(hash("sha256", outer, "latin1"), "latin1");
}

/** The inner pad with the message behind it. */
function padded(inner: Buffer, message: Buffer | string): Buffer {
  if (typeof message !== "string" && message.length <= room)
    return inner.subarray(0, blockSize + message.copy(inner, blockSize));
  // Of a character of JavaScript come three bytes at most.
  if (typeof message === "string" && 3 * message.length <= room)
    return inner.subarray(0, blockSize + inner.write(message, blockSize));
  const bytes = typeof message === "string" ? Buffer.from(message) : message;
  return Buffer.concat([inner.subarray(0, blockSize), bytes]);
}

function preparedKey(key: Buffer): MacKey {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const short = key.length > blockSize ? hash("sha256", key, "buffer") : key;
  const made = { inner: withPad(short, 0x36, room), outer: withPad(short, 0x5c, digestSize) };
  prepared.set(key, made);
  return made;
}

function withPad(key: Buffer, pad: number, room: number): Buffer {
  const block = Buffer.alloc(blockSize + room).fill(pad, 0, blockSize);
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad;
  return block;
}
