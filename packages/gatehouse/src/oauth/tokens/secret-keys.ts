import { randomBytes, scrypt } from "node:crypto";

/*
 * What the text of a key means. One rule, wherever the text stands (X13): a key is its characters, as UTF-8.
 * Key files were once read as base64url, so that reading of a text goes on verifying.
 */

/** A key in one reading of its text. */
export interface SecretKey {
  readonly bytes: Buffer;
  /** Tells the key from others and gives nothing of it away; hexadecimal. */
  readonly fingerprint: string;
}

/** A configured key: the reading by the rule first, then the older one, if the text has one. */
export interface ConfiguredKey {
  readonly text: string;
  readonly readings: readonly [SecretKey, ...SecretKey[]];
}

/** Characters a key has at least. */
const minKeyLength = 32;
/** What {@link newKeyText} makes. */
const ownShape = /^[A-Za-z0-9_-]{43}$/;

/** A fresh key of 256 bits, as text. */
export function newKeyText(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * The keys of a file: one a line, or separated by commas. `undefined` when there is none, or one is too
 * short.
 */
export function parseKeyFile(text: string): readonly [string, ...string[]] | undefined {
  return checked(text.split(/\r?\n/).flatMap((line) => (line.trim() === "" ? [] : separated(line))));
}

/**
 * The keys of `SECRET_KEY`, separated by commas. A line break was part of a key here once, so it separates
 * only what Gatehouse made, as in `"$NEW,$(cat gatehouse.db.key)"`. `undefined` when there is none, or one is
 * too short.
 */
export function parseKeyList(text: string): readonly [string, ...string[]] | undefined {
  return checked(
    separated(text).flatMap((key) => {
      const lines = key.split(/\r?\n/);
      return lines.every((line) => ownShape.test(line)) ? lines : [key];
    }),
  );
}

const separated = (text: string) => text.split(",").map((key) => key.trim());

function checked([first, ...rest]: readonly string[]): readonly [string, ...string[]] | undefined {
  const keys = first === undefined ? undefined : ([first, ...rest] as const);
  return keys?.every((key) => key.length >= minKeyLength) ? keys : undefined;
}

/** The readings of a text, with their fingerprints. */
export async function configuredKey(text: string): Promise<ConfiguredKey> {
  const [byRule, older] = await Promise.all([secretKey(Buffer.from(text)), olderReading(text)]);
  return { text, readings: older === undefined ? [byRule] : [byRule, older] };
}

/** As a key file was read once. */
async function olderReading(text: string): Promise<SecretKey | undefined> {
  if (!/^[A-Za-z0-9_+/-]+=*$/.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.length >= 32 ? secretKey(bytes) : undefined;
}

/**
 * Slow on purpose: who has the database may try keys on a fingerprint, and a key that somebody thought up has
 * less than 256 bits. Once a start it costs some 30 ms, in another thread.
 */
async function secretKey(bytes: Buffer): Promise<SecretKey> {
  const fingerprint = await new Promise<Buffer>((resolve, reject) => {
    const done = (error: Error | null, derived: Buffer) =>
      error === null ? resolve(derived) : reject(error);
    scrypt(bytes, "gatehouse key fingerprint", 16, { N: 2 ** 14, r: 8, p: 1 }, done);
  });
  return { bytes, fingerprint: fingerprint.toString("hex") };
}

/**
 * The number by which a grant's row names the key of its refresh token: 32 bits of the fingerprint, signed.
 */
export function keyIdOf({ fingerprint }: Pick<SecretKey, "fingerprint">): number {
  return Number.parseInt(fingerprint.slice(0, 8), 16) | 0;
}

/** A key as people call it: the digits of its number, which are also the first of its fingerprint. */
export function keyName(id: number): string {
  return (id >>> 0).toString(16).padStart(8, "0");
}
