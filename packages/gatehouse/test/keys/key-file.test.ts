import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createKeyFile, readKeyFile, replaceKeyFile } from "../../src/keys/key-file.ts";

const folder = await mkdtemp(join(tmpdir(), "gatehouse-key-"));
after(() => rm(folder, { recursive: true }));

test("a key file is made for its owner only, and found again", async () => {
  const path = join(folder, "deep", "gatehouse.db.key");
  assert.equal(await readKeyFile(path), undefined);
  const made = await createKeyFile(path);
  assert.match(made[0], /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(await readKeyFile(path), made);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(folder, "deep")), ["gatehouse.db.key"], "no draft is left behind");
});

test("of many who start at once, all get the same key", async () => {
  const path = join(folder, "race.key");
  const made = await Promise.all(Array.from({ length: 50 }, () => createKeyFile(path)));
  assert.equal(new Set(made.map(([key]) => key)).size, 1);
  assert.equal(await readFile(path, "utf8"), `${made[0]?.[0]}\n`);
});

test("a damaged key file is never replaced in silence: every refresh token would die", async () => {
  const path = join(folder, "damaged.key");
  for (const text of ["", "\n", "short\n", `${"k".repeat(40)}\ncut off\n`]) {
    await writeFile(path, text, { mode: 0o600 });
    await assert.rejects(readKeyFile(path), /damaged\.key is damaged/, JSON.stringify(text));
    assert.equal(await readFile(path, "utf8"), text);
  }
});

test("a key file that any account can read is refused", { skip: process.platform === "win32" }, async () => {
  const path = join(folder, "open.key");
  await createKeyFile(path);
  await chmod(path, 0o644);
  await assert.rejects(readKeyFile(path), /chmod 600/);
});

test("keys are replaced all at once, with the mode of the file, and by one at a time", async () => {
  const path = join(folder, "rotated.key");
  const [old] = await createKeyFile(path);
  await chmod(path, 0o640);
  const keys = ["n".repeat(43), old];
  await replaceKeyFile(path, keys);
  assert.deepEqual(await readKeyFile(path), keys);
  if (process.platform !== "win32") assert.equal((await stat(path)).mode & 0o777, 0o640);
  await writeFile(`${path}.new`, "somebody is at it");
  await assert.rejects(replaceKeyFile(path, [old]), /somebody else is changing the keys.*rotated\.key\.new/);
  assert.deepEqual(await readKeyFile(path), keys);
});
