import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { recordMac } from "../../../src/insight/audit/seals.ts";
import { createAuditWriter } from "../../../src/insight/audit/writer.ts";
import { withoutSecrets } from "../../../src/oauth/harmless.ts";
import type { AuditEvent } from "../../../src/oauth/ports.ts";
import type { AuditStore } from "../../../src/oauth/store/audit.ts";
import { type Store, StoreUnavailableError } from "../../../src/oauth/store.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";

let store: Store;
before(async () => {
  store = await openSqliteStore({ path: ":memory:" });
});
after(() => store.close());

const key = { id: 5, bytes: Buffer.alloc(32, "key") };
const clean = withoutSecrets([]);

/** A writer on a store that may be told to refuse. */
function aWriter(over: Partial<Parameters<typeof createAuditWriter>[0]> = {}) {
  const refusing = { is: undefined as Error | undefined };
  const told: unknown[] = [];
  const lost: number[] = [];
  const appended: number[] = [];
  const guarded: Pick<AuditStore, "openAuditChain" | "appendAudit"> = {
    async openAuditChain(...values) {
      if (refusing.is) throw refusing.is;
      return store.openAuditChain(...values);
    },
    async appendAudit(batch) {
      if (refusing.is) throw refusing.is;
      appended.push(batch.records.length);
      return store.appendAudit(batch);
    },
  };
  const writer = createAuditWriter({
    store: guarded,
    key,
    instance: "here/1",
    random: randomBytes,
    now: () => 1_700_000_000_000,
    withoutSecrets: clean,
    onState: (refused) => told.push(refused),
    onLost: (count) => lost.push(count),
    ...over,
  });
  return { writer, refusing, told, lost, appended };
}

const event = (over: Partial<AuditEvent> = {}): AuditEvent => ({
  name: "sign_in",
  request: "K7QM-2XDA-94TB",
  ...over,
});

const recordsOf = async (head: string | undefined) => {
  const chain = head?.split(/[:-]/)[1] ?? assert.fail("nothing is durable");
  const { chains } = await store.findAuditChains();
  const { records } = await store.findAudit({}, { order: "oldest", limit: 100_000 });
  return {
    chain: chains.find((each) => each.chain === chain),
    records: records.filter((r) => r.chain === chain),
  };
};

test("events are written together, each once and in their order", async () => {
  const { writer, appended } = aWriter();
  for (let at = 0; at < 600; at++) writer.add(event({ detail: String(at) }));
  await writer.flush();
  assert.deepEqual(appended, [256, 256, 88]);
  const { chain, records } = await recordsOf(writer.state().head);
  assert.deepEqual(
    records.map(({ sequence, facts }) => [sequence, facts.detail]),
    Array.from({ length: 600 }, (_, at) => [at + 1, String(at)]),
  );
  assert.deepEqual([chain?.instance, chain?.keyId, chain?.head.sequence], ["here/1", 5, 600]);
  assert.equal(writer.state().head, `${chain?.number}:${chain?.chain}-600-${chain?.head.mac}`);
});

