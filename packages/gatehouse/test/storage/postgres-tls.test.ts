import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { getCACertificates } from "node:tls";
import { Client } from "pg";
import { readAuthorities } from "../../src/config/authorities.ts";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { trustAuthorities } from "../../src/start/authorities.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { startPostgres } from "../support/postgres.ts";
import { selfSigned } from "../support/self-signed.ts";

test("what the URL says about TLS holds: a certificate is verified, and only the right one will do", async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const url = await postgres.createDatabase();
  await speakTls(url);
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const trusted = join(folder, "root.crt");
  writeFileSync(trusted, selfSigned.cert);

  const store = await openPostgresStore({ url: `${url}?sslmode=verify-full&sslrootcert=${trusted}` });
  t.after(() => store.close());
  await store.findProblems();
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    "select bool_or(ssl) as encrypted from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'gatehouse'",
  );
  await client.end();
  assert.deepEqual(rows, [{ encrypted: true }]);
  for (const mode of ["verify-full", "require"]) {
    await assert.rejects(openPostgresStore({ url: `${url}?sslmode=${mode}` }), (error: Error) => {
      assert.ok(error instanceof StoreUnavailableError);
      assert.match(error.message, /certificate cannot be verified.*\(require too\).*sslrootcert/, mode);
      assert.match(String(error.cause), /self-signed certificate/);
      return true;
    });
  }
  await (await openPostgresStore({ url: `${url}?sslmode=no-verify` })).close();

  const authorities = readAuthorities(trusted) ?? assert.fail();
  /** Compared without their line breaks, which are not kept. */
  const trustedNow = () => getCACertificates("default").map((pem) => pem.replaceAll(/\s/g, ""));
  const usual = trustedNow();
  trustAuthorities({ authorities });
  await (await openPostgresStore({ url: `${url}?sslmode=verify-full` })).close();
  const now = new Set(trustedNow());
  assert.ok(usual.length > 50 && usual.every((pem) => now.has(pem)), "the public ones stay");
  assert.deepEqual(
    [readAuthorities(join(folder, "none.pem")), readAuthorities(import.meta.filename)],
    [undefined, undefined],
  );
});

/** Gives the running server a certificate and a key, which must be its own and nobody else's to read. */
async function speakTls(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ data_directory: string }>("show data_directory");
  const folder = rows[0]?.data_directory ?? assert.fail();
  const { uid, gid } = statSync(folder);
  for (const [name, text] of [
    ["server.crt", selfSigned.cert],
    ["server.key", selfSigned.key],
  ] as const) {
    const path = join(folder, name);
    writeFileSync(path, text);
    chownSync(path, uid, gid);
    chmodSync(path, 0o600);
  }
  await client.query("alter system set ssl = on");
  await client.query("select pg_reload_conf()");
  await client.end();
}
