import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createReferences, parseReference } from "../../src/oauth/reference.ts";

test("references are three groups of Crockford's digits, and no two of ten thousand are the same", () => {
  const next = createReferences(randomBytes);
  const many = Array.from({ length: 10_000 }, next);
  for (const reference of many)
    assert.match(reference, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
  assert.equal(new Set(many).size, many.length);
});

test("every one of the 60 bits counts, and no other", () => {
  const ofBytes = (...bytes: number[]) =>
    createReferences((count) => Buffer.alloc(count, Buffer.from(bytes)))();
  assert.equal(ofBytes(0, 0, 0, 0, 0, 0, 0, 0), "0000-0000-0000");
  assert.equal(ofBytes(255, 255, 255, 255, 255, 255, 255, 255), "ZZZZ-ZZZZ-ZZZZ");
  const seen = new Set<string>();
  for (let bit = 0; bit < 64; bit++) {
    const bytes = Array.from({ length: 8 }, (_, at) => (at === bit >> 3 ? 1 << (bit & 7) : 0));
    seen.add(ofBytes(...bytes));
  }
  assert.equal(seen.size, 61, "60 bits, and four that are left over");
});

test("a reference is read as people write it down", () => {
  for (const typed of ["K7QM-2XDA-94TB", "k7qm2xda94tb", " k7qm 2xda-94tb\n", "K7-QM2XDA94TB"]) {
    assert.equal(parseReference(typed), "K7QM-2XDA-94TB", typed);
  }
  assert.equal(parseReference("OoIi-Ll10-0000"), "0011-1110-0000");
  for (const none of [
    "",
    "K7QM-2XDA-94T",
    "K7QM-2XDA-94TBB",
    "K7QM-2XDA-94TU",
    "K7QM_2XDA_94TB",
    "é7QM2XDA94TB",
  ]) {
    assert.equal(parseReference(none), undefined, none);
  }
});
