/*
 * Values as only an attacker, a broken program or a fuzzer sends them. The same seed gives the same values,
 * so that a failure can be repeated.
 */

export interface Generator {
  /** 0 to `below` - 1. */
  integer(below: number): number;
  pick<T>(list: readonly T[]): T;
  /** Text as a program would hold it: it may hold NUL and halves of surrogate pairs. */
  text(): string;
  /**
   * A value as it stands in a query, form or header: one character a byte, percent-encoding and UTF-8 good or
   * broken.
   */
  encoded(): string;
  /** JSON text of one value, as `JSON.stringify` would or would never write it. */
  json(): string;
}

const awkward = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "x\udc00",
  "\udc00\ud800",
  "\ufffe\uffff",
  "\u202e\u2066\u200b\ufeff",
  "\r\nX: y\r\n\r\n",
  "\u001b[31m\u0007",
  "\u2028\u2029",
  "👩‍💻🗝️",
  "Z̷̢͔̓ä́",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "' or 1=1 --",
  "{$ne:null}",
  "{{7*7}}<script>",
  "../../etc/passwd",
  "null",
  "undefined",
  "NaN",
  "Infinity",
  "-1",
  "9007199254740993",
  "1e400",
  "0x7f000001",
  "2147483648",
  "99999999999999999999",
  "https://",
  "https://a",
  "https://[::1",
  "https://[::ffff:127.0.0.1]:99999/",
  "https://u:p@h/",
  "https://xn--/",
  "https://a..b/%",
  "https://h/cb?a=%00#f",
  "http://127.1/cb",
  "http://localhost:0/",
  "javascript:alert(1)",
  "data:,x",
  "com.example:/",
  "//h/cb",
  "regexp:(a+)+$",
  "https://*.*/",
  "none",
  "authorization_code",
  "refresh_token",
  "private_key_jwt",
  "client_secret_post",
  "gatehouse_at_",
  `gatehouse_at_${"A".repeat(49)}`,
  "gatehouse_rt_",
  `gatehouse_rt_${"_".repeat(69)}8`,
  `gatehouse_rs_${"A".repeat(43)}`,
  `gatehouse_ac_${"A".repeat(43)}`,
  "eyJhbGciOiJub25lIn0.e30.",
  "e30.eyJzdWIiOltdfQ.x",
  "bnVsbA.bnVsbA.bnVsbA",
];

const lengths = [1, 42, 43, 44, 127, 128, 199, 200, 254, 255, 500, 512, 2047, 2048, 2049, 2704, 4096, 8192];
const fillings = ["x", "é", "👍", "é", "\u0000", "%", "a b ", "[", "../", "=&;"];
const brokenBytes = [
  "%",
  "%zz",
  "%u0041",
  "%2",
  "+%",
  "%00",
  "%0d%0aX:%20y",
  "%c0%af",
  "%c3%28",
  "%e0%a4",
  "%ed%a0%80",
  "%f4%90%80%80",
  "%f8%88%80%80%80",
  "%ef%bf%bd",
  "\xff\xfe",
  "\xc0\xaf",
  "\xed\xa0\x80",
  "\xe2\x80\xae",
  "\x80",
  "a&&=&;=",
  "a=b=c",
];
const numbers = [
  "0",
  "-0",
  "-1",
  "0.5",
  "1e400",
  "-1e400",
  "1e-400",
  "9007199254740993",
  "2147483648",
  "1e22",
];

export function createGenerator(seed: number): Generator {
  const next = mulberry32(seed);
  const integer = (below: number) => Math.floor(next() * below);
  const pick = <T>(list: readonly T[]): T => list[integer(list.length)] as T;

  /** Random letters do not compress, as repeated ones do, where a database has limits. */
  const random = (length: number) =>
    Array.from({ length }, () =>
      pick([..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"]),
    ).join("");

  function long(): string {
    const length = pick(lengths);
    const lead = pick([0, 0, 1, 2]);
    const filling = pick(fillings);
    if (integer(4) === 0) return random(length);
    return (
      "n".repeat(lead) + filling.repeat(Math.ceil(length / filling.length)).slice(0, length + integer(3))
    );
  }

  function text(): string {
    switch (integer(6)) {
      case 0:
        return long();
      case 1:
        return random(integer(60)) + pick(awkward);
      case 2:
        return String.fromCharCode(...Array.from({ length: integer(12) }, () => integer(0x10000)));
      default:
        return pick(awkward);
    }
  }

  function encoded(): string {
    switch (integer(4)) {
      case 0:
        return pick(brokenBytes);
      case 1:
        return Buffer.from(Array.from({ length: 1 + integer(30) }, () => pick([integer(256), 0x25, 0x41])))
          .toString("latin1")
          .replace(/[\r\n\s]/g, "~");
      default:
        return encodeURIComponent(text().toWellFormed());
    }
  }

  function json(depth = 0): string {
    switch (integer(depth > 3 ? 4 : 9)) {
      case 0:
        return pick(["null", "true", "false"]);
      case 1:
        return pick(numbers);
      case 2:
      case 3:
        return JSON.stringify(text());
      case 4: {
        const [open, close] = pick([
          ["[", "]"],
          ['{"a":', "}"],
          ['[{"keys":', "}]"],
        ]);
        const levels = pick([8, 33, 1000, 4000]);
        return open.repeat(levels) + json(9) + close.repeat(levels);
      }
      case 5:
        return `[${Array.from({ length: pick([0, 1, 2, 21, 60]) }, () => json(depth + 1)).join()}]`;
      case 6:
        return `{"__proto__":${json(depth + 1)},"constructor":${json(depth + 1)},"length":${json(depth + 1)}}`;
      case 7:
        return `{"a":${json(depth + 1)},"a":${json(depth + 1)}}`;
      default: {
        const members = Array.from(
          { length: integer(4) },
          () => `${JSON.stringify(text())}:${json(depth + 1)}`,
        );
        return `{${members.join()}}`;
      }
    }
  }

  return { integer, pick, text, encoded, json };
}

/** A small generator that is the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
