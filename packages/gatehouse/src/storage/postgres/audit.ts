import { auditBytes, mentionedIn, type SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditAddress, AuditStore } from "../../oauth/store/audit.ts";
import {
  auditAddresses,
  auditChains,
  auditRegistries,
  boundsOf,
  filterColumns,
  filtersOf,
  forgettable,
  lastOfEach,
  pageOf,
  sealedRecords,
} from "../audit.ts";
import { type Database, type Statement, Undo } from "./database.ts";

const recordTypes = `chain text, sequence bigint, happened_at bigint, name text, outcome text, subject text, client_id text,
  resource text, grant_id text, address text, reference text, body text, mac text`;
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
     )
     insert into gatehouse_audit (${sealedRecords.columns})
     select ${sealedRecords.names.map((name) => `r.${name}`).join(", ")}
     from json_to_recordset($9) as r (${recordTypes}) join head on head.chain = r.chain
     returning sequence`,
  );
  const isHead = database.prepare(
    "select chain from gatehouse_audit_chains where chain = $1 and sequence = $2 and mac = $3",
  );
  // A statement for each set of filters: with all of them in one, whether there is anything to filter by is
  // hidden from the planner, and it sorts the whole trail for a page.
  const pages = new Map<string, Statement>();
  const pageBy = (filtered: readonly string[], order: "newest" | "oldest"): Statement => {
    const key = [order, ...filtered].join(" ");
    const direction = order === "newest" ? "desc" : "asc";
    const matching = filtered.map((name, at) => ` and ${name} = $${at + 8}`).join("");
    const statement =
      pages.get(key) ??
      database.prepare(
        `select ${sealedRecords.columns} from gatehouse_audit
         where (happened_at, chain, sequence) > ($1, $2, $3) and (happened_at, chain, sequence) < ($4, $5, $6)${matching}
         order by happened_at ${direction}, chain ${direction}, sequence ${direction} limit $7`,
      );
    pages.set(key, statement);
    return statement;
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
    `select ${sealedRecords.columns} from gatehouse_audit where chain = $1 and sequence > $2 order by sequence limit $3`,
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
    `select ${sealedRecords.columns} from gatehouse_audit where happened_at < $1 order by happened_at, chain, sequence limit $2`,
  );
  const cut = database.prepare(
    `update gatehouse_audit_chains set cut_sequence = $1, cut_mac = $2, cut_key_id = $3, cut_seal = $4, bytes = bytes - $5
     where chain = $6`,
  );
  const remove = ["gatehouse_audit", "gatehouse_audit_addresses"].map((table) =>
    database.prepare(`delete from ${table} where chain = $1 and sequence <= $2`),
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
      const rows = JSON.stringify(records.map(rowOf));
      const values = [auditBytes(records), before, rows, JSON.stringify(addresses)];
      const { changes } = await database.run(append, chain, sequence, mac, time, isEnded, seal, ...values);
      if (changes > 0) return "appended";
      return (await database.run(isHead, chain, sequence, mac)).rows.length > 0 ? "appended" : "strange";
    },
    async findAudit(query, { order, limit, after }) {
      const { from, to } = boundsOf(query, after, order);
      const filters = filtersOf(query);
      const filtered = filterColumns.filter((_, at) => filters[at] !== null);
      const values = [...from, ...to, limit + 1, ...filters.filter((value) => value !== null)];
      const page = pageBy(filtered, order);
      const found = (await database.run(page, ...values)).rows.map(sealedRecords.read);
      return pageOf(found, limit, await mentioned(found.slice(0, limit)));
    },
    readAuditChain: async (chain, after, limit) =>
      (await database.run(chainFrom, chain, after, limit)).rows.map(sealedRecords.read),
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
        const gone = (await run(old, until, limit)).rows.map(sealedRecords.read);
        const { keyId = null } = sealer;
        for (const { last, bytes } of lastOfEach(gone)) {
          const { chain, sequence, mac } = last;
          await run(cut, sequence, mac, keyId, sealer.cut(chain, sequence, mac), bytes, chain);
          for (const each of remove) await run(each, chain, sequence);
        }
        const upTo = forgettable((await run(chains)).rows.map(auditChains.read), until);
        if (upTo !== undefined) {
          await run(forget, upTo);
          await run(noteForgotten, upTo, keyId, sealer.forgotten(upTo));
        }
        return { records: gone.length, bytes: auditBytes(gone) };
      }),
  };
}

/** As the statement takes it from JSON. */
const rowOf = ({ client, grant, time, ...record }: SealedRecord) => ({
  ...record,
  happened_at: time,
  client_id: client,
  grant_id: grant,
});
