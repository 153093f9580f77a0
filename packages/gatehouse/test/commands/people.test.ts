import assert from "node:assert/strict";
import { after, test } from "node:test";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { type Subject, seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { anAccount } from "../contract/records.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const database = await aDatabase();
/** Open all the time, as a server would have it. */
const store = await openSqliteStore({ path: database.path });
after(async () => {
  await store.close();
  await database.remove();
});

const people = (...args: string[]) => runCommand(["people", ...args], database.environment);

test("an operator looks a person up and cuts them off, beside a running server", async () => {
  const now = seconds(Date.now() / 1000);
  const sessionHash = hashSecret("a session");
  const account = anAccount({
    subject: "user_1" as Subject,
    issuer: "https://idp.example",
    upstreamSubject: "77",
    email: "leaver@example.com",
  });
  await store.openSession({
    sessionHash,
    replaces: undefined,
    account,
    authTime: now,
    expiresAt: seconds(now + 3600),
  });

  const shown = await people("show", "Leaver@example.com");
  assert.match(shown.out, /^E-MAIL +SUBJECT +ISSUER/);
  assert.match(shown.out, /leaver@example\.com +user_1 +https:\/\/idp\.example +77/);
  const json = await people("show", "leaver@example.com", "--json");
  assert.deepEqual(JSON.parse(json.out), [
    { subject: "user_1", email: "leaver@example.com", issuer: "https://idp.example", upstream_subject: "77" },
  ]);

  const removed = await people("remove", "leaver@example.com");
  assert.equal(removed.code, 0, removed.err);
  assert.match(removed.out, /user_1/);
  assert.equal(await store.findSession(sessionHash, now, seconds(3600)), undefined);
});

test("somebody who never signed in is not found, with exit code 1", async () => {
  for (const what of ["show", "remove"]) {
    const { code, err } = await people(what, "nobody@example.com");
    assert.equal(code, 1);
    assert.match(err, /nobody signed in here as nobody@example\.com/);
  }
});
