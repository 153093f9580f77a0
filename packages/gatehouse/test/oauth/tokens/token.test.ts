import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { Settings } from "../../../src/oauth/settings.ts";
import { isStoredTokenShaped, mintAccessToken } from "../../../src/oauth/tokens/access-token.ts";
import {
  isGenuine,
  mintGrantId,
  mintSalt,
  parseRefreshToken,
  refreshTokenOf,
} from "../../../src/oauth/tokens/refresh-token.ts";
import { mintSecret } from "../../../src/oauth/tokens/secret.ts";

const random = { bytes: (count: number) => randomBytes(count) };
const settingsWith = (
  secretKeys: [Buffer, ...Buffer[]],
  tokenPrefixes: [string, ...string[]] = ["test_at_"],
) => ({ secretKeys, tokenPrefixes }) as Pick<Settings, "secretKeys" | "tokenPrefixes"> as Settings;
const settings = settingsWith([randomBytes(32)]);
const aGrant = () => ({ id: mintGrantId(random), salt: mintSalt(random) });

test("T-n2 ten thousand secrets are all different and long enough to be unguessable", () => {
  const minted = Array.from({ length: 10_000 }, () => mintSecret(random));
  assert.equal(new Set(minted).size, minted.length);
  assert.ok(minted.every((secret) => /^[A-Za-z0-9_-]{43}$/.test(secret)));
  const firstCharacters = new Set(minted.map((secret) => secret.charAt(0)));
  assert.equal(firstCharacters.size, 64);
});

test("a grant's name begins with its order where that is wanted, and is 80 bits of chance besides", () => {
  const order = 1_800_000_000 * 2 ** 16 + 7;
  const names = Array.from({ length: 1000 }, () => Buffer.from(mintGrantId(random, order), "base64url"));
  assert.ok(names.every((name) => name.length === 16 && name.readUIntBE(0, 6) === order));
  assert.equal(new Set(names.map((name) => name.toString("hex", 6))).size, 1000);
  const byChance = Array.from({ length: 1000 }, () => Buffer.from(mintGrantId(random), "base64url"));
  assert.ok(new Set(byChance.map((name) => name.readUInt32BE(0))).size > 990);
});

test("an access token is told from garbage by its checksum, without a look-up", () => {
  const token = mintAccessToken(random, settings);
  assert.match(token, /^test_at_[A-Za-z0-9_-]{49}$/);
  assert.ok(isStoredTokenShaped(token, settings));
  const changed = token.slice(0, 20) + (token.charAt(20) === "a" ? "b" : "a") + token.slice(21);
  for (const garbage of [
    changed,
    `${token}\n`,
    token.toUpperCase(),
    "test_at_",
    `x${token}`,
    "a".repeat(600),
    "",
  ]) {
    assert.ok(!isStoredTokenShaped(garbage, settings), garbage);
  }
});

test("tokens of the service we replace, without checksum, and of an earlier prefix stay valid", () => {
  const both = settingsWith([randomBytes(32)], ["new_", "deploys-api."]);
  assert.ok(isStoredTokenShaped(`deploys-api.${randomBytes(32).toString("base64url")}`, both));
  assert.ok(
    isStoredTokenShaped(mintAccessToken(random, settingsWith([randomBytes(32)], ["deploys-api."])), both),
  );
});

test("a refresh token is the same each time it is made for one generation, and never for another", () => {
  const grant = aGrant();
  assert.equal(refreshTokenOf(grant, 2, settings), refreshTokenOf(grant, 2, settings));
  assert.notEqual(refreshTokenOf(grant, 2, settings), refreshTokenOf(grant, 3, settings));
  assert.notEqual(refreshTokenOf(grant, 2, settings), refreshTokenOf(aGrant(), 2, settings));
});

test("a refresh token is genuine under the newest key and the older ones, not under a stranger's", () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)];
  const grant = aGrant();
  const parsed = parseRefreshToken(refreshTokenOf(grant, 7, settingsWith([older])));
  assert.equal(parsed?.grantId, grant.id);
  assert.equal(parsed?.generation, 7);
  assert.ok(parsed && isGenuine(parsed, grant, settingsWith([newer, older])));
  assert.ok(!isGenuine(parsed, grant, settingsWith([newer])));
  assert.ok(!isGenuine(parsed, { ...grant, salt: mintSalt(random) }, settingsWith([older])));
});

test("every character of a refresh token counts", () => {
  const grant = aGrant();
  const token = refreshTokenOf(grant, 1, settings);
  for (let at = 0; at < token.length; at++) {
    const tampered = token.slice(0, at) + (token.charAt(at) === "A" ? "B" : "A") + token.slice(at + 1);
    const parsed = parseRefreshToken(tampered);
    assert.ok(
      parsed === undefined || parsed.grantId !== grant.id || !isGenuine(parsed, grant, settings),
      tampered,
    );
  }
});
