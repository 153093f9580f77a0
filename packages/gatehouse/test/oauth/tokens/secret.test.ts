import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { clientSecretPrefix } from "../../../src/oauth/tokens/prefixes.ts";
import { isUnguessable, mintSecret } from "../../../src/oauth/tokens/secret.ts";

test("what we or openssl make is beyond guessing, what somebody thought up is not", () => {
  const bytes = Buffer.from("f3Qx9kZr0aWmT7uLcYp2SbNd5GhJ8vEi1oXqRtAeUwM", "base64url");
  const random = { bytes: (count: number) => (count === 32 ? bytes : randomBytes(count)) };
  for (const secret of [
    mintSecret(random),
    mintSecret(random, clientSecretPrefix),
    bytes.toString("base64"),
    bytes.toString("hex"),
    bytes.subarray(0, 16).toString("hex"),
    bytes.subarray(0, 16).toString("base64"),
  ]) {
    assert.ok(isUnguessable(secret), secret);
  }
  for (const secret of [
    "",
    "web-secret",
    "the-operators-introspection-token",
    "gatehouse_cs_short",
    "correct-horse-battery-staple-and-some-more1",
    "a".repeat(64),
    "0".repeat(32),
    "aAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAaAa",
    bytes.toString("hex").slice(0, 30),
  ]) {
    assert.ok(!isUnguessable(secret), secret);
  }
});
