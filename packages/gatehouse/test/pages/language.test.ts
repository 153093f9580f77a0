import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseLanguage } from "../../src/pages/language.ts";

test("a page is written in the language the browser likes best of those there are", () => {
  for (const [header, language] of [
    ["de", "de"],
    ["de-AT, en;q=0.8", "de"],
    ["DE-ch-1996", "de"],
    ["fr-FR, fr;q=0.9, de;q=0.5, en;q=0.4", "de"],
    ["en;q=0.4 , de;q=0.5", "de"],
    ["en-US,en;q=0.9,de;q=0.8", "en"],
    ["de;q=0.8, en-GB", "en"],
    ["de;q=0.2, de-AT;q=0.9, en;q=0.5", "de"],
    ["de, en", "de"],
    ["en, de", "en"],
  ] as const) {
    assert.equal(chooseLanguage(header), language, header);
  }
});

test("a wildcard stands for the languages that are not named, and none at q=0 is chosen", () => {
  for (const [header, language] of [
    ["*", "en"],
    ["de;q=0.1, *;q=0.5", "en"],
    ["*;q=0.1, de", "de"],
    ["en;q=0, *", "de"],
    ["de;q=0, en;q=0.1", "en"],
    ["de;q=0.000", "en"],
    ["de;q=0, *", "en"],
    ["de;q=0, en;q=0", "en"],
  ] as const) {
    assert.equal(chooseLanguage(header), language, header);
  }
});

test("who asks for none of the languages, or for nothing that can be understood, reads English", () => {
  for (const header of [
    undefined,
    "",
    ",,;",
    "fr, it;q=0.5",
    "den",
    "d",
    "de;q=2",
    "de;q=-1",
    "de;q=0.12345",
    "de;level=1",
    "de_DE",
    "de de",
    "ｄｅ",
    "__proto__, constructor, toString",
    `${"x".repeat(16_000)}, de`.slice(0, 16_000),
  ]) {
    assert.equal(chooseLanguage(header), "en", String(header).slice(0, 40));
  }
  assert.equal(chooseLanguage("de;q=2, garbage;;, de;q=0.1"), "de", "what is malformed says nothing");
  assert.equal(chooseLanguage(`${"fr,".repeat(49)}de`), "de");
  assert.equal(chooseLanguage(`${"fr,".repeat(50)}de`), "en", "nobody speaks that many");
});
