import assert from "node:assert/strict";
import { test } from "node:test";
import { readableName } from "../../src/pages/untrusted.ts";

test("an honest name is left as it is, in any script", () => {
  for (const name of [
    "Claude Code (notes)",
    "MCP CLI Proxy",
    "draw.io",
    "Bücherwurm & Söhne",
    "O'Neill's Notes",
    "Тетрадь",
    "ノート Notes",
    "노트",
    "笔记本",
    "सूचना पुस्तिका",
    "דפדפן",
    "بطاقات",
    "สมุดบันทึก",
    "Sổ tay",
    "v2_beta-1",
  ]) {
    assert.equal(readableName(name), name.normalize("NFKC"));
  }
});

test("a name is cut at thirty characters as a person counts them", () => {
  assert.equal(readableName("A".repeat(30)), "A".repeat(30));
  assert.equal(readableName("A".repeat(31)), `${"A".repeat(30)}…`);
  const two = "q\u0323\u0307"; // one letter to a reader, three code points
  assert.equal(readableName(two.repeat(30)), two.repeat(30));
  assert.equal(readableName(two.repeat(31)), `${two.repeat(30)}…`);
});

test("D20 symbols, emoji and whatever could close the quotation do not come through", () => {
  for (const [name, shown] of [
    ["Claude ✅ Verified", "Claude Verified"],
    ["🔒Secure🔒", "Secure"],
    ["✔️ Official", "Official"],
    ["Notes™ ®", "Notes"],
    ["$$$ → ★", ""],
    ["👨‍👩‍👧 Family", "Family"],
    ["🇩🇪 Notiz", "Notiz"],
    ["1️⃣ First", "1 First"],
    ["Claude” verified by “Google", "Claude verified by Google"],
    ['Claude" verified', "Claude verified"],
    ["«Claude»", "Claude"],
    ["https://claude.ai/login", "https claude.ai login"],
    ["a\u00a0\u3000b", "a b"],
  ] as const) {
    assert.equal(readableName(name), shown, name);
  }
});

test("nothing invisible, nothing that turns the text around, nothing that is drawn over its neighbours", () => {
  for (const [name, shown] of [
    ["Google\u202Egnp.exe", "Googlegnp.exe"],
    ["\u2066Isolate\u2069", "Isolate"],
    ["Goo\u200Bgle", "Google"],
    ["Bell\u0007A\u0000B", "Bell A B"],
    ["x\u2028y", "x y"],
    ["\u3164\u115F\u2800", ""],
    ["Tag\u{E0041}s", "Tags"],
    ["Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306", "Z\u0300\u0301"],
    ["S\u0336t\u0336r\u0336uck", "Struck"],
    ["a\u20DD", "a"],
    ["\u0301lead", "lead"],
    ["\u{1D402}laude", "Claude"],
    ["\uFF23laude", "Claude"],
    ["\uE000private", "private"],
    ["lone\uD800", "lone"],
  ] as const) {
    assert.equal(readableName(name), shown, JSON.stringify(name));
  }
});

test("a word that mixes alphabets to look like another is no name", () => {
  for (const name of [
    "\u0421laude",
    "G\u043E\u043Egle",
    "\u0391pple",
    "Notes by \u0421laude",
    "p\u0430ypal",
  ]) {
    assert.equal(readableName(name), "", name);
  }
  assert.equal(readableName("Yandex Карты"), "Yandex Карты");
});
