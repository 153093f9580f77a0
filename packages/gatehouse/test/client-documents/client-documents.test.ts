import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createClientDocuments } from "../../src/client-documents/client-documents.ts";
import { maxAgeOf } from "../../src/client-documents/freshness.ts";
import { createThrottle } from "../../src/client-documents/throttle.ts";
import { metadataDocument } from "../../src/oauth/client-metadata-document.ts";
import { DocumentError } from "../../src/oauth/ports.ts";

const offline = { allowLoopback: false, resolve: () => Promise.reject(new Error("ENOTFOUND")) };

function aFolder(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "documents-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("a pinned document is given without a fetch, others are fetched", async (t) => {
  const url = "https://app.example.com/c";
  const document = { client_id: url, client_name: "Pinned" };
  const folder = aFolder(t, { "app.json": JSON.stringify(document), "README.md": "not read" });
  const documents = createClientDocuments({ ...offline, folder });
  assert.deepEqual(await documents.fetch(url, 10), { object: document, maxAge: undefined });
  await assert.rejects(documents.fetch("https://other.example.com/c", 10), DocumentError);
});

test("a folder that cannot be used is told in a sentence that names the file", (t) => {
  const one = JSON.stringify({ client_id: "https://app.example.com/c" });
  for (const [files, fault] of [
    [{ "bad.json": "{" }, /bad\.json is not readable JSON/],
    [{ "list.json": "[]" }, /list\.json does not hold a JSON object/],
    [{ "nameless.json": "{}" }, /nameless\.json has no client_id/],
    [{ "a.json": one, "b.json": one }, /b\.json is the second document for https:\/\/app/],
  ] as const) {
    assert.throws(() => createClientDocuments({ ...offline, folder: aFolder(t, files) }), fault);
  }
  assert.throws(() => createClientDocuments({ ...offline, folder: "/nowhere" }), /folder \/nowhere/);
});

test("every snapshot is a valid document, and dated", () => {
  const { snapshot } = createClientDocuments({ ...offline, folder: undefined });
  const folder = join(import.meta.dirname, "../../src/client-documents/snapshots");
  for (const name of readdirSync(folder)) {
    const { asOf, source, document } = JSON.parse(readFileSync(join(folder, name), "utf8"));
    assert.match(asOf, /^\d{4}-\d{2}-\d{2}$/, name);
    assert.ok(source.length > 10, name);
    const url = document.client_id.replace("{id}", "a1_B-2");
    const found = snapshot(url) ?? assert.fail(name);
    assert.equal(metadataDocument.read(found, url).id, url);
    assert.doesNotMatch(JSON.stringify(found), /\{id\}/);
  }
  assert.equal(snapshot("https://chatgpt.com/oauth/codex/client.json")?.client_name, "Codex");
  for (const unknown of [
    "https://chatgpt.com/oauth/a/b/client.json",
    "https://chatgpt.com/oauth//client.json",
    "https://chatgpt.com/oauth/a?x=/client.json",
    "https://claude.ai/oauth/other",
  ]) {
    assert.equal(snapshot(unknown), undefined, unknown);
  }
});

test("how long an answer may be kept is what it says", () => {
  const at = Date.UTC(2026, 10, 23);
  const date = new Date(at).toUTCString();
  const later = new Date(at + 90_500).toUTCString();
  for (const [headers, seconds] of [
    [{}, undefined],
    [{ "cache-control": "public" }, undefined],
    [{ "cache-control": "public, max-age=600" }, 600],
    [{ "cache-control": 'MAX-AGE="60"' }, 60],
    [{ "cache-control": "max-age=600, no-store" }, 0],
    [{ "cache-control": "no-cache" }, 0],
    [{ expires: later, date }, 90],
    [{ expires: later }, 90],
    [{ expires: date, date: later }, 0],
    [{ expires: "0" }, 0],
    [{ "cache-control": "max-age=5", expires: later }, 5],
  ] as const) {
    assert.equal(maxAgeOf(headers, at), seconds, JSON.stringify(headers));
  }
});

test("one site is asked thirty times a minute at most, whatever its hosts, and all sites twenty times at once", async () => {
  const throttled = createThrottle();
  const ask = (host: string) => throttled(`https://${host}/c`, async () => "ok");
  for (let at = 0; at < 30; at++) await ask(`h${at}.flooded.example`);
  await assert.rejects(ask("another.flooded.example"), DocumentError);
  assert.equal(await ask("other.example"), "ok");
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const running = Array.from({ length: 20 }, (_, at) => throttled(`https://site${at}.example/c`, () => gate));
  await assert.rejects(ask("late.example"), /too many documents are being fetched/);
  open();
  await Promise.all(running);
  assert.equal(await ask("late.example"), "ok");
});
