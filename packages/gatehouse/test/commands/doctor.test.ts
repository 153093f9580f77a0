import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, open, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, type TestContext, test } from "node:test";
import { configuredKey, keyIdOf, keyName, newKeyText } from "../../src/oauth/tokens/secret-keys.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { lockFromProcess } from "../support/failures.ts";
import { freePort } from "../support/free-port.ts";
import { mountSmallDisk } from "../support/small-disk.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { runCommand } from "./command-line.ts";
import { doctor, shown } from "./doctor-outcome.ts";

/* Doctor beside a server that does not run: each check finds what was staged, and says what mends it. */

const baseUrl = "http://localhost:8080";
const now = () => seconds(Math.floor(Date.now() / 1000));
let upstream: Upstream;
before(async () => {
  upstream = await startUpstream({ redirectUris: [`${baseUrl}/callback`] });
});
after(() => upstream?.close());

/** A house in order, with a database in a folder of its own. */
async function aHouse(t: TestContext, at?: string) {
  const folder = at ?? (await mkdtemp(join(tmpdir(), "gatehouse-doctor-")));
  if (at === undefined) t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "gatehouse.db");
  const store = await openSqliteStore({ path });
  t.after(() => store.close());
  const key = "a secret key of the tests of at least 32 characters";
  await writeFile(`${path}.key`, `${key}\n`, { mode: 0o600 });
  const environment: Record<string, string> = {
    BASE_URL: baseUrl,
    SQL_URL: `sqlite:${path}`,
    UPSTREAM_ISSUER: upstream.issuer,
    OAUTH2_CLIENT_ID: upstream.clientId,
    OAUTH2_CLIENT_SECRET: upstream.clientSecret,
    ALLOWED_DOMAINS: "example.com",
    METRICS_LISTEN: "off",
  };
  return { folder, path, store, environment };
}

test("with --dev it looks at what gatehouse dev runs, which needs no provider", async (t) => {
  const { path } = await aHouse(t);
  const environment = { SQL_URL: `sqlite:${path}`, PORT: `${await freePort()}`, METRICS_LISTEN: "off" };
  const serve = await doctor(environment);
  assert.equal(serve.of("config.valid").result, "fail");
  const { out } = await runCommand(["doctor", "--dev", "--json"], environment);
  const findings = JSON.parse(out) as { id: string; result: string }[];
  const failing = findings.filter(({ result }) => result === "fail").map(({ id }) => id);
  assert.deepEqual(failing, ["public.reach"], "no server runs");
});

test("a house in order passes each check that can be made while its server is down, and the one that fails says so", async (t) => {
  const { environment } = await aHouse(t);
  const { code, findings, of } = await doctor(environment);
  const others = findings.filter(({ result }) => result !== "ok" && result !== "skipped");
  assert.deepEqual(
    others.map(({ id }) => id),
    ["public.reach"],
  );
  assert.equal(code, 1);
  assert.match(
    of("config.valid").finding,
    /^The configuration is valid: \d+ settings, 0 from the file, 7 from/,
  );
  assert.match(of("config.who").finding, /^People of example\.com may sign in, with /);
  assert.match(of("db.reach").finding, /^SQLite at .*gatehouse\.db answers within \d+ ms\.$/);
  assert.match(of("db.write").finding, /^A write takes \d+ ms\.$/);
  assert.match(of("disk.space").finding, / free/);
  assert.equal(of("key.file").finding, "The key file is readable by this user alone.");
  assert.equal(of("provider.discovery").finding, `\`${upstream.issuer}\` answers as itself.`);
  assert.match(of("provider.redirect").finding, /accepts `http:\/\/localhost:8080\/callback`/);
  const text = await runCommand(["doctor"], environment);
  for (const { id, result, finding } of findings.filter((each) => each.id.startsWith("provider."))) {
    const line = text.out.split("\n").find((each) => each.includes(id)) ?? "";
    assert.ok(line.startsWith(result) && line.endsWith(finding), line);
  }
});

test("a configuration with faults names each, with what is expected, and all that needs it is skipped", async (t) => {
  const { environment, folder } = await aHouse(t);
  const file = join(folder, "gatehouse.yaml");
  await writeFile(file, "sign_in:\n  allowed_domain: [example.com]\n");
  const { code, all, findings, of } = await doctor({ ...environment, GATEHOUSE_CONFIG: file });
  assert.equal(code, 1);
  assert.match(
    shown(all("config.valid")[0] ?? of("config.valid")),
    /gatehouse\.yaml:2:3.*allowed_domain.*allowed_domains/,
  );
  assert.equal(of("runtime.version").result, "ok");
  assert.ok(
    findings.every(
      ({ id, result }) => id === "config.valid" || id === "runtime.version" || result === "skipped",
    ),
  );
});

