import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { apiPage, renderApiPage } from "./api-page.ts";

test("the page of the kit's functions and types says what their comments say", () => {
  assert.equal(readFileSync(apiPage, "utf8"), renderApiPage(), "npm run docs:api");
});
