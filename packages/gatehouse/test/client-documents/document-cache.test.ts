import assert from "node:assert/strict";
import { test } from "node:test";
import { cachedDocuments } from "../../src/client-documents/document-cache.ts";
import { DocumentError } from "../../src/oauth/ports.ts";
import { seconds } from "../../src/oauth/values.ts";

test("the use of a shipped copy is news once, and again after the document could be had in between", async () => {
  let online = false;
  let now = 1_795_000_000;
  const documents = cachedDocuments(
    {
      fetch: async () => {
        if (!online) throw new DocumentError("unavailable", "offline");
        return { object: { version: "fetched" }, maxAge: 60 };
      },
      snapshot: (url) => (url.includes("known") ? { version: "shipped" } : undefined),
    },
    { now: () => seconds(now) },
  );
  const kind = {
    name: "metadata",
    maxBytes: 5000,
    read: ({ version }: Record<string, unknown>) => version,
  } as const;
  const url = "https://known.example/client.json";
  assert.equal(documents.snapshot(kind, "https://other.example/c"), undefined);
  assert.deepEqual(documents.snapshot(kind, url), { value: "shipped", isNews: true });
  assert.deepEqual(documents.snapshot(kind, url), { value: "shipped", isNews: false });
  assert.equal(documents.snapshot(kind, "https://known.example/another.json")?.isNews, true);
  await assert.rejects(documents.load(kind, url, "192.0.2.1"), DocumentError);
  assert.equal(documents.snapshot(kind, url)?.isNews, false);
  online = true;
  assert.equal(await documents.load(kind, url, "192.0.2.1"), "fetched");
  online = false;
  now += 61;
  assert.equal(documents.snapshot(kind, url)?.isNews, true);
});
