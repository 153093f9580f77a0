import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { mintGrantId, mintSalt } from "../../../src/oauth/tokens/refresh-token.ts";
import { isSealedBy, parseSealedToken, sealAccessToken } from "../../../src/oauth/tokens/sealed-token.ts";
import { seconds } from "../../../src/oauth/values.ts";

const random = { bytes: (count: number) => randomBytes(count) };
const settingsWith = (...secretKeys: [Buffer, ...Buffer[]]) => ({
  secretKeys,
  tokenPrefixes: ["test_at_", "old_"] as const,
});
const settings = settingsWith(randomBytes(32));
const aStatement = () => ({
  grantId: mintGrantId(random),
  generation: 3,
  issuedAt: seconds(1_800_000_000),
  expiresAt: seconds(1_800_003_600),
});

test("X01 a sealed token is prefix, statement and checksum, short and of unreserved characters, and says what was sealed", () => {
  const [statement, salt] = [aStatement(), mintSalt(random)];
  const token = sealAccessToken(statement, salt, settings);
  assert.match(token, /^test_at_[A-Za-z0-9_-]{65}$/);
  assert.ok(token.length <= 120);
  const parsed = parseSealedToken(token, settings);
  assert.ok(parsed);
  const { bytes, ...stated } = parsed;
  assert.deepEqual(stated, statement);
  assert.equal((bytes.length - 28) * 8, 128);
  assert.ok(isSealedBy(parsed, { salt }, settings));
  const renamed = { ...settings, tokenPrefixes: ["new_", "test_at_"] as const };
  assert.ok(parseSealedToken(token, renamed), "a prefix that was ours before");
});

test("X04 neither the salt in the database nor the server's secret alone makes a token", () => {
  const [statement, salt] = [aStatement(), mintSalt(random)];
  const isGood = (token: string) => {
    const parsed = parseSealedToken(token, settings);
    return parsed !== undefined && isSealedBy(parsed, { salt }, settings);
  };
  assert.ok(isGood(sealAccessToken(statement, salt, settings)));
  assert.ok(!isGood(sealAccessToken(statement, salt, settingsWith(randomBytes(32)))), "the database alone");
  assert.ok(!isGood(sealAccessToken(statement, mintSalt(random), settings)), "the secret alone");
  const [older, newer] = [randomBytes(32), randomBytes(32)];
  const parsed = parseSealedToken(sealAccessToken(statement, salt, settingsWith(older)), settings);
  assert.ok(parsed && isSealedBy(parsed, { salt }, settingsWith(newer, older)), "an older key verifies");
});

test("a token in another spelling of the same bytes is none", () => {
  const token = sealAccessToken(aStatement(), mintSalt(random), settings);
  for (const other of [`${token}=`, token.replace(/_/g, "/"), `${token.slice(0, -1)}`, `old_${token}`]) {
    if (other !== token) assert.equal(parseSealedToken(other, settings), undefined, other);
  }
});
