import assert from "node:assert/strict";
import { test } from "node:test";
import { Parameters } from "../../../src/oauth/messages/parameters.ts";

test("a form is decoded once, an empty value counts as absent, and repetition is remembered", () => {
  const form = Parameters.parse("a=1+2&b=%C3%A9&empty=&c&a=3&__proto__=x&constructor=y");
  assert.equal(form.get("a"), "1 2");
  assert.equal(form.get("b"), "é");
  assert.equal(form.get("empty"), undefined);
  assert.equal(form.get("c"), undefined);
  assert.equal(form.get("__proto__"), "x");
  assert.equal(form.get("toString"), undefined);
  assert.deepEqual(form.repeated(), ["a"]);
  assert.throws(() => form.refuseRepeated(), { code: "invalid_request" });
});

test("resource alone may stand several times", () => {
  const form = Parameters.parse(
    "resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example&resource=",
  );
  form.refuseRepeated();
  assert.deepEqual(form.all("resource"), ["https://a.example", "https://b.example"]);
});

test("malformed percent-encoding is refused", () => {
  for (const encoded of ["a=%", "a=%zz", "a=%E0%A4%A", "%ff=1"]) {
    assert.throws(() => Parameters.parse(encoded), { code: "invalid_request" }, encoded);
  }
});
