import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { subjectOf } from "../../src/oauth/subject.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { configuredKey, keyIdOf, keyName, newKeyText } from "../../src/oauth/tokens/secret-keys.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aClient, anAccount, unique } from "../contract/records.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { aDatabase, runCommand } from "./command-line.ts";

export const now = seconds(Date.now() / 1000);
export const issuer = "https://auth.example.com";
export const resource = "https://notes.example.com/mcp";

/** A database in use, with two of everything: one of which much is known, and one of which little is. */
export async function aUsedDatabase(t: TestContext) {
  const database = await aDatabase();
  const store = await openSqliteStore({ path: database.path });
  t.after(async () => {
    await store.close();
    await database.remove();
  });
  const tested = new StoreUnderTest();
  await tested.open(async () => store);
  const texts = [newKeyText(), newKeyText()];
  await writeFile(`${database.path}.key`, `${texts.join("\n")}\n`, { mode: 0o600 });
  const keys = await Promise.all(texts.map(configuredKey));
  for (const [at, { readings }] of keys.toReversed().entries()) {
    await store.startWithKeys([readings[0].fingerprint], seconds(now + at));
  }
  const olderKey = keyIdOf(keys[1]?.readings[0] ?? assert.fail());
  const environment = { ...database.environment, BASE_URL: issuer, PASSKEYS: "on" };
  const command = (args: readonly string[], more: Record<string, string> = {}) =>
    runCommand(args, { ...environment, ...more });
  const added = await command([
    "resources",
    "add",
    resource,
    "--name",
    "Notes",
    "--scope",
    "read=Read",
    "--claim",
    "name",
  ]);
  assert.equal(added.code, 0, added.err);
  await command(["resources", "add", "https://bare.example.com/mcp"]);
  const client = aClient({ dynamicallyRegistered: false, lastUsedAt: now });
  await store.addClient(client);
  await store.addClient(aClient({ metadata: {}, redirectUris: ["https://b.example/cb"] }));
  const passkeys = `${issuer}/passkey`;
  const subject = subjectOf({ issuer: passkeys, subject: "ada" });
  const ada = { subject, issuer: passkeys, upstreamSubject: "ada", email: "ada@example.com", name: "Ada" };
  for (const account of [anAccount(ada), anAccount({ name: undefined, groups: undefined })]) {
    const session = { account, replaces: undefined, authTime: now, expiresAt: seconds(now + 900) };
    await store.openSession({ sessionHash: hashSecret(unique()), ...session });
  }
  const grantOf = (over: object) =>
    tested.aLiveGrant({
      expiresAt: seconds(now + 900),
      endsAt: seconds(now + 900),
      keyId: olderKey,
      ...over,
    });
  const identifier = canonicalResource(resource);
  const grant = (over: object = {}) =>
    grantOf({ clientId: client.id, subject, resource: identifier, ...over });
  return {
    path: database.path,
    environment,
    store,
    command,
    client,
    subject,
    grant,
    olderKey: keyName(olderKey),
  };
}
