import { auditBytes, mentionedIn, type SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditAddress, AuditStore } from "../../oauth/store/audit.ts";
import { auditAddresses, auditChains, auditRegistries, forgettable, hoursOfAudit, pageOf } from "../audit.ts";
import {
  type AuditBlock,
  auditBlockKeys,
  auditBlocks,
  blockSpanMs,
  blocksOf,
  enoughFor,
  hourMs,
  hoursOf,
  lastOfEach,
  recordsIn,
  shortened,
} from "../audit-blocks.ts";
import { type AuditReader, boundsOf, type ReadBlocks, searchAudit, wantedBy } from "../audit-search.ts";
import { type Database, Undo } from "./database.ts";

const blockTypes =
  "chain text, first_sequence bigint, last_sequence bigint, first_at bigint, last_at bigint, records text";
/** That are looked at for removal together. */
const blocksAtOnce = 100;
const hourTypes = "hour bigint, name text, chain text, count bigint";
const addressTypes = "id text, chain text, sequence bigint, subject text, address text, salt text";

export function auditOperations(database: Database): AuditStore {
  const count = database.prepare(
    "update gatehouse_audit_registry set opened = opened + 1 where id = 1 returning opened",
  );
  const sealCount = database.prepare(
    "update gatehouse_audit_registry set sealed_opened = $1, sealed_key_id = $2, sealed = $3 where id = 1",
  );
  // Whoever counts chains or cuts them waits for whoever does.
  const take = database.prepare("select opened from gatehouse_audit_registry where id = 1 for update");
  const open = database.prepare(
    `insert into gatehouse_audit_chains (number, chain, instance, key_id, opened_at, sequence, mac, written_at, is_ended, seal,
       cut_sequence, cut_mac, cut_seal, bytes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', '', 0)`,
  );
  const findNumber = database.prepare("select number from gatehouse_audit_chains where chain = $1");
  // One statement, for what an operator does waits for it.
  const append = database.prepare(
    `with head as (
       update gatehouse_audit_chains set sequence = $2, mac = $3, written_at = $4, is_ended = $5, seal = $6, bytes = bytes + $7
       where chain = $1 and sequence = $8 and not is_ended returning chain
     ), mentioned as (
       insert into gatehouse_audit_addresses (${auditAddresses.columns}, folded)
       select a.id, a.chain, a.sequence, a.subject, a.address, a.salt, lower(a.address)
       from json_to_recordset($10) as a (${addressTypes}) join head on head.chain = a.chain
       returning id
     ), counted as (
       insert into gatehouse_audit_hours as h (hour, name, chain, records)
       select c.hour, c.name, c.chain, c.count
       from json_to_recordset($11) as c (${hourTypes}) join head on head.chain = c.chain
       on conflict (name, hour, chain) do update set records = h.records + excluded.records
       returning h.hour
     )
     insert into gatehouse_audit_blocks (${auditBlocks.columns})
     select ${auditBlocks.names.map((name) => `b.${name}`).join(", ")}
     from json_to_recordset($9) as b (${blockTypes}) join head on head.chain = b.chain
     returning last_sequence`,
  );
  const isHead = database.prepare(
    "select chain from gatehouse_audit_chains where chain = $1 and sequence = $2 and mac = $3",
  );
  const select = (direction: " desc" | ""): ReadBlocks => {
    const page = database.prepare(
      `select ${auditBlocks.columns} from gatehouse_audit_blocks
       where (last_at, chain, last_sequence) > ($1, $2, $3) and (last_at, chain, last_sequence) < ($4, $5, $6)
       order by last_at${direction}, chain${direction}, last_sequence${direction} limit $7`,
    );
    return async ({ from, to }, limit) =>
      (await database.run(page, ...from, ...to, limit)).rows.map(auditBlocks.read);
  };
  const addressesIn = database.prepare(
    `select ${auditAddresses.columns} from gatehouse_audit_addresses where chain = $1 and sequence between $2 and $3
     order by chain, sequence`,
  );
  const addressesOf = database.prepare(
    `select ${auditAddresses.names.map((name) => `a.${name}`).join(", ")} from gatehouse_audit_addresses as a
     join json_to_recordset($1) as wanted (chain text, sequence bigint)
       on wanted.chain = a.chain and wanted.sequence = a.sequence`,
  );
  const chainFrom = database.prepare(
    `select ${auditBlocks.columns} from gatehouse_audit_blocks
     where chain = $1 and last_sequence > $2 and first_sequence <= greatest($3,
       (select first_sequence from gatehouse_audit_blocks where chain = $1 and last_sequence > $2
        order by last_sequence limit 1))
     order by last_sequence`,
  );
  const hours = database.prepare(
    `select name, hour, sum(records)::bigint from gatehouse_audit_hours
     where hour > $1::bigint - ${hourMs} and name = any($2::text[]) group by hour, name`,
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
    `select ${auditBlockKeys.columns} from gatehouse_audit_blocks where last_at < $1
     order by last_at, chain, last_sequence limit $2`,
  );
  const blocksAt = database.prepare(
    `select ${auditBlocks.names.map((name) => `b.${name}`).join(", ")} from gatehouse_audit_blocks as b
     join json_to_recordset($1) as wanted (chain text, last_sequence bigint)
       on wanted.chain = b.chain and wanted.last_sequence = b.last_sequence
     order by b.last_at, b.chain, b.last_sequence`,
  );
  const removeBlocks = database.prepare(
    `delete from gatehouse_audit_blocks where (chain, last_sequence) in
       (select chain, last_sequence from json_to_recordset($1) as gone (chain text, last_sequence bigint))`,
  );
  const shortenBlock = database.prepare(
    `update gatehouse_audit_blocks set first_sequence = $1, first_at = $2, records = $3
     where chain = $4 and last_sequence = $5`,
  );
  const countLess = database.prepare(
    `update gatehouse_audit_hours as h set records = h.records - c.count
     from json_to_recordset($1) as c (${hourTypes})
     where c.hour = h.hour and c.name = h.name and c.chain = h.chain`,
  );
  const forgetHours = database.prepare(
    `delete from gatehouse_audit_hours where records <= 0 and (name, hour, chain) in
       (select name, hour, chain from json_to_recordset($1) as less (${hourTypes}))`,
  );
  const cut = database.prepare(
    `update gatehouse_audit_chains set cut_sequence = $1, cut_mac = $2, cut_key_id = $3, cut_seal = $4, bytes = bytes - $5
     where chain = $6`,
  );
  const removeAddresses = database.prepare(
    "delete from gatehouse_audit_addresses where chain = $1 and sequence <= $2",
  );
  const forget = database.prepare("delete from gatehouse_audit_chains where number <= $1");
  const noteForgotten = database.prepare(
    "update gatehouse_audit_registry set forgotten = $1, forgotten_key_id = $2, forgotten_seal = $3 where id = 1",
  );

  const mentioned = async (records: readonly SealedRecord[]): Promise<readonly AuditAddress[]> => {
    const wanted = records
      .filter(({ body }) => mentionedIn(body).length > 0)
      .map(({ chain, sequence }) => ({ chain, sequence }));
    if (wanted.length === 0) return [];
    return (await database.run(addressesOf, JSON.stringify(wanted))).rows.map(auditAddresses.read);
  };

  const countAudit = async (names: readonly string[], since: number) =>
    (await database.run(hours, since, names)).rows.map(hoursOfAudit.read);
  const reader: AuditReader = { newest: select(" desc"), oldest: select(""), count: countAudit };

  return {
    openAuditChain: ({ chain, instance, keyId = null, openedAt }, head, sealer) =>
      database.transaction(async (run) => {
        const number = Number((await run(count)).rows[0]?.[0]);
        const known = (await run(findNumber, chain)).rows[0];
        // The count is the caller's to take back: it waited for whoever opened the same chain.
        if (known !== undefined) throw new Undo(Number(known[0]));
        const { sequence, mac, time, isEnded, seal } = head;
        await run(open, number, chain, instance, keyId, openedAt, sequence, mac, time, isEnded, seal);
        if (sealer.keyId !== undefined) await run(sealCount, number, sealer.keyId, sealer.opened(number));
        return number;
      }),
    async appendAudit({ chain, records, addresses, head }) {
      const { sequence, mac, time, isEnded, seal } = head;
      const before = sequence - records.length;
      const blocks = JSON.stringify(blocksOf(records).map(rowOf));
      const hours = JSON.stringify(hoursOf(records));
      const values = [auditBytes(records), before, blocks, JSON.stringify(addresses), hours];
      const { changes } = await database.run(append, chain, sequence, mac, time, isEnded, seal, ...values);
      if (changes > 0) return "appended";
      return (await database.run(isHead, chain, sequence, mac)).rows.length > 0 ? "appended" : "strange";
    },
    async findAudit(query, { order, limit, after }) {
      const bounds = boundsOf(query, after, order);
      const found = await searchAudit(reader, wantedBy(query), bounds, { order, limit: limit + 1 });
      return pageOf(found, limit, await mentioned(found.slice(0, limit)));
    },
    countAudit,
    async findLatestAudit(names, since, limit) {
      const wanted = [{ column: "name", values: names }] as const;
      const bounds = boundsOf({ since }, undefined, "newest");
      const found = await searchAudit(reader, wanted, bounds, { order: "newest", limit });
      return pageOf(found, limit, await mentioned(found)).records;
    },
    async readAuditChain(chain, after, limit) {
      const records: SealedRecord[] = [];
      for (let from = after; records.length < limit; ) {
        const { rows } = await database.run(chainFrom, chain, from, after + limit);
        const blocks = rows.map(auditBlocks.read);
        const last = blocks.at(-1);
        if (last === undefined) break;
        records.push(
          ...blocks.flatMap((block) => recordsIn(block)).filter(({ sequence }) => sequence > after),
        );
        from = last.lastSequence;
      }
      return records.slice(0, limit);
    },
    findStrayAudit: async () =>
      (await database.run(stray)).rows.map(([chain, sequence]) => ({
        chain: String(chain),
        sequence: Number(sequence),
      })),
    findAuditAddresses: async (chain, after, upTo) =>
      (await database.run(addressesIn, chain, after + 1, upTo)).rows.map(auditAddresses.read),
    async findAuditChains() {
      // The count first: a chain that is opened meanwhile is one more than counted, never one less.
      const [counted = []] = (await database.run(registry)).rows;
      const all = (await database.run(chains)).rows.map(auditChains.read);
      return { registry: auditRegistries.read(counted), chains: all };
    },
    trimAudit: (until, limit, sealer) =>
      database.transaction(async (run) => {
        await run(take);
        const { keyId = null } = sealer;
        const all: SealedRecord[] = [];
        while (all.length < limit) {
          const keys = (await run(old, until + blockSpanMs, blocksAtOnce)).rows.map(auditBlockKeys.read);
          const some = enoughFor(keys, limit - all.length);
          const blocks = (await run(blocksAt, JSON.stringify(some.map(keyOf)))).rows.map(auditBlocks.read);
          const { gone, removed, kept } = shortened(blocks, until, limit - all.length);
          if (gone.length + removed.length === 0) break;
          await run(removeBlocks, JSON.stringify(removed.map(keyOf)));
          for (const { block, rest } of kept)
            await run(
              shortenBlock,
              ...[rest.firstSequence, rest.firstAt, rest.records, block.chain, block.lastSequence],
            );
          all.push(...gone);
        }
        const hours = JSON.stringify(hoursOf(all));
        await run(countLess, hours);
        await run(forgetHours, hours);
        for (const { last, bytes } of lastOfEach(all)) {
          const { chain, sequence, mac } = last;
          await run(cut, sequence, mac, keyId, sealer.cut(chain, sequence, mac), bytes, chain);
          await run(removeAddresses, chain, sequence);
        }
        const upTo = forgettable((await run(chains)).rows.map(auditChains.read), until);
        if (upTo !== undefined) {
          await run(forget, upTo);
          await run(noteForgotten, upTo, keyId, sealer.forgotten(upTo));
        }
        return { records: all.length, bytes: auditBytes(all) };
      }),
  };
}

/** As the statement takes it from JSON. */
const rowOf = ({ chain, firstSequence, lastSequence, firstAt, lastAt, records }: AuditBlock) => ({
  chain,
  first_sequence: firstSequence,
  last_sequence: lastSequence,
  first_at: firstAt,
  last_at: lastAt,
  records,
});

const keyOf = ({ chain, lastSequence }: Pick<AuditBlock, "chain" | "lastSequence">) => ({
  chain,
  last_sequence: lastSequence,
});
