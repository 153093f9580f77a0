/*
 * The reference of a request, and of all requests of one attempt to authorize: what a person reads on an
 * error page, a client's developer in `error_description`, and an operator in the log. Knowing one gives
 * access to nothing.
 */

/** Crockford's: no I, L, O, U, which are misread. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Random bytes for one. */
const byteCount = 8;

/**
 * Makes references such as `K7QM-2XDA-94TB`, of 60 random bits.
 * @param bytes gives so many random bytes; asked for many at once
 */
export function createReferences(bytes: (count: number) => Buffer): () => string {
  const pooled = 128;
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  return () => {
    if (used === pool.length) {
      pool = bytes(byteCount * pooled);
      used = 0;
    }
    const first = pool.readUInt32LE(used);
    const second = pool.readUInt32LE(used + 4);
    used += byteCount;
    const middle = twoDigits(first >>> 20) + twoDigits(second >>> 20);
    return `${twoDigits(first >>> 10)}${twoDigits(first)}-${middle}-${twoDigits(second >>> 10)}${twoDigits(second)}`;
  };
}

/** By their ten bits: digit by digit takes three times as long, at each request. */
const pairs = Array.from(alphabet, (high) => Array.from(alphabet, (low) => high + low)).flat();

/** @param bits the lowest ten count */
const twoDigits = (bits: number): string => pairs[bits & 1023] as string;

/**
 * What somebody typed, as it was given out: without regard to case and hyphens, with O read as 0 and I and L
 * as 1. `undefined` for what is none.
 */
export function parseReference(typed: string): string | undefined {
  const digits = typed.replace(/[\s-]/g, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  if (!/^[0-9A-HJKMNP-TV-Z]{12}$/.test(digits)) return undefined;
  return `${digits.slice(0, 4)}-${digits.slice(4, 8)}-${digits.slice(8)}`;
}
