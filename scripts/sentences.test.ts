// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold code
import assert from "node:assert/strict";
import { test } from "node:test";
import { findSentences, isChecked } from "./sentences.ts";

const source = "packages/gatehouse/src";
const textsOf = (room: string, code: string) =>
  findSentences(`${source}/${room}`, code).map(({ text }) => text);

test("a sentence planted in a page's template is found, and what is read of its attributes", () => {
  for (const [code, text] of [
    ["html`<p>Continue only if you know it.</p>`", "Continue only if you know it."],
    ["html`<button>Approve</button>`", "Approve"],
    ["html`<p>${name} wants in</p>`", "… wants in"],
    ["html`<p>${open && html`<b>Careful</b>`}</p>`", "Careful"],
    ['html`<section aria-label="Where access goes">${content}</section>`', "Where access goes"],
    ['html`<input value="${v}" placeholder="you@example.com">`', "you@example.com"],
    ['const label = danger ? "Deny" : words.deny;', "Deny"],
    ['const label = danger ? "really not" : words.deny;', "really not"],
    ["const title = `Allow ${name}?`;", "Allow …?"],
  ] as const) {
    assert.deepEqual(textsOf("pages/consent.ts", code), [text], code);
  }
  assert.deepEqual(findSentences(`${source}/pages/home.ts`, '\n\nconst title = "Signed out";'), [
    { line: 3, text: "Signed out" },
  ]);
});

test("a sentence planted in a page's model is found, whoever makes it", () => {
  for (const [code, text] of [
    ['page(400, { kind: "error", reason: { key: "pageOver" }, title: "it is over" })', "it is over"],
    ['const model = { kind: "home", note: "Nothing to do" };', "Nothing to do"],
    ['new OAuthError("invalid_grant", { hint: "x y", reason: { key: "k", app: "the app" } })', "the app"],
    ['const words = { 404: ["not_found", "There is nothing here"] };', "There is nothing here"],
    [
      "const sentence = `In Claude Code, open ${menu} and choose it.`;",
      "In Claude Code, open … and choose it.",
    ],
    ['signInPage(400, "/d", "Type an address.");', "Type an address."],
  ] as const) {
    for (const room of ["oauth/endpoints/consent.ts", "http/refusal.ts", "identity/development.ts"]) {
      assert.deepEqual(textsOf(room, code), [text], code);
    }
  }
});

test("what developers, operators, programs and browsers read is no sentence for people", () => {
  for (const code of [
    'throw new OAuthError("invalid_request", { hint: "state is missing", debug: "No cookie for this one" });',
    'throw new Error("This cannot be, unless somebody changed it");',
    'events.emit({ name: "failure", detail: "Went on with an earlier copy" });',
    'page(400, { kind: "error", detail: "the request came through a proxy", reason: { key: "pageOver" } });',
    'const name = "Visual Studio Code";',
    'const hint = "this page was already answered";',
    'type Name = "Claude Code" | "MCP Inspector";',
    'import type { A } from "./a b.ts";',
    "// Everything that a comment says is for whoever reads the code.",
  ]) {
    assert.deepEqual(textsOf("oauth/endpoints/consent.ts", code), [], code);
  }
  for (const code of [
    'html`<div class="choices big">${words.approve}</div>`',
    'html` aria-invalid="true" aria-describedby="problem"`',
    "html`<title>${title} · Gatehouse</title>`",
    'html`<a href="${uri}" rel="noopener noreferrer">${label} (${host})</a>`',
    'const kind = danger ? " doubtful" : "known";',
  ]) {
    assert.deepEqual(textsOf("pages/consent.ts", code), [], code);
  }
});

test("the catalogues are where sentences stand, and rooms that no page shows keep theirs", () => {
  for (const [file, checked] of [
    ["pages/consent.ts", true],
    ["oauth/clients/lookup.ts", true],
    ["http/refusal.ts", true],
    ["identity/development.ts", true],
    ["pages/words.ts", false],
    ["pages/words.de.ts", false],
    ["commands/serve.ts", false],
    ["telemetry/log.ts", false],
  ] as const) {
    assert.equal(isChecked(`${source}/${file}`), checked, file);
  }
});
