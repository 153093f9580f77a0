import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import type { AccessToken, Client, Code, Grant } from "../../src/oauth/records.ts";
import type { Rotation } from "../../src/oauth/store/grants.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { type ClientId, type GrantId, type Seconds, type Subject, seconds } from "../../src/oauth/values.ts";
import { openSqliteStore, pendingSqliteMigrations } from "../../src/storage/sqlite/store.ts";
import type { Errand, ErrandOutcomes } from "./errand.ts";

const now = seconds(1_800_000_000);
const unique = () => randomBytes(16).toString("base64url");
const folder = mkdtempSync(join(tmpdir(), "gatehouse-processes-"));
after(() => rmSync(folder, { recursive: true }));
const aPath = () => join(folder, unique(), "gatehouse.db");

const client: Client = {
  id: "client" as ClientId,
  authMethod: "none",
  secretHash: undefined,
  clearSecret: undefined,
  keys: undefined,
  redirectUris: ["https://app.example.com/cb"],
  grantTypes: ["authorization_code", "refresh_token"],
  scope: undefined,
  metadata: {},
  dynamicallyRegistered: true,
  shared: false,
  createdAt: now,
  lastUsedAt: undefined,
};
const authorization = {
  clientId: client.id,
  redirectUri: "https://app.example.com/cb",
  state: undefined,
  codeChallenge: undefined,
  scope: "read",
  resource: undefined,
};
const aCode = (): Code => ({
  codeHash: hashSecret(unique()),
  authorization,
  subject: "user_alice" as Subject,
  email: "alice@example.com",
  authTime: now,
  createdAt: now,
  expiresAt: seconds(now + 60),
});
const aGrant = (): Grant => ({
  id: unique() as GrantId,
  clientId: client.id,
  subject: "user_alice" as Subject,
  email: "alice@example.com",
  scope: "read",
  resource: undefined,
  generation: 1,
  salt: unique(),
  authTime: now,
  createdAt: now,
  rotatedAt: now,
  expiresAt: seconds(now + 1000),
  endsAt: seconds(now + 1000),
  keyId: undefined,
});
const aToken = (grant: Grant): AccessToken => ({
  tokenHash: hashSecret(unique()),
  email: grant.email,
  subject: grant.subject,
  clientId: grant.clientId,
  grantId: grant.id,
  scope: grant.scope,
  resource: undefined,
  createdAt: now,
  expiresAt: seconds(now + 600),
});

/** A database with a client and the given codes. */
async function prepare(path: string, codes: readonly Code[]) {
  const store = await openSqliteStore({ path });
  await store.addClient(client);
  for (const code of codes) {
    const handleHash = hashSecret(unique());
    await store.beginTransaction({
      handleHash,
      bindingHash: handleHash,
      authorization,
      signedIn: undefined,
      expiresAt: seconds(now + 9),
    });
    await store.completeTransaction(handleHash, now, { code });
  }
  return store;
}

/** @param input written to it before it says that it is ready */
async function startProcess(
  script: string,
  args: readonly string[],
  input = "",
): Promise<ChildProcess & { printed: () => string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.write(input);
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  while (!printed.includes("ready")) await once(child.stdout, "data");
  return Object.assign(child, { printed: () => printed });
}

/** So many callers with the grant's first generation. */
const presentations = (grant: Grant, count: number, at: Seconds): Errand["rotations"] =>
  Array.from({ length: count }, () => ({
    grantId: grant.id,
    presented: 1,
    now: at,
    replay: { window: seconds(60), generations: 1, late: seconds(900) },
    expiresAt: seconds(now + 1000),
    accessToken: aToken(grant),
  }));

/** A process for each errand, which start on them at the same moment. */
async function race(path: string, errands: readonly Errand[]) {
  const racers = await Promise.all(
    errands.map((errand) => startProcess("racer.ts", [path], `${JSON.stringify(errand)}\n`)),
  );
  for (const racer of racers) racer.stdin?.write("go\n");
  await Promise.all(racers.map((racer) => once(racer, "close")));
  return racers.map((racer) => JSON.parse(racer.printed().split("\n")[1] ?? "") as ErrandOutcomes);
}

