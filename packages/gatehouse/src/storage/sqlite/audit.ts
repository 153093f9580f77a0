import { auditBytes, mentionedIn, type SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditStore } from "../../oauth/store/audit.ts";
import {
  auditAddresses,
  auditChains,
  auditRegistries,
  forgettable,
  headValues,
  hoursOfAudit,
  pageOf,
} from "../audit.ts";
import {
  auditBlockKeys,
  auditBlocks,
  blockSpanMs,
  blocksOf,
  blockValues,
  enoughFor,
  hourMs,
  hoursOf,
  lastOfEach,
  maxBlockRecords,
  recordsIn,
  shortened,
} from "../audit-blocks.ts";
import { type AuditReader, boundsOf, type ReadBlocks, searchAudit, wantedBy } from "../audit-search.ts";
import { stepByStep } from "../ending.ts";
import type { Database } from "./database.ts";
import { placeholders } from "./dialect.ts";

/** Blocks that one write removes, of so many records in all: so few that no other write notices (X11). */
const blocksAtOnce = 50;

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
    `insert into gatehouse_audit_blocks (${auditBlocks.columns}) values (${placeholders(auditBlocks.names.length)})`,
  );
  const countHour = database.prepare(
    `insert into gatehouse_audit_hours (hour, name, chain, records) values (?, ?, ?, ?)
     on conflict (name, hour, chain) do update set records = records + excluded.records`,
  );
  const addAddress = database.prepare(
    `insert into gatehouse_audit_addresses (${auditAddresses.columns}, folded) values (${placeholders(6)}, lower(?))`,
  );
  const addressesOf = database.prepare(
    `select ${auditAddresses.columns} from gatehouse_audit_addresses where chain = ? and sequence between ? and ?
     order by chain, sequence`,
  );
  const chainFrom = database.prepare(
    `select ${auditBlocks.columns} from gatehouse_audit_blocks
     where chain = ?1 and last_sequence > ?2 and first_sequence <= max(?3,
       (select first_sequence from gatehouse_audit_blocks where chain = ?1 and last_sequence > ?2
        order by last_sequence limit 1))
     order by last_sequence`,
  );
  const hours = database.prepare(
    `select name, hour, sum(records) from gatehouse_audit_hours
     where hour > ?1 - ${hourMs} and name in (select value from json_each(?2)) group by hour, name`,
  );
  const stray = database.prepare(
    `select a.chain, a.first_sequence from gatehouse_audit_blocks as a left join gatehouse_audit_chains as c on c.chain = a.chain
     where c.chain is null order by a.chain, a.last_sequence limit 10`,
  );
  const registry = database.prepare(
    `select ${auditRegistries.columns} from gatehouse_audit_registry where id = 1`,
  );
  const chains = database.prepare(
    `select ${auditChains.columns} from gatehouse_audit_chains order by number`,
  );
  const old = database.prepare(
    `select ${auditBlockKeys.columns} from gatehouse_audit_blocks where last_at < ?
     order by last_at, chain, last_sequence limit ?`,
  );
  const blockAt = database.prepare(
    `select ${auditBlocks.columns} from gatehouse_audit_blocks where chain = ? and last_sequence = ?`,
  );
  const removeBlock = database.prepare(
    "delete from gatehouse_audit_blocks where chain = ? and last_sequence = ?",
  );
  const shortenBlock = database.prepare(
    "update gatehouse_audit_blocks set first_sequence = ?, first_at = ?, records = ? where chain = ? and last_sequence = ?",
  );
  const countLess = database.prepare(
    "update gatehouse_audit_hours set records = records - ? where hour = ? and name = ? and chain = ?",
  );
  const forgetHour = database.prepare(
    "delete from gatehouse_audit_hours where hour = ? and name = ? and chain = ? and records <= 0",
  );
  const cut = database.prepare(
    `update gatehouse_audit_chains set cut_sequence = ?, cut_mac = ?, cut_key_id = ?, cut_seal = ?, bytes = bytes - ?
     where chain = ?`,
  );
  const removeAddresses = database.prepare(
    "delete from gatehouse_audit_addresses where chain = ? and sequence <= ?",
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

  const select = (direction: "desc" | "asc"): ReadBlocks => {
    const page = database.prepare(
      `select ${auditBlocks.columns} from gatehouse_audit_blocks
       where (last_at, chain, last_sequence) > (?, ?, ?) and (last_at, chain, last_sequence) < (?, ?, ?)
       order by last_at ${direction}, chain ${direction}, last_sequence ${direction} limit ?`,
    );
    return ({ from, to }, limit) =>
      database.read(() => page.all(...from, ...to, limit).map(auditBlocks.read));
  };

  const countAudit = (names: readonly string[], since: number) =>
    database.read(() => hours.all(since, JSON.stringify(names)).map(hoursOfAudit.read));
  const reader: AuditReader = { newest: select("desc"), oldest: select("asc"), count: countAudit };

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
    appendAudit: ({ chain, records, addresses, head, isAwaited }) => {
      const bytes = auditBytes(records);
      const before = head.sequence - records.length;
      const [blocks, hours] = [blocksOf(records), hoursOf(records)];
      const append = (): "appended" | "strange" => {
        if (moveHead.run(...headValues(head), bytes, chain, before).changes === 0)
          return isHead.get(chain, head.sequence, head.mac) === undefined ? "strange" : "appended";
        for (const block of blocks) add.run(...blockValues(block));
        for (const { hour, name, count } of hours) countHour.run(hour, name, chain, count);
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
      };
      return isAwaited ? database.write(append) : database.writeWithOthers(append);
    },
    async findAudit(query, { order, limit, after }) {
      const bounds = boundsOf(query, after, order);
      const found = await searchAudit(reader, wantedBy(query), bounds, { order, limit: limit + 1 });
      const addresses = await database.read(() => mentioned(found.slice(0, limit)));
      return pageOf(found, limit, addresses);
    },
    countAudit,
    async findLatestAudit(names, since, limit) {
      const wanted = [{ column: "name", values: names }] as const;
      const bounds = boundsOf({ since }, undefined, "newest");
      const found = await searchAudit(reader, wanted, bounds, { order: "newest", limit });
      return pageOf(found, limit, await database.read(() => mentioned(found))).records;
    },
    readAuditChain: (chain, after, limit) =>
      database.read(() => {
        const records: SealedRecord[] = [];
        for (let from = after; records.length < limit; ) {
          const blocks = chainFrom.all(chain, from, after + limit).map(auditBlocks.read);
          const last = blocks.at(-1);
          if (last === undefined) break;
          records.push(
            ...blocks.flatMap((block) => recordsIn(block)).filter(({ sequence }) => sequence > after),
          );
          from = last.lastSequence;
        }
        return records.slice(0, limit);
      }),
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
          const atMost = Math.min(limit - total.records, maxBlockRecords);
          const keys = enoughFor(old.all(until + blockSpanMs, blocksAtOnce).map(auditBlockKeys.read), atMost);
          const blocks = keys.flatMap(({ chain, lastSequence }) =>
            blockAt.all(chain, lastSequence).map(auditBlocks.read),
          );
          const { gone, removed, kept } = shortened(blocks, until, atMost);
          for (const { chain, lastSequence } of removed) removeBlock.run(chain, lastSequence);
          for (const { block, rest } of kept)
            shortenBlock.run(rest.firstSequence, rest.firstAt, rest.records, block.chain, block.lastSequence);
          for (const { hour, name, chain, count } of hoursOf(gone)) {
            countLess.run(count, hour, name, chain);
            forgetHour.run(hour, name, chain);
          }
          for (const { last, bytes } of lastOfEach(gone)) {
            const { chain, sequence, mac } = last;
            cut.run(sequence, mac, sealer.keyId ?? null, sealer.cut(chain, sequence, mac), bytes, chain);
            removeAddresses.run(chain, sequence);
          }
          total.records += gone.length;
          total.bytes += auditBytes(gone);
          if (gone.length + removed.length > 0 && total.records < limit) return undefined;
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
