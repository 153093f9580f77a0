import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createDocumentSource } from "../../src/client-documents/document-source.ts";
import { maxAgeOf } from "../../src/client-documents/freshness.ts";
import { createThrottle, type Throttle } from "../../src/client-documents/throttle.ts";
import { metadataDocument } from "../../src/oauth/clients/metadata-document.ts";
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
  const documents = createDocumentSource({ ...offline, folder });
  assert.deepEqual(await documents.fetch(url, 10, "203.0.113.7"), { object: document, maxAge: undefined });
  await assert.rejects(documents.fetch("https://other.example.com/c", 10, "203.0.113.7"), DocumentError);
});

test("a folder that cannot be used is told in a sentence that names the file", (t) => {
  const one = JSON.stringify({ client_id: "https://app.example.com/c" });
  for (const [files, error] of [
    [{ "bad.json": "{" }, /bad\.json cannot be used: malformed JSON/],
    [{ "list.json": "[]" }, /list\.json cannot be used: expected a JSON object/],
    [{ "half.json": `{"client_name":"\\ud83d"}` }, /half\.json cannot be used: JSON with NUL or a broken/],
    [{ "nameless.json": "{}" }, /nameless\.json has no client_id/],
    [{ "a.json": one, "b.json": one }, /b\.json is the second document for https:\/\/app/],
  ] as const) {
    assert.throws(() => createDocumentSource({ ...offline, folder: aFolder(t, files) }), error);
  }
  assert.throws(() => createDocumentSource({ ...offline, folder: "/nowhere" }), /folder \/nowhere/);
});

test("every snapshot is a valid document, and dated", () => {
  const { snapshot } = createDocumentSource({ ...offline, folder: undefined });
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

/** Fetches that get no answer until they are let go. */
function unanswered() {
  const running: Promise<unknown>[] = [];
  let letGo: () => void = () => {};
  const answer = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  return {
    start: (throttled: Throttle, url: string, requester: string) =>
      running.push(throttled(url, requester, () => answer)),
    async end() {
      letGo();
      await Promise.all(running);
    },
  };
}
const ok = async () => "ok";

test("one site is asked thirty times a minute at most, whatever its hosts and their spelling", async () => {
  const throttled = createThrottle();
  for (let at = 0; at < 30; at++) {
    const host = at % 2 === 0 ? `h${at}.flooded.example.` : `h${at}.FLOODED.example`;
    await throttled(`https://${host}/c`, `203.0.113.${at}`, ok);
  }
  await assert.rejects(throttled("https://another.flooded.example/c", "198.51.100.1", ok), DocumentError);
  assert.equal(await throttled("https://other.example/c", "203.0.113.1", ok), "ok");
});

test("hosts that do not answer hold up who named them, and nobody else", async () => {
  const throttled = createThrottle();
  const silent = unanswered();
  for (let at = 1; at <= 16; at++) {
    silent.start(throttled, `https://silent${at}.example/c`, `2001:db8:0:1::${at}`);
  }
  await assert.rejects(
    throttled("https://silent17.example/c", "2001:db8:0:1:ffff::1", ok),
    /too many .* at once \(requester 2001:db8:0:1::\/64\)/,
    "one subscriber, whatever address of theirs",
  );
  assert.equal(await throttled("https://claude.example/c", "2001:db8:0:2::1", ok), "ok");
  await silent.end();
  assert.equal(await throttled("https://silent17.example/c", "2001:db8:0:1::1", ok), "ok");
});

test("a site that does not answer is not asked more, and the fetches of all together are bounded", async () => {
  const throttled = createThrottle();
  const silent = unanswered();
  for (let at = 0; at < 4; at++) silent.start(throttled, `https://h${at}.slow.example/c`, `203.0.113.${at}`);
  await assert.rejects(throttled("https://h5.slow.example/c", "203.0.113.9", ok), /site slow\.example/);
  for (let at = 0; at < 124; at++) {
    silent.start(throttled, `https://silent${at}.example/c`, `198.51.100.${at}`);
  }
  await assert.rejects(throttled("https://late.example/c", "203.0.113.9", ok), /at once \(all\)/);
  await silent.end();
  assert.equal(await throttled("https://h5.slow.example/c", "203.0.113.9", ok), "ok");
});