test("T-n3 two processes with one code: one redemption; with one refresh token: one lineage", async () => {
  const path = aPath();
  const [raced, used] = [aCode(), aCode()];
  const store = await prepare(path, [raced, used]);
  const grant = aGrant();
  await store.redeemCode(used.codeHash, now, grant, aToken(grant));
  const anErrand = (): Errand => ({
    codeHash: raced.codeHash,
    now,
    attempts: Array.from({ length: 20 }, () => {
      const wanted = aGrant();
      return { grant: wanted, token: aToken(wanted) };
    }),
    rotations: presentations(grant, 20, now),
  });
  const outcomes = await race(path, [anErrand(), anErrand()]);
  const redeemed = outcomes.flatMap((outcome) => outcome.redeemed);
  assert.equal(redeemed.filter((outcome) => outcome === "redeemed").length, 1);
  const rotated = outcomes.flatMap((outcome) => outcome.rotated).map(({ outcome }) => outcome);
  assert.equal(rotated.filter((outcome) => outcome === "rotated").length, 1);
  assert.equal(rotated.filter((outcome) => outcome === "replayed").length, 39);
  assert.equal((await store.findGrant(grant.id, now))?.generation, 2);
  await store.close();
});

/**
 * A grant at its second generation, and what comes of it when three processes present it these at once, ten
 * minutes later.
 */
async function presentedLate(
  counts: readonly number[],
  presented: (process: number, attempt: number) => number,
) {
  const path = aPath();
  const code = aCode();
  const store = await prepare(path, [code]);
  const grant = aGrant();
  await store.redeemCode(code.codeHash, now, grant, aToken(grant));
  const [first] = presentations(grant, 1, now);
  assert.equal((await store.rotateGrant(first ?? assert.fail())).outcome, "rotated");
  const late = seconds(now + 600);
  const errands = counts.map(
    (count, process): Errand => ({
      codeHash: hashSecret(unique()),
      now,
      attempts: [],
      rotations: presentations(grant, count, late).map((rotation, attempt) => ({
        ...rotation,
        presented: presented(process, attempt),
      })),
    }),
  );
  const answers = (await race(path, errands)).flatMap(({ rotated }) => rotated);
  const live = (await store.findGrant(grant.id, late))?.generation;
  await store.close();
  return { answers, live };
}
const withOutcome = (answers: readonly Rotation[], wanted: Rotation["outcome"]) =>
  answers.filter(({ outcome }) => outcome === wanted).length;
const generationsOf = (answers: readonly Rotation[]) =>
  new Set(answers.flatMap((answer) => ("generation" in answer ? answer.generation : [])));

test("G-n9 a thousand late presenters at once, in three processes: one live generation, and all are told of it", async () => {
  const { answers, live } = await presentedLate([333, 333, 334], () => 1);
  assert.equal(withOutcome(answers, "skipped_ahead"), 1);
  assert.equal(withOutcome(answers, "replayed"), 999);
  assert.deepEqual(generationsOf(answers), new Set([3]));
  assert.equal(live, 3);
});

test("processes with the live, the preceding, and a generation ahead of the database at once: each is told the truth", async () => {
  const sides = await presentedLate([100, 100, 100], (process, attempt) => ((process + attempt) % 2) + 1);
  assert.equal(withOutcome(sides.answers, "rotated") + withOutcome(sides.answers, "skipped_ahead"), 1);
  assert.equal(withOutcome(sides.answers, "replayed"), 149);
  assert.equal(withOutcome(sides.answers, "reused"), 150, "one of the two sides");
  assert.deepEqual(generationsOf(sides.answers), new Set([3]));
  assert.equal(sides.live, 3);

  const ahead = await presentedLate([100, 100, 100], () => 9);
  assert.equal(withOutcome(ahead.answers, "fast_forwarded"), 1);
  assert.equal(withOutcome(ahead.answers, "replayed"), 299);
  assert.deepEqual(generationsOf(ahead.answers), new Set([10]));
  assert.equal(ahead.live, 10);
});

