import assert from "node:assert/strict";
import { test } from "node:test";
import { createFetchedDocument } from "../../../src/identity/openid/fetched-document.ts";
import { seconds } from "../../../src/oauth/values.ts";

/** A document that is numbered by how often it was fetched, from a source that can be out of order. */
function aSource() {
  const source = { now: 1_000_000, fetched: 0, broken: false, complaints: 0 };
  const document = createFetchedDocument({
    clock: { now: () => seconds(source.now) },
    maxAge: 3600,
    coolDown: 30,
    onStale: () => {
      source.complaints++;
    },
    async fetch() {
      source.fetched++;
      if (source.broken) throw new Error("out of order");
      return `edition ${source.fetched}`;
    },
  });
  return Object.assign(source, { document });
}

test("a document is fetched at first use, once for all who wait, and kept for its time", async () => {
  const source = aSource();
  assert.equal(source.fetched, 0);
  const both = await Promise.all([source.document.current(), source.document.current()]);
  assert.deepEqual(both, ["edition 1", "edition 1"]);
  source.now += 3599;
  assert.equal(await source.document.current(), "edition 1");
  source.now += 1;
  assert.equal(await source.document.current(), "edition 2");
});

test("while the source is out of order the old document serves, and the source is asked once per cool-down", async () => {
  const source = aSource();
  await source.document.current();
  source.now += 3600;
  source.broken = true;
  for (let i = 0; i < 5; i++) assert.equal(await source.document.current(), "edition 1");
  assert.equal(source.fetched, 2);
  assert.equal(source.complaints, 1);
  source.now += 30;
  source.broken = false;
  assert.equal(await source.document.current(), "edition 3");
});

test("without an old document the failure is told, and forgotten after the cool-down", async () => {
  const source = aSource();
  source.broken = true;
  await assert.rejects(source.document.current(), /out of order/);
  source.broken = false;
  await assert.rejects(source.document.current(), /out of order/);
  assert.equal(source.fetched, 1);
  source.now += 30;
  assert.equal(await source.document.current(), "edition 2");
});

test("a renewal fetches anew once per cool-down; all who ask meanwhile share it", async () => {
  const source = aSource();
  await source.document.current();
  const three = await Promise.all([
    source.document.renewed(),
    source.document.renewed(),
    source.document.renewed(),
  ]);
  assert.deepEqual(three, ["edition 2", "edition 2", "edition 2"]);
  assert.equal(await source.document.renewed(), "edition 2");
  source.now += 30;
  assert.equal(await source.document.renewed(), "edition 3");
});
