import type { DatabaseSync } from "node:sqlite";
import type { SealedRecord } from "../../src/oauth/audit-record.ts";
import { type AuditBlock, auditBlocks, blocksOf, recordsIn } from "../../src/storage/audit-blocks.ts";

/*
 * What somebody can do with SQL to the records of an audit trail on SQLite: they are taken out of their
 * blocks into a table `loose_records`, one a row, and put back as blocks of one each.
 */

const columns =
  "chain, sequence, happened_at, name, outcome, subject, client_id, resource, grant_id, address, reference, body, mac";

/** All records of a chain, or of all chains. */
export function looseRecords(database: DatabaseSync, chain?: string): SealedRecord[] {
  const all = database.prepare(
    `select ${auditBlocks.columns} from gatehouse_audit_blocks where chain = coalesce(?, chain) order by chain, last_sequence`,
  );
  all.setReturnArrays(true);
  const rows = all.all(chain ?? null) as unknown as (readonly unknown[])[];
  return rows.map((row) => auditBlocks.read(row)).flatMap((block) => recordsIn(block));
}

/** Runs a statement on `loose_records`. */
export function changeRecords(
  database: DatabaseSync,
  sql: string,
  ...values: readonly (string | number | null)[]
): void {
  database.exec(`create temp table loose_records (${columns}, primary key (chain, sequence))`);
  const add = database.prepare(
    `insert into loose_records (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const each of looseRecords(database)) {
    const { chain, sequence, time, name, outcome, body, mac } = each;
    const { subject, client, resource, grant, address, reference } = each;
    const optional = [subject, client, resource, grant, address, reference].map((value) => value ?? null);
    add.run(chain, sequence, time, name, outcome, ...optional, body, mac);
  }
  database.prepare(sql).run(...values);
  const changed = database.prepare(
    `select chain, sequence, happened_at as time, name, outcome, subject, client_id as client, resource,
       grant_id as "grant", address, reference, body, mac from loose_records order by chain, sequence`,
  );
  const blocks: AuditBlock[] = changed.all().flatMap((row) => blocksOf([row as unknown as SealedRecord])); // the columns are those of a record
  database.exec("drop table loose_records");
  database.exec("begin; delete from gatehouse_audit_blocks");
  const put = database.prepare(
    `insert into gatehouse_audit_blocks (${auditBlocks.columns}) values (?, ?, ?, ?, ?, ?)`,
  );
  for (const { chain, firstSequence, lastSequence, firstAt, lastAt, records } of blocks)
    put.run(chain, firstSequence, lastSequence, firstAt, lastAt, records);
  database.exec("commit");
}