test("a process killed in the middle of writing leaves nothing half written", async () => {
  const path = aPath();
  const codes = Array.from({ length: 200 }, aCode);
  await (await prepare(path, codes)).close();
  const hashes = Buffer.from(JSON.stringify(codes.map(({ codeHash }) => codeHash))).toString("base64url");
  const child = await startProcess("redeemer.ts", [path, hashes]);
  child.stdin?.write("go\n");
  while (!child.printed().includes("redeemed 50")) await once(child.stdout ?? child, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  const database = new DatabaseSync(path);
  const count = (sql: string) => Number(database.prepare(sql).get()?.n);
  const used = count("select count(*) n from oauth2_codes where used = 1");
  assert.ok(used >= 50);
  assert.equal(count("select count(*) n from gatehouse_grants"), used);
  assert.equal(count("select count(*) n from user_tokens"), used);
  assert.equal(
    count(
      "select count(*) n from oauth2_codes c join gatehouse_grants g on g.id = c.grant_id join user_tokens t on t.grant_id = g.id",
    ),
    used,
  );
  database.close();
});

test("one failing operation does not fail those that share its commit", async () => {
  const store = await prepare(aPath(), []);
  const stranger = { ...aCode(), authorization: { ...authorization, clientId: "unknown" as ClientId } };
  const begin = (clientId: ClientId) => {
    const handleHash = hashSecret(unique());
    return store.beginTransaction({
      handleHash,
      bindingHash: handleHash,
      authorization: { ...authorization, clientId },
      signedIn: undefined,
      expiresAt: seconds(now + 9),
    });
  };
  const outcomes = await Promise.allSettled([
    begin(client.id),
    begin(stranger.authorization.clientId),
    begin(client.id),
  ]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled"],
  );
  await store.close();
});

test("while another process holds the database, what waits fails, and what comes later does not", async () => {
  const path = aPath();
  await (await prepare(path, [])).close();
  const store = await openSqliteStore({ path, busyTimeoutMs: 20 });
  const other = new DatabaseSync(path);
  other.exec("begin immediate");
  const attempts = Array.from({ length: 5 }, () => store.endSession(hashSecret(unique())));
  const outcomes = await Promise.allSettled(attempts);
  assert.ok(
    outcomes.every(
      (outcome) => outcome.status === "rejected" && outcome.reason.name === "StoreUnavailableError",
    ),
  );
  other.exec("rollback");
  other.close();
  await store.endSession(hashSecret(unique()));
  await store.close();
});

test("a write that waits for another process keeps nobody else waiting", async () => {
  const path = aPath();
  const code = aCode();
  const store = await prepare(path, [code]);
  const other = new DatabaseSync(path);
  other.exec("begin immediate");
  const burnt = store.burnCode(code.codeHash);
  for (const used of [false, false, false]) {
    assert.equal((await store.findCode(code.codeHash))?.used, used);
  }
  // Only a process that is not stopped by its own wait comes as far as to let the other one finish.
  other.exec("rollback");
  other.close();
  await burnt;
  assert.equal((await store.findCode(code.codeHash))?.used, true);
  await store.close();
});

test("a closed or missing database is unavailable, not a crash", async () => {
  const store = await prepare(aPath(), []);
  await store.close();
  await assert.rejects(store.findProblems(), { name: "StoreUnavailableError" });
  await assert.rejects(store.addClient(client), { name: "StoreUnavailableError" });
  await assert.rejects(openSqliteStore({ path: "/dev/null/nowhere.db" }), { name: "StoreUnavailableError" });
});

test("migrations run once, whoever comes first, and a newer database is left alone", async () => {
  const path = aPath();
  assert.ok(pendingSqliteMigrations(path).length > 0);
  assert.equal(existsSync(path), false, "asking what is pending creates nothing");
  const stores = await Promise.all([1, 2, 3].map(() => openSqliteStore({ path })));
  assert.deepEqual(pendingSqliteMigrations(path), []);
  await Promise.all(stores.map((store) => store.close()));
  const database = new DatabaseSync(path);
  database.exec(
    "insert into gatehouse_migrations (number, name, applied_at) values (9999, 'from the future', 0)",
  );
  database.close();
  await assert.rejects(openSqliteStore({ path }), /newer/);
});

test("the file and its folder are the owner's alone", async () => {
  const path = aPath();
  const store = await prepare(path, []);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
  for (const journal of ["-wal", "-shm"]) assert.equal(statSync(path + journal).mode & 0o077, 0);
  await store.close();
});

test("LEGACY a token of the old service's row is found, one narrowed to a project is not", async () => {
  const path = aPath();
  const store = await prepare(path, []);
  const database = new DatabaseSync(path);
  const insert = database.prepare(
    "insert into user_tokens (token, email, expires_at, created_at, scope_project_id) values (?, 'old@example.com', ?, ?, ?)",
  );
  insert.run("plain", now + 600, now, null);
  insert.run("narrowed", now + 600, now, 7);
  database.close();
  const plain = await store.findAccessToken("plain" as Code["codeHash"], now);
  assert.equal(plain?.email, "old@example.com");
  assert.equal(plain?.clientId, undefined);
  assert.equal(await store.findAccessToken("narrowed" as Code["codeHash"], now), undefined);
  await store.close();
});
