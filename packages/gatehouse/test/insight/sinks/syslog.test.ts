import assert from "node:assert/strict";
import { test } from "node:test";
import { published } from "../../../src/insight/export/published.ts";
import type { SinkNews } from "../../../src/insight/sinks/sink.ts";
import { createSyslogSink } from "../../../src/insight/sinks/syslog.ts";
import { syslogFrame } from "../../../src/insight/sinks/syslog-message.ts";
import { auditEventNames } from "../../../src/oauth/audit-events.ts";
import type { AuditRecord } from "../../../src/oauth/audit-record.ts";
import { freePort } from "../../support/free-port.ts";
import { selfSigned } from "../../support/self-signed.ts";
import { aSyslogServer } from "../../support/syslog-server.ts";
import { aRecord, records } from "./records.ts";

/** What a sink tells of itself. */
function listening(): SinkNews & { readonly told: string[]; next(): Promise<string> } {
  const told: string[] = [];
  let wake = () => {};
  const tell = (text: string) => {
    told.push(text);
    wake();
  };
  return {
    told,
    onTrouble: tell,
    onRecovery: (dropped) => tell(`recovered, ${dropped} dropped`),
    async next() {
      const before = told.length;
      const alive = setInterval(() => {}, 1000); // a sink keeps no process
      while (told.length === before) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      clearInterval(alive);
      return told.at(-1) ?? "";
    },
  };
}

const sequences = (messages: readonly string[]) =>
  messages
    .map((message) => (JSON.parse(message.slice(message.indexOf('{"id"'))) as AuditRecord).id.split("-")[1])
    .map(Number);

test("a record is a message of RFC 5424, whose header says when, who and what, and whose body is the record", async (t) => {
  const server = await aSyslogServer(t);
  const sink = createSyslogSink(
    { isTls: false, host: "127.0.0.1", port: server.port },
    { authorities: [], ...listening() },
  );
  const record = aRecord(1, { outcome: "failure", name: "sign_in_failed", instance: "web 1/4242" });
  sink.take([record]);
  await server.until(1);
  await sink.close();
  const [message = ""] = server.messages;
  assert.match(message, /^<108>1 2026-09-21T14:13:20\.123Z \S+ gatehouse web1\/4242 sign_in_failed - \{/);
  assert.deepEqual(JSON.parse(message.slice(message.indexOf("{"))), published(record));
  assert.deepEqual([sink.waiting, sink.dropped], [0, 0]);
  assert.ok(
    auditEventNames.every((name) => name.length <= 32),
    "a MSGID has 32 characters at most",
  );
});

test("what strangers wrote can neither end a message nor drive a terminal, and a long record is cut", async (t) => {
  const server = await aSyslogServer(t);
  const sink = createSyslogSink(
    { isTls: false, host: "127.0.0.1", port: server.port },
    { authorities: [], ...listening() },
  );
  const forged = `\r\n92 <110>1 2026-01-01T00:00:00Z h gatehouse 1 sign_in - {}\n\u001B[2J\u202E</script>\u0000\uD800`;
  const facts = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`fact${at}`, "é".repeat(100_000)]));
  sink.take([
    aRecord(1, { userAgent: forged, instance: forged, name: forged, facts: { tool: forged } }),
    aRecord(2, { userAgent: "x".repeat(100_000), facts }),
    aRecord(3),
  ]);
  await server.until(3);
  await sink.close();
  assert.deepEqual(server.strays, []);
  assert.deepEqual(sequences(server.messages), [1, 2, 3]);
  for (const message of server.messages) {
    assert.match(message, /^[ -~]*$/);
    assert.ok(message.length <= 8192, `${message.length} octets`);
  }
});

test("records wait for a server that is gone, and come in their order once it is back", async (t) => {
  const server = await aSyslogServer(t);
  const news = listening();
  const sink = createSyslogSink(
    { isTls: false, host: "127.0.0.1", port: server.port },
    { authorities: [], ...news },
  );
  t.after(() => sink.close());
  sink.take(records(1, 3));
  await server.until(3);
  const trouble = news.next();
  await server.leave();
  sink.take([aRecord(4)]); // may be on its way already when the end of the connection is noticed
  await trouble;
  sink.take(records(5, 250));
  const recovery = news.next();
  await server.listen();
  await recovery;
  await server.until(3 + 246);
  assert.deepEqual(
    sequences(server.messages).filter((sequence) => sequence !== 4),
    [...records(1, 3), ...records(5, 250)].map(({ sequence }) => sequence),
  );
  assert.equal(news.told.length, 2, news.told.join("; "));
  assert.equal(news.told[1], "recovered, 0 dropped");
});

test("over TLS nothing is sent to a server whose certificate nobody vouches for", async (t) => {
  const server = await aSyslogServer(t, { tls: true });
  const target = { isTls: true, host: "127.0.0.1", port: server.port };
  const news = listening();
  const refused = news.next();
  const distrustful = createSyslogSink(target, { authorities: [], ...news });
  distrustful.take([aRecord(1)]);
  assert.match(await refused, /SELF_SIGNED|UNABLE_TO_VERIFY/);
  await distrustful.close();
  assert.deepEqual([server.messages, distrustful.dropped], [[], 1]);
  const sink = createSyslogSink(target, { authorities: [selfSigned.cert], ...listening() });
  sink.take([aRecord(2)]);
  await server.until(1);
  await sink.close();
  assert.deepEqual(sequences(server.messages), [2]);
});

test("of more than 10,000 records that wait the oldest are given up and counted, and stopping waits two seconds at most", async (t) => {
  const silent = await aSyslogServer(t, { reads: false });
  for (const port of [silent.port, await freePort()]) {
    const sink = createSyslogSink(
      { isTls: false, host: "127.0.0.1", port },
      { authorities: [], ...listening() },
    );
    const wide = Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`fact${at}`, "x".repeat(1000)]));
    const taken = 15_000;
    for (let from = 1; from <= taken; from += 500) {
      sink.take(records(from, from + 499).map((record) => ({ ...record, facts: wide })));
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(sink.waiting <= 10_000);
    assert.ok(sink.dropped >= 5000 - 200, String(sink.dropped));
    await sink.close();
  }
});

test("a server that answers is not listened to", async (t) => {
  const server = await aSyslogServer(t);
  const sink = createSyslogSink(
    { isTls: false, host: "127.0.0.1", port: server.port },
    { authorities: [], ...listening() },
  );
  sink.take([aRecord(1)]);
  await server.until(1);
  server.connections[0]?.write(
    `${syslogFrame(aRecord(9), "evil")}\r\n<110>1 - - - - - - forged\n`.repeat(1000),
  );
  sink.take([aRecord(2)]);
  await server.until(2);
  await sink.close();
  assert.deepEqual(sequences(server.messages), [1, 2]);
});
