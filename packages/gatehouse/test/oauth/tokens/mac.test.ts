import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import { mac } from "../../../src/oauth/tokens/mac.ts";

const hmac = (key: Buffer, message: Buffer | string) => createHmac("sha256", key).update(message).digest();

test("a MAC is HMAC-SHA256 of any message under any key, whatever came before it", () => {
  const keys = [randomBytes(32), randomBytes(64), randomBytes(65), Buffer.alloc(0)];
  const lengths = [0, 1, 63, 64, 65, 500, 682, 683, 684, 2047, 2048, 2049, 5000];
  const messages = lengths.flatMap((length) => [
    randomBytes(length),
    "x".repeat(length),
    "€".repeat(length),
    "\u{1F511}".repeat(length),
  ]);
  // Long ones before short ones, so that what one leaves behind would show in the next.
  for (const message of [...messages.toReversed(), ...messages])
    for (const key of keys) assert.deepEqual(mac(key, message), hmac(key, message));
});

test("a MAC does not change with the next one", () => {
  const key = randomBytes(32);
  const first = mac(key, "one");
  mac(key, "another");
  assert.deepEqual(first, hmac(key, "one"));
});