test("a provider that takes anybody is warned of, by the setting that keeps strangers out", async (t) => {
  const { environment } = await aHouse(t);
  const { ALLOWED_DOMAINS: _, ...open } = environment;
  const { code, of } = await doctor({ ...open, UPSTREAM_ISSUER: "https://accounts.google.com" });
  assert.equal(
    shown(of("config.who")),
    "warn | Everybody with a Google account may sign in. | To keep strangers out, set `ALLOWED_DOMAINS`.",
  );
  assert.equal(code, 1, "nothing of Google is reached from here");
});

test("a database that is not there, old, damaged, or held by another process is told apart", async (t) => {
  await t.test("there is none: what needs it is skipped, and the rest is looked at", async () => {
    const { environment } = await aHouse(t);
    const { code, of } = await doctor({ ...environment, SQL_URL: "sqlite:/tmp/no-such-folder/gatehouse.db" });
    assert.equal(code, 1);
    assert.match(shown(of("db.reach")), /^fail \| .*does not exist.*\| Run this where the server runs/);
    for (const id of ["db.schema", "db.write", "db.integrity", "key.fits"]) {
      assert.equal(of(id).result, "skipped", id);
    }
    assert.equal(of("provider.client").result, "ok");
  });

  await t.test("a migration is missing", async () => {
    const { environment, path, store } = await aHouse(t);
    await store.close();
    const database = new DatabaseSync(path);
    database.exec(
      "delete from gatehouse_migrations where number = (select max(number) from gatehouse_migrations)",
    );
    database.close();
    const { of } = await doctor(environment);
    assert.match(shown(of("db.schema")), /^fail \| 1 migration is missing: \d{4}-.*\| `gatehouse migrate`/);
    assert.equal(of("db.write").result, "skipped");
  });

  await t.test("another process has it locked", async () => {
    const { environment, path } = await aHouse(t);
    const other = await lockFromProcess(path);
    const { of } = await doctor(environment);
    await other.release();
    const says = shown(of("db.write"));
    assert.match(says, /^fail \| Another process has locked the database for 5 s/);
    if (process.platform === "linux") {
      assert.ok(says.includes(`: ${other.pid} (node -e). | End it, by that number.`), says);
      assert.ok(!says.includes("DatabaseSync"), "what else stands in its command may be a secret");
    } else assert.ok(says.includes(`End it: \`lsof ${path}\` names it.`), says);
    assert.equal(of("db.reach").result, "ok");
  });

  await t.test("a page of it is spoilt", async () => {
    const { environment, path, store } = await aHouse(t);
    await store.close();
    const database = new DatabaseSync(path);
    database.exec("create table large (text)");
    for (let at = 0; at < 50; at++) database.exec("insert into large values (hex(randomblob(500)))");
    database.close();
    const { size } = await stat(path);
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(4096, 0xff), 0, 4096, size - 8192);
    await file.close();
    const { code, of } = await doctor(environment);
    assert.equal(code, 1);
    assert.match(shown(of("db.integrity")), /^fail \| The file is damaged: .*restore/);
  });
});

test("a key that fits nothing, and a key file that is open to others or beside its backups, are told with what mends it", async (t) => {
  const { environment, path, store, folder } = await aHouse(t);
  const tested = new StoreUnderTest();
  await tested.open(async () => store);
  const old = await configuredKey(newKeyText());
  await store.startWithKeys([old.readings[0].fingerprint], now());
  const name = keyName(keyIdOf(old.readings[0]));
  const lives = { expiresAt: seconds(now() + 900), endsAt: seconds(now() + 900) };
  await tested.aLiveGrant({ ...lives, keyId: keyIdOf(old.readings[0]) });
  const unfit = await doctor(environment);
  assert.equal(unfit.code, 1);
  assert.equal(
    shown(unfit.of("key.fits")),
    `fail | No key fits 1 live grant. | Give the old key (${name}) as second in \`SECRET_KEY\`, or below the new one in the key file.`,
  );
  await writeFile(`${path}.key`, `${old.text}\n`);
  await writeFile(join(folder, "backup-of-yesterday.db"), "");
  const fit = await doctor(environment);
  assert.equal(shown(fit.of("key.fits")), "ok | The key fits; 1 live grant depends on it.");
  assert.match(
    shown(fit.of("key.file")),
    /^warn \| Backups \(backup-of-yesterday\.db\) lie beside the key file/,
  );
  await chmod(`${path}.key`, 0o604);
  const open = await doctor(environment);
  assert.equal(
    shown(open.of("key.file")),
    `fail | The key file is readable by everybody. | \`chmod 600 ${path}.key\``,
  );
});

