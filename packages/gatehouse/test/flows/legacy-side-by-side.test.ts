import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "pg";
import { oldStates } from "../storage/postgres-old-states.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyCode } from "../support/legacy-client.ts";
import { introspect, isActive, pkce, post, read } from "../support/oauth-client.ts";
import { OldService } from "../support/old-service.ts";
import { createDatabase, type Postgres, startPostgres } from "../support/postgres.ts";

/*
 * Old and new on one database, as during a switch. The database is one of the old service, brought up to date by us.
 */

let postgres: Postgres;
let url: string;
let ours: TestGatehouse;
let theirs: OldService;
const web = { id: "web", secret: "s3cret", redirectUri: "https://app.example.com/cb", ...pkce() };

before(async () => {
  postgres = await startPostgres();
  url = await createDatabase(postgres.url);
  const state =
    oldStates.find(({ name }) => name === "after the later changes, with its ledger") ?? assert.fail();
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const step of state.steps) await client.query(step);
  await client.end();
  ours = await startTestGatehouse({ SQL_URL: url });
  theirs = new OldService(url);
  await theirs.connect();
});
after(async () => {
  await theirs?.close();
  await ours?.stop();
  await postgres?.stop();
});

const ourToken = async () => {
  const code = await aLegacyCode(ours, web);
  const { body } = await post(ours, "/token", { client_id: web.id, client_secret: web.secret, code });
  return String(body.access_token);
};
async function theirCode(): Promise<string> {
  const { session, state } = await theirs.authorize(web.id, "s", web.redirectUri);
  return (await theirs.callback(session, state, "carol@example.com")) ?? assert.fail("no code");
}
async function theirToken(): Promise<string> {
  return (await theirs.token(web.id, web.secret, await theirCode())) ?? assert.fail("no token");
}

test("LEGACY a sign-in started on either service finishes on the same one", async () => {
  const open = await theirs.authorize(web.id, "s", web.redirectUri);
  assert.ok(await ourToken(), "ours, while theirs is at the provider");
  const code = await theirs.callback(open.session, open.state, "carol@example.com");
  assert.ok(await theirs.token(web.id, web.secret, code ?? ""));
});

test("LEGACY tokens of either introspect on both, and end on both", async () => {
  const [own, foreign] = [await ourToken(), await theirToken()];
  assert.equal(await theirs.introspect(own), "alice@example.com");
  const { active, sub, username } = await introspect(ours, foreign);
  assert.deepEqual({ active, sub, username }, { active: true, sub: "carol@example.com", username: sub });
  await theirs.revoke(own);
  assert.equal(await isActive(ours, own), false);
  const body = JSON.stringify({ token: foreign });
  const headers = { "content-type": "application/json" };
  await read(await fetch(`${ours.url}/revoke`, { method: "POST", headers, body }));
  assert.equal(await theirs.introspect(foreign), undefined);
});

test("LEGACY neither redeems a code of the other, and the code is none the worse for it", async () => {
  const foreign = await theirCode();
  const form = { client_id: web.id, client_secret: web.secret };
  assert.equal((await post(ours, "/token", { ...form, code: foreign })).body.error, "invalid_grant");
  assert.ok(await theirs.token(web.id, web.secret, foreign));
  const own = await aLegacyCode(ours, web);
  assert.equal(await theirs.token(web.id, web.secret, own), undefined);
  assert.equal((await post(ours, "/token", { ...form, code: own })).status, 200);
});

test("LEGACY the clear-text secret stays for the old service after we hashed it", async () => {
  await ourToken();
  assert.ok((await ours.store.findClient(web.id))?.secretHash);
  assert.ok(await theirToken());
});

test("LEGACY the clean-up of either leaves the other's living rows alone", async () => {
  const open = await theirs.authorize(web.id, "s", web.redirectUri);
  const foreign = await theirCode();
  const [own, token] = [await aLegacyCode(ours, web), await theirToken()];
  await ours.store.sweep(ours.clock.now(), 1000, ours.clock.now());
  await theirs.cleanUp();
  assert.ok(await theirs.callback(open.session, open.state, "carol@example.com"));
  assert.ok(await theirs.token(web.id, web.secret, foreign));
  assert.equal(await theirs.introspect(token), "carol@example.com");
  const form = { client_id: web.id, client_secret: web.secret, code: own };
  assert.equal((await post(ours, "/token", form)).status, 200);
});
