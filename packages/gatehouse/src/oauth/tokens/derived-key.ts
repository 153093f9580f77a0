import { hkdfSync } from "node:crypto";

/**
 * A key of its own for one purpose (RFC 5869), so that nothing made for another purpose is good for this one
 * (X09).
 * @param label names the purpose; another one is another key
 * @param length in bytes
 */
export function derivedKey(secretKey: Buffer, label: string, length = 32): Buffer {
  return Buffer.from(hkdfSync("sha256", secretKey, "", label, length));
}
