import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { getCACertificates } from "node:tls";
import { Client } from "pg";
import { createGuardedFetch } from "../../src/client-documents/guarded-fetch.ts";
import { readAuthorities } from "../../src/config/authorities.ts";
import { variableNames } from "../../src/config/sources.ts";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { trustAuthorities } from "../../src/start/authorities.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { anyProvider, runProcess, startCommand, untilPrinted } from "../commands/command-line.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { selfSigned } from "../support/self-signed.ts";

let postgres: Postgres;
let url: string;
const folder = mkdtempSync(join(tmpdir(), "certificates-"));
const trusted = join(folder, "root.crt");
writeFileSync(trusted, selfSigned.cert);
before(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  await speakTls(url);
});
after(async () => {
  await postgres?.stop();
  rmSync(folder, { recursive: true });
});

test("Y30 with CA_FILE the company's authority is trusted by provider, documents and database; without, whose each refused certificate is stands in the log with the setting that helps", async (t) => {
  const whose = { subject: "CN=127.0.0.1", issuer: "CN=127.0.0.1" };
  const helps = /if its authority is your company's, name the authority's file: CA_FILE=/;
  const SQL_URL = `${url}?sslmode=verify-full`;
  const databaseHost = new URL(url).host;
  const web = createTlsServer(selfSigned, (_, response) => response.writeHead(404).end());
  web.listen(0, "127.0.0.1");
  await once(web, "listening");
  t.after(() => web.close());
  const issuer = `https://127.0.0.1:${(web.address() as AddressInfo).port}`;
  const settings = { ...anyProvider, UPSTREAM_ISSUER: issuer, BASE_URL: "http://localhost:1", PORT: "0" };
  const child = startCommand(["serve"], { ...settings, SQL_URL, SECRET_KEY: "k.".repeat(20) });
  t.after(() => child.kill("SIGKILL"));
  const printed = await untilPrinted(child, /(?:"certificate"[\s\S]*){2}\n/);
  child.kill("SIGTERM");
  const lines = printed.split("\n").filter((line) => line.includes('"certificate"'));
  const told = lines.map((line) => JSON.parse(line));
  const ofDatabase = told.find(({ msg }) => msg.startsWith("the database's certificate was refused"));
  assert.deepEqual(ofDatabase.certificate, { host: databaseHost, ...whose });
  assert.match(ofDatabase.msg, helps);
  const ofProvider = told.find(({ msg }) => msg.startsWith("nobody can sign in"));
  assert.deepEqual(ofProvider.certificate, { host: new URL(issuer).host, ...whose });
  assert.match(ofProvider.msg, /SELF_SIGNED_CERT.*CA_FILE=\/path\/ca\.pem/);

  for (const command of [["migrate"], ["clients", "list"]]) {
    const { code, err } = await runProcess(command, { SQL_URL });
    assert.equal(code, 1);
    assert.match(err, /^gatehouse: the database cannot answer: its certificate cannot be verified.*CA_FILE;/);
    assert.ok(
      err.includes(`certificate of ${databaseHost} is of ${whose.subject}, issued by ${whose.issuer}`),
    );
    assert.equal((await runProcess(command, { SQL_URL, CA_FILE: trusted })).code, 0);
  }

  const resolve = async () => [{ address: "127.0.0.1", family: 4 as const }];
  const document = `${issuer}/client.json`;
  await assert.rejects(
    createGuardedFetch({ allowLoopback: true, resolve })(document, 100),
    (error: Error) => {
      assert.match(error.message, /SELF_SIGNED_CERT/);
      assert.ok(
        error.message.includes(`certificate of ${new URL(issuer).host} is of ${whose.subject}, issued by`),
      );
      assert.match(error.message, helps);
      return true;
    },
  );
  await assert.rejects(
    createGuardedFetch({ allowLoopback: true, resolve, ca: selfSigned.cert })(document, 100),
    /answered 404/,
  );
  const off = variableNames.filter((name) => /VERIFY|INSECURE|UNAUTHORIZED|SKIP/.test(name));
  assert.deepEqual(off, [], "no setting turns verification off");
});

test("what the URL says about TLS holds: a certificate is verified, and only the right one will do", async (t) => {
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
