import assert from "node:assert/strict";
import { test } from "node:test";
import { mentionOf, type SealedRecord } from "../../src/oauth/audit-record.ts";
import type { AuditAddress, AuditHead, AuditQuery, AuditSealer } from "../../src/oauth/store/audit.ts";
import type { Subject } from "../../src/oauth/values.ts";
import { aHash, anAccount, later, now, times, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

const sealer: AuditSealer = {
  keyId: -7,
  opened: (count) => `opened ${count}`,
  cut: (chain, sequence, mac) => `cut ${chain} ${sequence} ${mac}`,
  forgotten: (upTo) => `forgotten ${upTo}`,
};
const noHead: AuditHead = { sequence: 0, mac: "", time: 0, isEnded: false, seal: "none" };

/** A chain that is written to the store as a process does. */
class Chain {
  readonly name = unique()
    .replace(/[^0-9A-Za-z]/g, "")
    .padEnd(12, "0")
    .slice(-12);
  readonly #tested: StoreUnderTest;
  #sequence = 0;

  constructor(tested: StoreUnderTest) {
    this.#tested = tested;
  }

  open(): Promise<number> {
    const chain = { chain: this.name, instance: "here/1", keyId: -7, openedAt: 5 };
    return this.#tested.store.openAuditChain(chain, noHead, sealer);
  }

  /** @param addresses of the first record */
  async append(
    records: readonly Partial<SealedRecord>[],
    addresses: readonly AuditAddress[] = [],
    isEnded = false,
  ): Promise<SealedRecord[]> {
    const placed = records.map((over, at) => this.#record(this.#sequence + at + 1, over));
    assert.equal(await this.#tested.store.appendAudit(this.batch(placed, addresses, isEnded)), "appended");
    this.#sequence += placed.length;
    return placed;
  }

  batch(records: readonly SealedRecord[], addresses: readonly AuditAddress[] = [], isEnded = false) {
    const { sequence = 0, mac = "", time = 0 } = records.at(-1) ?? {};
    const head = { sequence, mac, time, isEnded, seal: "head" };
    // Of what nobody waits for a store promises the same.
    return { chain: this.name, records, addresses, head, isAwaited: sequence % 2 === 0 };
  }

  #record(sequence: number, over: Partial<SealedRecord>): SealedRecord {
    return {
      chain: this.name,
      sequence,
      time: sequence,
      name: "sign_in",
      outcome: "success",
      subject: undefined,
      client: undefined,
      resource: undefined,
      grant: undefined,
      address: undefined,
      reference: undefined,
      body: JSON.stringify({ actor: { kind: "system" }, instance: "here/1", facts: { detail: "ünïcode" } }),
      mac: `mac ${sequence}`,
      ...over,
    };
  }
}

/** What a store promises of the audit trail. */
export function auditContract(tested: StoreUnderTest): void {
  const all = async (query: AuditQuery, order: "newest" | "oldest", limit = 3) => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await tested.store.findAudit(query, { order, limit, after });
      assert.ok(page.records.length <= limit);
      found.push(...page.records.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    return found;
  };

  test("records of a chain stand in their order, and what does not follow on the last one is strange", async () => {
    const chain = new Chain(tested);
    await chain.open();
    const first = await chain.append([{}, {}]);
    const second = await chain.append([{ time: 9 }]);
    assert.deepEqual(await tested.store.readAuditChain(chain.name, 0, 10), [...first, ...second]);
    assert.deepEqual(await tested.store.readAuditChain(chain.name, 1, 1), first.slice(1));
    const again = await tested.store.appendAudit(chain.batch(second));
    assert.equal(again, "appended", "whose answer was lost");
    assert.equal(await tested.store.appendAudit(chain.batch(first)), "strange");
    const unknown = new Chain(tested);
    const foreign = first.map((each) => ({ ...each, chain: unknown.name }));
    assert.equal(await tested.store.appendAudit(unknown.batch(foreign)), "strange");
    assert.equal((await tested.store.readAuditChain(unknown.name, 0, 10)).length, 0);
    assert.equal((await tested.store.readAuditChain(chain.name, 0, 10)).length, 3, "nothing stands twice");
    await chain.append([{}], [], true);
    const ended = { ...first[0], sequence: 5, mac: "x" } as SealedRecord;
    assert.equal(await tested.store.appendAudit(chain.batch([ended])), "strange", "after its end");
  });

  test("chains are numbered without a gap, however many are opened at once", async () => {
    const before = await tested.store.findAuditChains();
    const numbers = await Promise.all(times(20, () => new Chain(tested).open()));
    const expected = Array.from({ length: 20 }, (_, at) => before.registry.opened + at + 1);
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      expected,
    );
    const chain = new Chain(tested);
    const number = await chain.open();
    assert.deepEqual(await Promise.all(times(3, () => chain.open())), [number, number, number]);
    const { registry, chains } = await tested.store.findAuditChains();
    assert.equal(registry.opened, number);
    assert.deepEqual(registry.sealed, { opened: number, keyId: -7, seal: `opened ${number}` });
    assert.deepEqual(chains.at(-1), {
      number,
      chain: chain.name,
      instance: "here/1",
      keyId: -7,
      openedAt: 5,
      head: noHead,
      cut: { sequence: 0, mac: "", keyId: undefined, seal: "" },
      bytes: 0,
    });
  });

  test("records are found by all they can be searched for, in both directions, page by page", async () => {
    const [one, other] = [new Chain(tested), new Chain(tested)];
    await one.open();
    await other.open();
    const since = 1e12 + Math.floor(Math.random() * 1e9) * 1000;
    const at = (ms: number) => since + ms;
    const [subject, client, resource] = [`user_${unique()}`, `c_${unique()}`, `https://${unique()}.example`];
    const a = await one.append([
      { time: at(1), subject },
      { time: at(2), client, name: "code_redeemed" },
      { time: at(5), subject, client, resource },
    ]);
    const b = await other.append([
      { time: at(1), subject, name: "sign_out" },
      { time: at(5), grant: "g1", address: "192.0.2.7", reference: "K7QM-2XDA-94TB" },
      { time: at(6), subject, outcome: "failure" },
    ]);
    const ids = (...records: (SealedRecord | undefined)[]) =>
      records.map((each) => `${each?.chain}-${each?.sequence}`);
    const bounds = { since, until: at(100) };
    const inOrder = [...a, ...b].toSorted(
      (x, y) => x.time - y.time || (x.chain < y.chain ? -1 : 1) || x.sequence - y.sequence,
    );
    for (const limit of [1, 2, 3, 100]) {
      assert.deepEqual(await all(bounds, "oldest", limit), ids(...inOrder));
      assert.deepEqual(await all(bounds, "newest", limit), ids(...inOrder.toReversed()));
    }
    const matching = async (query: AuditQuery, wanted: (record: SealedRecord) => boolean) => {
      assert.deepEqual(await all({ ...bounds, ...query }, "oldest", 2), ids(...inOrder.filter(wanted)));
    };
    await matching({ subject }, (each) => each.subject === subject);
    await matching({ client }, (each) => each.client === client);
    await matching({ resource }, (each) => each.resource === resource);
    await matching({ grant: "g1" }, (each) => each.grant === "g1");
    await matching({ address: "192.0.2.7" }, (each) => each.address === "192.0.2.7");
    await matching({ reference: "K7QM-2XDA-94TB" }, (each) => each.reference === "K7QM-2XDA-94TB");
    await matching({ name: "code_redeemed" }, (each) => each.name === "code_redeemed");
    await matching({ subject, client }, (each) => each.subject === subject && each.client === client);
    await matching({ subject, name: "nothing" }, () => false);
    await matching({ since: at(5), until: at(6) }, ({ time }) => time === at(5));
    const [record] = (await tested.store.findAudit({ ...bounds, resource }, { order: "newest", limit: 5 }))
      .records;
    assert.deepEqual(JSON.parse(JSON.stringify(record)), {
      id: ids(a[2])[0],
      chain: one.name,
      sequence: 3,
      time: at(5),
      name: "sign_in",
      outcome: "success",
      subject,
      client,
      resource,
      actor: { kind: "system" },
      instance: "here/1",
      facts: { detail: "ünïcode" },
    });
    const page = await tested.store.findAudit(bounds, { order: "oldest", limit: 6 });
    assert.equal(page.next, undefined, "exactly the last page");
    const strange = await tested.store.findAudit(bounds, { order: "oldest", limit: 6, after: "'; --" });
    assert.equal(strange.records.length, 6, "what is no place begins anew");
  });

  test("what processes wrote at once, together or bit by bit, is found in the order of time, and goes in that of each chain", async () => {
    // Before what others write at their time, and behind what they write at none.
    const since = 500_000_000_000 + Math.floor(Math.random() * 1e6) * 10_000;
    await tested.store.trimAudit(since, 100_000, sealer);
    const chains = times(4, () => new Chain(tested));
    const written: SealedRecord[] = [];
    for (const chain of chains) {
      await chain.open();
      let time = since;
      for (let batch = 0; batch < 6; batch++) {
        const records = times(1 + Math.floor(Math.random() * 40), () => {
          time += Math.floor(Math.random() * 300) * (Math.random() < 0.1 ? 20 : 1);
          return { time, subject: Math.random() < 0.1 ? "user_rare" : undefined };
        });
        written.push(...(await chain.append(records)));
      }
    }
    const id = ({ chain, sequence }: SealedRecord) => `${chain}-${sequence}`;
    const inOrder = written.toSorted(
      (x, y) => x.time - y.time || (x.chain < y.chain ? -1 : 1) || x.sequence - y.sequence,
    );
    const bounds = { since, until: since + 10_000_000 };
    const rare = inOrder.filter(({ subject }) => subject !== undefined);
    const oldest = inOrder[0]?.time ?? since;
    const [from, to] = [oldest + 1500, oldest + 4500];
    const within = inOrder.filter(({ time }) => time >= from && time < to);
    assert.deepEqual(await all(bounds, "oldest", 37), inOrder.map(id));
    assert.deepEqual(await all({ since: from, until: to }, "oldest", 7), within.map(id));
    assert.deepEqual(await all({ ...bounds, subject: "user_rare" }, "oldest", 5), rare.map(id));
    assert.deepEqual(await all(bounds, "newest", 29), inOrder.map(id).toReversed());
    const counted = await tested.store.countAudit(["sign_in"], since);
    const hourOf = (time: number) => Math.floor(time / 3_600_000) * 3_600_000;
    const hour = hourOf(inOrder.at(-1)?.time ?? 0);
    const expected = written.filter(({ time }) => hourOf(time) === hour).length;
    assert.equal(counted.find((each) => each.hour === hour && each.name === "sign_in")?.count, expected);

    const half = Math.floor(written.length / 2);
    const cutAt = inOrder[half]?.time ?? since;
    const before = written.filter(({ time }) => time < cutAt).length;
    const { records: some } = await tested.store.trimAudit(cutAt, 3, sealer);
    const { records: others } = await tested.store.trimAudit(cutAt, 10_000, sealer);
    assert.deepEqual([some, some + others], [Math.min(3, before), before]);
    for (const chain of chains) {
      const left = await tested.store.readAuditChain(chain.name, 0, 1000);
      const own = written.filter((each) => each.chain === chain.name);
      assert.deepEqual(
        left,
        own.filter(({ time }) => time >= cutAt),
      );
    }
    const less = await tested.store.countAudit(["sign_in"], since);
    const kept = written.filter(({ time }) => time >= cutAt && hourOf(time) === hour).length;
    assert.equal(
      less.find((each) => each.hour === hour && each.name === "sign_in")?.count,
      kept || undefined,
    );
    await tested.store.trimAudit(since + 10_000_000, 10_000, sealer);
  });

  test("an address stands apart from its record, and goes with the person whose it is", async () => {
    const chain = new Chain(tested);
    await chain.open();
    const subject = `user_${unique()}` as Subject;
    const email = `Ada.${unique()}@example.com`;
    const account = anAccount({ subject, issuer: "https://idp.example", upstreamSubject: unique(), email });
    const session = { sessionHash: aHash(), replaces: undefined, authTime: now, expiresAt: later(9) };
    await tested.store.openSession({ ...session, account });
    const body = (id: string) =>
      JSON.stringify({ actor: { kind: "system" }, instance: "i", facts: { detail: `of ${mentionOf(id)}` } });
    const ids = [unique(), unique(), unique()].map((each) =>
      each.replace(/\W/g, "").padEnd(16, "x").slice(0, 16),
    );
    const mention = (at: number, address: string, of?: string): AuditAddress => ({
      id: ids[at] ?? "",
      chain: chain.name,
      sequence: at + 1,
      subject: of,
      address,
      salt: `salt ${at}`,
    });
    const mentions = [
      mention(0, email.toUpperCase()),
      mention(1, "formerly@example.com", subject),
      mention(2, `"somebody"@else.example`),
    ];
    const reference = unique();
    await chain.append(
      ids.map((id) => ({ body: body(id), reference })),
      mentions,
    );
    const told = async () => {
      const { records } = await tested.store.findAudit({ reference }, { order: "oldest", limit: 9 });
      return records.map(({ facts }) => facts.detail);
    };
    const somebody = `of "somebody"@else.example`;
    assert.deepEqual(await told(), [`of ${email.toUpperCase()}`, "of formerly@example.com", somebody]);
    assert.deepEqual(await tested.store.findAuditAddresses(chain.name, 0, 3), mentions);
    assert.deepEqual(await tested.store.findAuditAddresses(chain.name, 1, 2), mentions.slice(1, 2));
    await tested.store.removeAccount(subject);
    assert.deepEqual(await told(), ["of [removed]", "of [removed]", somebody]);
    assert.deepEqual(await tested.store.findAuditAddresses(chain.name, 0, 3), mentions.slice(2));
  });

  test("the oldest records go first, and of each chain is noted up to where", async () => {
    const [one, other] = [new Chain(tested), new Chain(tested)];
    await one.open();
    await other.open();
    const oldest = (await tested.store.findAudit({}, { order: "oldest", limit: 1 })).records[0]?.time ?? 0;
    assert.ok(oldest > -1000);
    // Older than whatever other tests leave.
    const [a, b] = [
      await one.append([{ time: -4000 }, { time: -3000 }, { time: -1000 }]),
      await other.append([{ time: -3500 }, { time: -2500 }], [], true),
    ];
    const { chains: before } = await tested.store.findAuditChains();
    const bytesOf = (chains: typeof before, { name }: Chain) =>
      chains.find(({ chain }) => chain === name)?.bytes ?? assert.fail(`${name} is not there`);
    assert.ok(bytesOf(before, other) > 100);
    const first = await tested.store.trimAudit(-2000, 3, sealer);
    assert.equal(first.records, 3);
    const second = await tested.store.trimAudit(-2000, 3, sealer);
    assert.equal(second.records, 1);
    assert.deepEqual(await tested.store.trimAudit(-2000, 3, sealer), { records: 0, bytes: 0 });
    assert.deepEqual(await tested.store.readAuditChain(one.name, 0, 9), a.slice(2));
    assert.deepEqual(await tested.store.readAuditChain(other.name, 0, 9), []);
    const { chains } = await tested.store.findAuditChains();
    const cutOf = ({ name }: Chain) => chains.find(({ chain }) => chain === name)?.cut;
    const cut = (record: SealedRecord | undefined) => ({
      sequence: record?.sequence,
      mac: record?.mac,
      keyId: -7,
      seal: sealer.cut(record?.chain ?? "", record?.sequence ?? 0, record?.mac ?? ""),
    });
    assert.deepEqual(cutOf(one), cut(a[1]));
    assert.deepEqual(cutOf(other), cut(b[1]));
    assert.equal(bytesOf(chains, other), 0);
    const gone = bytesOf(before, one) + bytesOf(before, other) - bytesOf(chains, one);
    assert.equal(first.bytes + second.bytes, gone);
  });

  test("chains are forgotten from the first on, once nothing is left of them and nothing will follow", async () => {
    const chain = new Chain(tested);
    const number = await chain.open();
    await chain.append([{ time: 10 }], [], true);
    await tested.store.trimAudit(Number.MAX_SAFE_INTEGER, 100_000, sealer);
    const { registry, chains } = await tested.store.findAuditChains();
    assert.equal(registry.opened, number);
    assert.deepEqual(registry.forgotten, { upTo: number, keyId: -7, seal: `forgotten ${number}` });
    assert.deepEqual(chains, []);
    assert.equal(await new Chain(tested).open(), number + 1, "numbers go on");
  });
}
