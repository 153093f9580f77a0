import assert from "node:assert/strict";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { Client } from "pg";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { runTogether, together } from "../together/files.ts";

/** What comes out the same whatever the store is. What a store may do differently is run here. */
const elsewhere = [
  // Those that bring a database of their own kind, one of them PostgreSQL.
  "database-dump",
  "legacy-side-by-side",
  "legacy-refresh",
  "twenty-failures",
  // What is decided before the store is asked: addresses, documents, the identity providers, the address of
  // whoever asks.
  "authorization-response",
  "bad-input",
  "client-document-policy",
  "client-documents",
  "configured-providers",
  "development-sign-in",
  "entra",
  "failed-sign-ins",
  "metadata",
  "open-redirect",
  "provider-outage",
  "several-providers",
  "upstream-request",
  // What is made of its answers: pages, logs and numbers.
  "doctor-challenge",
  "hostile-text",
  "hygiene",
  "language",
  "metrics",
  "secrets-nowhere",
];
const files = together.flows.filter((file) => !elsewhere.includes(basename(file, ".test.ts")));

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
  // Each server under test gets a copy of one that is up to date.
  const url = await postgres.createDatabase();
  await (await openPostgresStore({ url })).close();
  process.env.TEST_POSTGRES = url;
});
after(() => postgres?.stop());

runTogether(files);

test("LEGACY and all other flows and attacks that a store has a say in go on PostgreSQL as they do on the embedded database", async (t) => {
  // Each of them is a test of its own, above; what is left to be seen is that they did.
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  t.after(() => client.end());
  const { rows } = await client.query("select datname from pg_database");
  assert.ok(files.length > 45, `${files.length} files`);
  assert.ok(rows.length > files.length, `${rows.length} databases for ${files.length} files`);
});