test("what comes while a batch is written waits for the next one, unless somebody waits for it", async () => {
  const appended: number[] = [];
  const written = Promise.withResolvers<void>();
  const slow: Pick<AuditStore, "openAuditChain" | "appendAudit"> = {
    openAuditChain: (...values) => store.openAuditChain(...values),
    async appendAudit(batch) {
      appended.push(batch.records.length);
      await written.promise;
      return store.appendAudit(batch);
    },
  };
  const { writer } = aWriter({ store: slow });
  for (let at = 0; at < 300; at++) writer.add(event());
  while (appended.length === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let at = 0; at < 10; at++) writer.add(event());
  written.resolve();
  while (writer.state().written === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([appended, writer.state().waiting], [[256], 54]);
  await writer.record(event());
  assert.deepEqual([appended, writer.state().waiting], [[256, 55], 0]);
});

test("Z14 a record says what happened, when, how it ended, whose doing it was, and where it came from", async () => {
  const { writer } = aWriter();
  await writer.record(
    event({
      name: "tool_called",
      client: "c1",
      subject: "user_1",
      resource: "https://notes.example/mcp",
      grant: "g1",
      address: "192.0.2.7",
      userAgent: "agent/1",
      attempt: "AAAA-BBBB-CCCC",
      reason: "why",
      call: {
        server: "notes",
        tool: "delete_all",
        outcome: "denied",
        status: 403,
        milliseconds: 12,
        session: "s",
        arguments: { path: "/tmp" },
      },
    }),
  );
  const actor = { kind: "operator", id: "root", how: "unverified", command: "people block" } as const;
  await writer.record(event({ name: "person_blocked", request: "-", actor, count: 3 }));
  const [call, act] = (await recordsOf(writer.state().head)).records;
  assert.deepEqual(JSON.parse(JSON.stringify(call)), {
    id: `${call?.chain}-1`,
    chain: call?.chain,
    sequence: 1,
    time: 1_700_000_000_000,
    name: "tool_called",
    outcome: "refused",
    reason: "why",
    actor: { kind: "client", id: "c1" },
    subject: "user_1",
    client: "c1",
    resource: "https://notes.example/mcp",
    grant: "g1",
    address: "192.0.2.7",
    userAgent: "agent/1",
    instance: "here/1",
    reference: "K7QM-2XDA-94TB",
    facts: {
      attempt: "AAAA-BBBB-CCCC",
      server: "notes",
      tool: "delete_all",
      result: "denied",
      status: 403,
      milliseconds: 12,
      session: "s",
      "argument path": "/tmp",
    },
  });
  assert.deepEqual(
    [act?.outcome, act?.actor, act?.reference, act?.facts],
    ["success", actor, undefined, { count: 3 }],
  );
});

test("what a stranger sent is harmless and cut, no credential stands in it, and addresses stand apart", async () => {
  const { writer } = aWriter();
  await writer.record(
    event({
      userAgent: `\u001b[31m\r\n\u202e</script>${"x".repeat(100_000)}`,
      detail:
        "code=abcdefghijkl and Bearer abcdefghijklmnopqrstuvwxyz of ada@example.com or ada%40example.org",
      account: "grace hopper",
      redirectUri: "https://app.example/cb?login_hint=ada@example.com",
    }),
  );
  const head = writer.state().head;
  const [record] = (await recordsOf(head)).records;
  assert.match(record?.userAgent ?? "", /^\ufffd\[31m\ufffd\ufffd\ufffd<\/script>x{180,}…$/);
  assert.equal(
    record?.facts.detail,
    "code=[removed] and Bearer [removed] of ada@example.com or ada%40example.org",
  );
  assert.equal(record?.facts.account, "grace hopper");
  const [sealed] = await store.readAuditChain(record?.chain ?? "", 0, 1);
  assert.doesNotMatch(sealed?.body ?? "", /ada|grace|hopper/);
  const addresses = await store.findAuditAddresses(record?.chain ?? "", 0, 1);
  assert.deepEqual(addresses.map(({ address }) => address).toSorted(), [
    "ada%40example.org",
    "ada@example.com",
    "grace hopper",
  ]);
  await writer.record(event({ name: "person_removed", detail: "ada@example.com is forgotten" }));
  const [, removed] = (await recordsOf(writer.state().head)).records;
  assert.equal(removed?.facts.detail, "[removed] is forgotten", "nobody is written down anew");
});

test("while the store refuses events they wait, whoever waits is told, and what finds no room is counted", async () => {
  const { writer, refusing, told, lost } = aWriter();
  refusing.is = new StoreUnavailableError("away");
  writer.add(event({ detail: "first" }));
  await assert.rejects(writer.record(event({ name: "token_revoked" })), refusing.is);
  await writer.flush();
  assert.deepEqual(told, [refusing.is], "told once");
  for (let at = 0; at < 10_010; at++) writer.add(event());
  assert.deepEqual([writer.state().waiting, writer.state().lost], [10_000, 12]);
  refusing.is = undefined;
  await writer.flush();
  assert.deepEqual(told.length, 2);
  assert.deepEqual(lost, [12]);
  const { records } = await recordsOf(writer.state().head);
  assert.equal(records.length, 10_001);
  assert.deepEqual(
    records.slice(0, 2).map(({ name }) => name),
    ["sign_in", "token_revoked"],
  );
  assert.deepEqual([records.at(-1)?.name, records.at(-1)?.facts.count], ["audit_lost", 12]);
});

test("a record the store can never take does not keep the others from being written", async () => {
  const { writer, refusing } = aWriter();
  await writer.record(event());
  refusing.is = new TypeError("a defect");
  await assert.rejects(writer.record(event()), refusing.is);
  refusing.is = undefined;
  await writer.record(event({ detail: "later" }));
  await writer.flush();
  const { records } = await recordsOf(writer.state().head);
  assert.deepEqual(
    records.map(({ name, sequence }) => [name, sequence]),
    [
      ["sign_in", 1],
      ["audit_lost", 2],
    ],
    "in a chain of its own, since the one before has a gap",
  );
});

test("where the database is another one than it was, what is written begins a chain there", async () => {
  const { writer } = aWriter();
  await writer.record(event());
  const first = writer.state().head?.split(/[:-]/)[1] ?? "";
  await store.trimAudit(Number.MAX_SAFE_INTEGER, 100_000, {
    keyId: 5,
    opened: () => "",
    cut: () => "",
    forgotten: () => "",
  });
  const { chains } = await store.findAuditChains();
  assert.equal(
    chains.some(({ chain }) => chain === first),
    false,
  );
  await writer.record(event({ detail: "after" }));
  const { records } = await recordsOf(writer.state().head);
  assert.notEqual(records[0]?.chain, first);
  assert.equal(records[0]?.facts.detail, "after");
});

test("what was sealed and not written yet is sealed anew where it has to begin another chain", async () => {
  const { writer, refusing, appended } = aWriter();
  await writer.record(event());
  const first = writer.state().head?.split(/[:-]/)[1];
  refusing.is = new TypeError("a defect");
  // The first batch is lost; of the rest some were sealed behind it.
  for (let at = 0; at < 300; at++) writer.add(event({ detail: String(at) }));
  await writer.flush();
  refusing.is = undefined;
  for (let at = 300; at < 400; at++) writer.add(event({ detail: String(at) }));
  await writer.flush();
  const { records } = await recordsOf(writer.state().head);
  assert.deepEqual(
    records.slice(0, -1).map(({ facts }) => facts.detail),
    Array.from({ length: 144 }, (_, at) => String(256 + at)),
  );
  assert.equal(records.at(-1)?.name, "audit_lost");
  assert.deepEqual(appended, [1, 144, 1]);
  const chain = records[0]?.chain ?? "";
  assert.notEqual(chain, first);
  let previous = "";
  for (const record of await store.readAuditChain(chain, 0, 1000)) {
    assert.equal(record.mac, recordMac(key, previous, record));
    previous = record.mac;
  }
});
