import { setImmediate as turn } from "node:timers/promises";
import { auditBytes, mentionedIn, type SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditStore } from "../../oauth/store/audit.ts";
import {
  type AuditPlace,
  auditAddresses,
  auditChains,
  auditRegistries,
  boundsOf,
  filterColumns,
  filtersOf,
  forgettable,
  headValues,
  lastOfEach,
  pageOf,
  sealedRecords,
} from "../audit.ts";
import { stepByStep } from "../ending.ts";
import type { Database, Value } from "./database.ts";
import { placeholders } from "./dialect.ts";
import { rowsAtOnce } from "./ending.ts";

/**
 * Records that a look-up goes through before it lets others have the process: what is looked for has no index
 * of its own, which would cost each record ten times as much as the record.
 */
const looksAtOnce = 4000;

export function auditOperations(database: Database): AuditStore {
  const count = database.prepare(
    "update gatehouse_audit_registry set opened = opened + 1 where id = 1 returning opened",
  );
  const sealCount = database.prepare(
    "update gatehouse_audit_registry set sealed_opened = ?, sealed_key_id = ?, sealed = ? where id = 1",
  );
  const open = database.prepare(
    `insert into gatehouse_audit_chains (number, chain, instance, key_id, opened_at, sequence, mac, written_at, is_ended, seal,
       cut_sequence, cut_mac, cut_seal, bytes) values (${placeholders(10)}, 0, '', '', 0)`,
  );
  const findNumber = database.prepare("select number from gatehouse_audit_chains where chain = ?");
  const moveHead = database.prepare(
    `update gatehouse_audit_chains set sequence = ?, mac = ?, written_at = ?, is_ended = ?, seal = ?, bytes = bytes + ?
     where chain = ? and sequence = ? and is_ended = 0`,
  );
  const isHead = database.prepare(
    "select 1 from gatehouse_audit_chains where chain = ? and sequence = ? and mac = ?",
  );
  const add = database.prepare(
    `insert into gatehouse_audit (${sealedRecords.columns}) values (${placeholders(sealedRecords.names.length)})`,
  );
  const addAddress = database.prepare(
    `insert into gatehouse_audit_addresses (${auditAddresses.columns}, folded) values (${placeholders(6)}, lower(?))`,
  );
  const matching = filterColumns.map((name) => `${name} is coalesce(?, ${name})`).join(" and ");
  // By name there is an index, and then only those are gone through.
  const select = (direction: "desc" | "asc", named: "" | "name = ? and " = "") => {
    const order = `order by happened_at ${direction}, chain ${direction}, sequence ${direction}`;
    const between =
      "(happened_at, chain, sequence) > (?, ?, ?) and (happened_at, chain, sequence) < (?, ?, ?)";
    return {
      bound: database.prepare(
        `select happened_at, chain, sequence from gatehouse_audit where ${named}${between} ${order} limit 1 offset ${looksAtOnce}`,
      ),
      page: database.prepare(
        `select ${sealedRecords.columns} from gatehouse_audit where ${named}${between} and ${matching} ${order} limit ?`,
      ),
    };
  };
  const newest = { all: select("desc"), named: select("desc", "name = ? and ") };
  const oldest = { all: select("asc"), named: select("asc", "name = ? and ") };
  const addressesOf = database.prepare(
    `select ${auditAddresses.columns} from gatehouse_audit_addresses where chain = ? and sequence between ? and ?
     order by chain, sequence`,
  );
  const chainFrom = database.prepare(
    `select ${sealedRecords.columns} from gatehouse_audit where chain = ? and sequence > ? order by sequence limit ?`,
  );
  const stray = database.prepare(
    `select a.chain, a.sequence from gatehouse_audit as a left join gatehouse_audit_chains as c on c.chain = a.chain
     where c.chain is null order by a.chain, a.sequence limit 10`,
  );
  const registry = database.prepare(
    `select ${auditRegistries.columns} from gatehouse_audit_registry where id = 1`,
  );
  const chains = database.prepare(
    `select ${auditChains.columns} from gatehouse_audit_chains order by number`,
  );
  const old = database.prepare(
    `select ${sealedRecords.columns} from gatehouse_audit where happened_at < ? order by happened_at, chain, sequence limit ?`,
  );
  const cut = database.prepare(
    `update gatehouse_audit_chains set cut_sequence = ?, cut_mac = ?, cut_key_id = ?, cut_seal = ?, bytes = bytes - ?
     where chain = ?`,
  );
  const remove = ["gatehouse_audit", "gatehouse_audit_addresses"].map((table) =>
    database.prepare(`delete from ${table} where chain = ? and sequence <= ?`),
  );
  const forget = database.prepare("delete from gatehouse_audit_chains where number <= ?");
  const noteForgotten = database.prepare(
    "update gatehouse_audit_registry set forgotten = ?, forgotten_key_id = ?, forgotten_seal = ? where id = 1",
  );

  const allChains = () => chains.all().map(auditChains.read);
  const mentioned = (records: readonly SealedRecord[]) =>
    records
      .filter(({ body }) => mentionedIn(body).length > 0)
      .flatMap(({ chain, sequence }) => addressesOf.all(chain, sequence, sequence).map(auditAddresses.read));

  return {
    openAuditChain: ({ chain, instance, keyId, openedAt }, head, sealer) =>
      database.write(() => {
        const known = findNumber.get(chain);
        if (known !== undefined) return Number(known[0]);
        const number = Number(count.get()?.[0]);
        open.run(number, chain, instance, keyId ?? null, openedAt, ...headValues(head));
        if (sealer.keyId !== undefined) sealCount.run(number, sealer.keyId, sealer.opened(number));
        return number;
      }),
    appendAudit: ({ chain, records, addresses, head }) => {
      const bytes = auditBytes(records);
      const before = head.sequence - records.length;
      return database.write(() => {
        if (moveHead.run(...headValues(head), bytes, chain, before).changes === 0)
          return isHead.get(chain, head.sequence, head.mac) === undefined ? "strange" : "appended";
        for (const record of records) add.run(...valuesOf(record));
        for (const each of addresses)
          addAddress.run(
            each.id,
            each.chain,
            each.sequence,
            each.subject ?? null,
            each.address,
            each.salt,
            each.address,
          );
        return "appended";
      });
    },
    async findAudit(query, { order, limit, after }) {
      const { name } = query;
      const { bound, page } = (order === "newest" ? newest : oldest)[name === undefined ? "all" : "named"];
      const named = name === undefined ? [] : [name];
      const filters = filtersOf(query);
      const found: SealedRecord[] = [];
      let { from, to } = boundsOf(query, after, order);
      for (;;) {
        const result = await database.read(() => {
          const end = bound.get(...named, ...from, ...to) as AuditPlace | undefined;
          const [low, high] = end === undefined ? [from, to] : order === "newest" ? [end, to] : [from, end];
          const missing = limit + 1 - found.length;
          found.push(...page.all(...named, ...low, ...high, ...filters, missing).map(sealedRecords.read));
          if (end === undefined || found.length > limit) return pageOf(found, limit, mentioned(found));
          // The record at the bound itself is left to the next step.
          if (order === "newest") to = behind(end);
          else from = before(end);
          return undefined;
        });
        if (result !== undefined) return result;
        await turn(); // for whoever waits, without a pause: somebody waits for this, too
      }
    },
    readAuditChain: (chain, after, limit) =>
      database.read(() => chainFrom.all(chain, after, limit).map(sealedRecords.read)),
    findStrayAudit: () =>
      database.read(() =>
        stray.all().map(([chain, sequence]) => ({ chain: String(chain), sequence: Number(sequence) })),
      ),
    findAuditAddresses: (chain, after, upTo) =>
      database.read(() => addressesOf.all(chain, after + 1, upTo).map(auditAddresses.read)),
    findAuditChains: () =>
      database.read(() => ({
        registry: auditRegistries.read(registry.get() ?? []),
        chains: allChains(),
      })),
    trimAudit: (until, limit, sealer) => {
      const total = { records: 0, bytes: 0 };
      return stepByStep(() =>
        database.write(() => {
          const atMost = Math.min(limit - total.records, rowsAtOnce);
          const gone = old.all(until, atMost).map(sealedRecords.read);
          for (const { last, bytes } of lastOfEach(gone)) {
            const { chain, sequence, mac } = last;
            cut.run(sequence, mac, sealer.keyId ?? null, sealer.cut(chain, sequence, mac), bytes, chain);
            for (const each of remove) each.run(chain, sequence);
          }
          total.records += gone.length;
          total.bytes += auditBytes(gone);
          if (gone.length === atMost && total.records < limit) return undefined;
          const upTo = forgettable(allChains(), until);
          if (upTo !== undefined) {
            forget.run(upTo);
            noteForgotten.run(upTo, sealer.keyId ?? null, sealer.forgotten(upTo));
          }
          return total;
        }),
      );
    },
  };
}

/** Places right beside one, so that it is among what stands between. */
const behind = ([time, chain, sequence]: AuditPlace): AuditPlace => [time, chain, sequence + 1];
const before = ([time, chain, sequence]: AuditPlace): AuditPlace => [time, chain, sequence - 1];

function valuesOf(record: SealedRecord): Value[] {
  const { chain, sequence, time, name, outcome, subject, client, resource, grant } = record;
  const { address, reference, body, mac } = record;
  const known: Value[] = [chain, sequence, time, name, outcome];
  const searched = [subject, client, resource, grant, address, reference].map((each) => each ?? null);
  return [...known, ...searched, body, mac];
}
