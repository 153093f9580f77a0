import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  configuredKey,
  keyIdOf,
  keyName,
  newKeyText,
  parseKeyFile,
  parseKeyList,
} from "../../../src/oauth/tokens/secret-keys.ts";

const [made, older] = [newKeyText(), newKeyText()];
const chosen = "a passphrase, which somebody thought up himself".replaceAll(",", " -");

test("a list of keys and a file of keys hold the same keys", () => {
  assert.deepEqual(parseKeyList(made), [made]);
  assert.deepEqual(parseKeyFile(`${made}\n`), [made]);
  assert.deepEqual(parseKeyList(`${made}, ${chosen}`), [made, chosen]);
  assert.deepEqual(parseKeyFile(`${made}\r\n\r\n ${chosen} \n`), [made, chosen]);
  assert.deepEqual(parseKeyFile(`${made},${older}`), [made, older]);
  // SECRET_KEY="new,$(cat gatehouse.db.key)" after a rotation
  assert.deepEqual(parseKeyList(`${chosen},${made}\n${older}`), [chosen, made, older]);
});

test("what is no list of keys is refused, not cut", () => {
  for (const text of ["", ",", `${made},`, `${made},short`, "short", `,${made}`]) {
    assert.equal(parseKeyList(text), undefined, text);
    assert.equal(parseKeyFile(text), undefined, text);
  }
  assert.equal(parseKeyFile(`${made}\nshort`), undefined);
});

test("a line break within a key that somebody gave as SECRET_KEY stays a part of it", () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${"A".repeat(64)}\n-----END PRIVATE KEY-----`;
  assert.deepEqual(parseKeyList(pem), [pem]);
  const wrapped = `${"B".repeat(64)}\n${"C".repeat(64)}`;
  assert.deepEqual(parseKeyList(`${made},${wrapped}`), [made, wrapped]);
});

test("a key is its characters, and is read as it stood in a key file once as well", async () => {
  const { readings } = await configuredKey(made);
  assert.deepEqual(
    readings.map(({ bytes }) => bytes),
    [Buffer.from(made), Buffer.from(made, "base64url")],
  );
  const hexadecimal = randomBytes(32).toString("hex");
  assert.equal((await configuredKey(hexadecimal)).readings.length, 2);
  assert.deepEqual(
    (await configuredKey(chosen)).readings.map(({ bytes }) => bytes),
    [Buffer.from(chosen)],
  );
  assert.equal((await configuredKey("k".repeat(32))).readings.length, 1, "24 bytes were too few");
});

test("a fingerprint is the same for the same bytes, and its first digits are the key's name", async () => {
  const [one, again, other] = await Promise.all([made, made, older].map(configuredKey));
  assert.equal(one?.readings[0].fingerprint, again?.readings[0].fingerprint);
  const fingerprints = [one, other].flatMap(
    (key) => key?.readings.map(({ fingerprint }) => fingerprint) ?? [],
  );
  assert.equal(new Set(fingerprints).size, 4);
  for (const fingerprint of [...fingerprints, "ffffffff00000000", "000000010000000", "80000000aa"]) {
    const id = keyIdOf({ fingerprint });
    assert.equal(keyName(id), fingerprint.slice(0, 8));
    assert.ok(Number.isInteger(id) && id >= -(2 ** 31) && id < 2 ** 31, "fits a column of 4 bytes");
  }
});