test("a full disk is told with the folder, what fills it, and that nothing is lost", async (t) => {
  const disk = mountSmallDisk(t, 8);
  if (disk === undefined) return t.skip("this account may not mount a disk");
  const { environment } = await aHouse(t, disk.folder);
  await mkdir(join(disk.folder, "export"));
  await writeFile(join(disk.folder, "export", "people.csv"), Buffer.alloc(5 * 1024 * 1024));
  const makeRoom = disk.fill();
  const { code, of } = await doctor(environment);
  const { out: report } = await runCommand(["doctor", "--report"], environment);
  makeRoom();
  assert.equal(code, 1);
  assert.match(
    shown(of("disk.space")),
    new RegExp(
      `^fail \\| \\d+ (bytes|kB) free in ${disk.folder}; largest there: export/people\\.csv \\(5 MB\\), filler \\(\\d MB\\)[^|]*\\. \\| Free some; nothing is lost\\.$`,
    ),
  );
  assert.match(report, /largest there: name-1 \(5 MB\)/, "what others call their files is nobody's business");
});

test("what is wrong between us and the provider is told at the check that is about it", async (t) => {
  const { environment } = await aHouse(t);
  const at = (settings: Record<string, string>) => doctor({ ...environment, ...settings });

  await t.test("it is down", async () => {
    const { of } = await at({ UPSTREAM_ISSUER: `http://127.0.0.1:${await freePort()}` });
    assert.match(
      shown(of("provider.discovery")),
      /^fail \| .*ECONNREFUSED.* \| Nothing listens there: check the port in UPSTREAM_ISSUER/,
    );
    for (const id of ["provider.keys", "provider.client", "provider.redirect"]) {
      assert.match(shown(of(id)), /^skipped \| .*see `provider\.discovery`/, id);
    }
  });

  await t.test("it calls itself otherwise", async () => {
    const { of } = await at({ UPSTREAM_ISSUER: `${upstream.issuer}/` });
    assert.match(
      shown(of("provider.discovery")),
      /^fail \| .*\| A slash at the end counts: set UPSTREAM_ISSUER=/,
    );
  });

  await t.test("our secret there is wrong", async () => {
    const { of } = await at({ OAUTH2_CLIENT_SECRET: "wrong-and-long-enough" });
    assert.match(
      shown(of("provider.client")),
      /^fail \| .* refuses our client \(.*invalid_client.*\): secret expired or wrong\. \| .*`OAUTH2_CLIENT_SECRET`.*restart/,
    );
    assert.equal(of("provider.redirect").result, "ok");
  });

  await t.test("our redirect URI is not registered there", async () => {
    const { of } = await at({ BASE_URL: "http://localhost:8080/elsewhere" });
    assert.match(
      shown(of("provider.redirect")),
      /^fail \| .* does not know the redirect URI\. \| Register `http:\/\/localhost:8080\/elsewhere\/callback` there/,
    );
  });

  await t.test("our client id is unknown there", async () => {
    const { of } = await at({ OAUTH2_CLIENT_ID: "another" });
    assert.match(shown(of("provider.redirect")), /^fail \| .* does not know our client id\./);
    assert.equal(of("provider.client").result, "fail");
  });

  await t.test("its clock is ahead", async () => {
    const ahead = await startUpstream({
      redirectUris: [`${baseUrl}/callback`],
      onAnswer: (context) => {
        const answer = context as unknown as { set(name: string, value: string): void };
        answer.set("Date", new Date(Date.now() + 7_203_000).toUTCString());
      },
    });
    try {
      const { of } = await at({ UPSTREAM_ISSUER: ahead.issuer });
      assert.match(
        shown(of("clock.provider")),
        /^fail \| The clock of .* is 7,20\d s ahead of ours: one of the two is wrong\. \| Set ours by NTP first/,
      );
      assert.match(
        shown(of("clock.self")),
        /^warn \| Our clock is 7,20\d s behind .*; nothing here tells which of them is right\. \| Set ours by NTP first/,
      );
    } finally {
      await ahead.close();
    }
  });
});
