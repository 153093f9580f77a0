import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { configuredKey, keyIdOf, keyName, newKeyText } from "../../src/oauth/tokens/secret-keys.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const now = seconds(Date.now() / 1000);

/** A database that a server with these keys has used, in a key file beside it unless said otherwise. */
async function aUsedDatabase(t: TestContext, texts: readonly string[], inFile = true) {
  const { path, environment, remove } = await aDatabase();
  t.after(remove);
  const store = await openSqliteStore({ path });
  t.after(() => store.close());
  const tested = new StoreUnderTest();
  await tested.open(async () => store);
  const keyFile = `${path}.key`;
  if (inFile) await writeFile(keyFile, `${texts.join("\n")}\n`, { mode: 0o600 });
  const keys = await Promise.all(texts.map(configuredKey));
  const ids = keys.map(({ readings }) => keyIdOf(readings[0]));
  const start = (at: number) =>
    store.startWithKeys([keys[at]?.readings[0].fingerprint ?? ""], seconds(now - 10 * at));
  return {
    ...{ tested, keyFile, ids, names: ids.map(keyName), start },
    grant: (keyId: number | undefined) => tested.aLiveGrant({ keyId, expiresAt: seconds(now + 1000) }),
    keys: (args: readonly string[], over: Record<string, string> = {}) =>
      runCommand(["keys", ...args], { ...environment, ...over }),
  };
}

test("keys rotate changes a key file, and says what to set where the key stands elsewhere, without telling the old one", async (t) => {
  const [old, inEnvironment] = [newKeyText(), newKeyText()];
  const { keys, keyFile } = await aUsedDatabase(t, [old]);
  const set = await keys(["rotate"], { SECRET_KEY: inEnvironment });
  assert.equal(set.code, 0, set.err);
  assert.match(
    set.err,
    /^Set SECRET_KEY to the new key \w{8}, followed by a comma and what it holds now, and/,
  );
  const named = await keys(["rotate"], { SECRET_KEY_FILE: keyFile });
  assert.match(named.err, /above the others in .*\.key, and restart\.\n/);
  for (const { out } of [set, named]) assert.match(out, /^[A-Za-z0-9_-]{43}\n$/);
  const { secret } = JSON.parse((await keys(["rotate", "--json"], { SECRET_KEY: inEnvironment })).out);
  assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
  for (const { out, err } of [set, named]) assert.ok(!(out + err).includes(inEnvironment));
  assert.equal(await readFile(keyFile, "utf8"), `${old}\n`, "nothing was written");

  const rotated = await keys(["rotate"]);
  assert.equal(rotated.code, 0, rotated.err);
  assert.match(await readFile(keyFile, "utf8"), new RegExp(`^[A-Za-z0-9_-]{43}\n${old}\n$`));
  assert.equal(rotated.out, "");
  assert.ok(!rotated.err.includes(old));
});

test("keys rotate makes no key file where there is none", async (t) => {
  const { keys } = await aUsedDatabase(t, [], false);
  const { code, err } = await keys(["rotate"]);
  assert.equal(code, 1);
  assert.match(err, /there is no key file .*\.db\.key yet: the first start makes it/);
  assert.match((await keys(["list"])).err, /There is no key yet/);
});

test("keys list shows each key, what it is for, and how many grants depend on it, and no secret", async (t) => {
  const texts = [newKeyText(), newKeyText()];
  const { keys, tested, ids, names, start, grant } = await aUsedDatabase(t, texts);
  await start(1);
  await start(0);
  const lost = await configuredKey(newKeyText());
  await tested.store.startWithKeys([lost.readings[0].fingerprint], seconds(now - 100));
  for (const id of [ids[0], ids[1], ids[1], keyIdOf(lost.readings[0]), 77, undefined]) await grant(id);
  const listed = JSON.parse((await keys(["list", "--json"])).out) as Record<string, unknown>[];
  assert.deepEqual(
    listed.map(({ key, use, grants }) => [key, use, grants]),
    [
      [names[0], "makes tokens", 1],
      [names[1], "verifies", 2],
      [keyName(keyIdOf(lost.readings[0])), "not configured", 1],
      [null, "before keys were noted", 1],
      ["0000004d", "not configured", 1],
    ],
  );
  const { out } = await keys(["list"]);
  assert.match(out, new RegExp(`^${names[0]} +makes tokens +key file +\\d{4}-`, "m"));
  for (const text of texts) assert.ok(!out.includes(text));
});

test("keys retire refuses what is still needed, unless it is forced", async (t) => {
  const texts = [newKeyText(), newKeyText(), newKeyText()];
  const { keys, keyFile, tested, ids, names, start, grant } = await aUsedDatabase(t, texts);
  await start(2);
  await start(1);
  const refused = async (name: string | undefined, why: RegExp) => {
    const { code, err } = await keys(["retire", String(name)]);
    assert.equal(code, 1, err);
    assert.match(err, why);
  };
  await refused("ffffffff", /there is no key "ffffffff"/);
  await refused(names[0], /makes the tokens now/);
  await refused(names[1], /the process that started last makes tokens with/);
  await start(0);
  await grant(ids[1]);
  await refused(names[1], /1 live grant \(of 1 person\) still depend/);
  await grant(undefined);
  const noted = await keys(["retire", names[2] ?? ""]);
  assert.equal(noted.code, 0, "what was noted from its beginning has no grants that were not");
  assert.equal(await readFile(keyFile, "utf8"), `${texts[0]}\n${texts[1]}\n`);
  await tested.store.forgetKeys(
    (await tested.store.findKeys(now)).known.map(({ fingerprint }) => fingerprint),
  );
  await start(0);
  await refused(names[1], /still depend/);

  const asked = await keys(["retire", names[1] ?? "", "--force"]);
  assert.equal(asked.code, 2);
  assert.match(asked.err, /retiring \w{8} ends 1 live grant \(of 1 person\): give --yes/);
  assert.equal(await readFile(keyFile, "utf8"), `${texts[0]}\n${texts[1]}\n`);
  const forced = await keys(["retire", names[1] ?? "", "--force", "--yes"]);
  assert.equal(forced.code, 0, forced.err);
  assert.match(forced.err, /1 live grant \(of 1 person\) end with the next refresh/);
  assert.equal(await readFile(keyFile, "utf8"), `${texts[0]}\n`);
  await refused(names[1], /was taken away before/);
});

test("keys retire says where a key still stands that it cannot take away", async (t) => {
  const texts = [newKeyText(), newKeyText()];
  const { keys, names, start, tested } = await aUsedDatabase(t, texts, false);
  await start(1);
  await start(0);
  const { code, err } = await keys(["retire", names[1] ?? ""], { SECRET_KEY: texts.join(",") });
  assert.equal(code, 0, err);
  assert.match(err, /Take it out of SECRET_KEY and restart/);
  assert.equal((await tested.store.findKeys(now)).known.length, 1);
});

test("a grant from before keys were noted may depend on each key of that time", async (t) => {
  const texts = [newKeyText(), newKeyText()];
  const { keys, names, tested, grant } = await aUsedDatabase(t, texts);
  await grant(undefined);
  const [first, second] = await Promise.all(texts.map(configuredKey));
  const fingerprints = [first, second].map((key) => key?.readings[0].fingerprint ?? "");
  await tested.store.startWithKeys([fingerprints[0] ?? "", fingerprints[1] ?? ""], now);
  const { code, err } = await keys(["retire", names[1] ?? ""]);
  assert.equal(code, 1);
  assert.match(err, /refreshed last before keys were noted and may depend on/);
});
