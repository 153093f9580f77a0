import assert from "node:assert/strict";
import { test } from "node:test";
import { createOtlpSink } from "../../../src/insight/sinks/otlp-logs.ts";
import { aCollector } from "../../support/collector.ts";
import { aRecord, records } from "./records.ts";

const about = { resource: { "service.name": "door" }, version: "1.2.3" };
const news = { onTrouble: () => {}, onRecovery: () => {} };
const at = (url: string) => ({ url: `${url}/v1/logs`, headers: {}, timeoutMs: 5000, gzip: false });

test("a record is a log record with its event's name, by the names of the conventions, without a mail address", async (t) => {
  const collector = await aCollector(t);
  const sink = createOtlpSink({ target: at(collector.url), ...about, ...news });
  sink.take([
    aRecord(1, {
      name: "sign_in_denied",
      outcome: "refused",
      address: "192.0.2.7",
      userAgent: "Mozilla (ada@example.com)",
      facts: { account: "ada@example.com", detail: "<ada@example.com> of example.com", count: 3 },
    }),
  ]);
  await sink.close();
  const [sent = "{}"] = collector.bodies;
  const [resource] = JSON.parse(sent).resourceLogs;
  const [record] = resource.scopeLogs[0].logRecords;
  assert.deepEqual(
    [record.eventName, record.severityText, record.timeUnixNano, record.body],
    ["gatehouse.sign_in_denied", "INFO2", "1790000000123000000", { stringValue: "sign_in_denied" }],
  );
  const attributes = Object.fromEntries(
    record.attributes.map(({ key, value }: { key: string; value: object }) => [key, Object.values(value)[0]]),
  );
  assert.deepEqual(
    [attributes["user.id"], attributes["client.address"], attributes["gatehouse.reference"]],
    ["a-subject", "192.0.2.7", "K7QM-2XDA-94TB"],
  );
  assert.deepEqual(
    [attributes["gatehouse.facts.detail"], attributes["gatehouse.facts.count"]],
    ["<[address]> of example.com", "3"],
  );
  assert.doesNotMatch(sent, /ada@/);
});

test("of more than 10,000 records that wait for a collector the oldest are given up, and what it refuses for good is not sent again", async (t) => {
  const collector = await aCollector(t);
  collector.answerWith(503);
  const sink = createOtlpSink({ target: at(collector.url), ...about, ...news });
  for (let from = 1; from <= 12_000; from += 1000) sink.take(records(from, from + 999));
  assert.ok(sink.waiting <= 10_000);
  assert.equal(sink.dropped, 2000);
  collector.answerWith(200);
  await sink.close();
  assert.equal(sink.dropped, 2000);
  assert.ok(collector.bodies.join().includes('"K7QM2XDA94TB-12000"'));

  const refusing = await aCollector(t);
  refusing.answerWith(400);
  const refused = createOtlpSink({ target: at(refusing.url), ...about, ...news });
  refused.take(records(1, 3));
  await refused.close();
  assert.deepEqual([refusing.requests.length, refused.waiting, refused.dropped], [1, 0, 3]);
});
