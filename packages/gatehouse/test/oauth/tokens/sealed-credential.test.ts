import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { openCredential, sealCredential } from "../../../src/oauth/tokens/sealed-credential.ts";
import type { Subject } from "../../../src/oauth/values.ts";

const random = { bytes: randomBytes };
const [ada, bob] = ["user_ada" as Subject, "user_bob" as Subject];
const keys = (...names: string[]) => {
  const [first = Buffer.alloc(32), ...rest] = names.map((name) => Buffer.from(name.repeat(32)));
  return { secretKeys: [first, ...rest] as const };
};

test("a provider's credential is read again by the key it was sealed with, newest or not, for its own person alone", () => {
  const credential = "1//refresh-token ünï";
  const sealed = sealCredential(credential, ada, random, keys("a"));
  assert.doesNotMatch(sealed, /refresh/);
  assert.notEqual(sealed, sealCredential(credential, ada, random, keys("a")));
  assert.equal(openCredential(sealed, ada, keys("a")), credential);
  assert.equal(openCredential(sealed, ada, keys("b", "a")), credential);
  assert.equal(openCredential(sealed, ada, keys("b")), undefined);
  assert.equal(openCredential(sealed, bob, keys("a")), undefined);
});

test("one that was changed, cut or made up opens nothing", () => {
  const sealed = sealCredential("secret", ada, random, keys("a"));
  const bytes = Buffer.from(sealed.slice(3), "base64url");
  for (let at = 0; at < bytes.length; at++) {
    const bent = Buffer.from(bytes);
    bent[at] = (bent[at] ?? 0) ^ 1;
    assert.equal(openCredential(`v1.${bent.toString("base64url")}`, ada, keys("a")), undefined);
    const cut = bytes.subarray(0, at).toString("base64url");
    assert.equal(openCredential(`v1.${cut}`, ada, keys("a")), undefined);
  }
  for (const made of ["", "v1.", `v2${sealed.slice(2)}`, "secret"]) {
    assert.equal(openCredential(made, ada, keys("a")), undefined);
  }
});
