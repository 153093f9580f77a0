import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "pg";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import { oldStates } from "../storage/postgres-old-states.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyCode } from "../support/legacy-client.ts";
import { introspect, isActive, openConsentPage, pkce, post, read } from "../support/oauth-client.ts";
import { OldService } from "../support/old-service.ts";
import { createDatabase, type Postgres, startPostgres } from "../support/postgres.ts";

/*
 * Old and new on one database, as during a switch. The database is one of the old service, brought up to date
 * by us.
 */

let postgres: Postgres;
let url: string;
let ours: TestGatehouse;
let theirs: OldService;
let sql: Client;
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
  sql = await theirs.connect();
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

test("LEGACY a secret changed in the old service's column is the secret, there and here, and the old one ends", async (t) => {
  const change = (secret: string) =>
    sql.query("update oauth2_clients set secret = $2 where id = $1", [web.id, secret]);
  await ourToken();
  t.after(() => change(web.secret));
  await change("changed-by-sql");
  const form = async (client_secret: string) => ({
    client_id: web.id,
    client_secret,
    code: await aLegacyCode(ours, web),
  });
  const old = await post(ours, "/token", await form(web.secret));
  assert.deepEqual([old.status, old.body.error], [401, "invalid_client"]);
  assert.equal((await post(ours, "/token", await form("changed-by-sql"))).status, 200);
  assert.equal(
    (await ours.store.findClient(web.id))?.secretHash,
    hashSecret("changed-by-sql"),
    "the hash follows",
  );
  assert.ok(await theirs.token(web.id, "changed-by-sql", await theirCode()));
});

test("LEGACY a secret rotated from our side is good on both at once, the one before here until its end", async (t) => {
  const client = (await ours.store.findClient(web.id)) ?? assert.fail();
  const next = { clearSecret: "rotated", secretHash: hashSecret("rotated") };
  const until = seconds(ours.clock.now() + 60);
  t.after(() => sql.query("update oauth2_clients set secret = $2 where id = $1", [web.id, web.secret]));
  await ours.store.rotateSecret(client, next, { secretHash: hashSecret(web.secret), until });
  const redeemedWith = async (client_secret: string) => {
    const code = await aLegacyCode(ours, web);
    return (await post(ours, "/token", { client_id: web.id, client_secret, code })).status;
  };
  assert.equal(await redeemedWith("rotated"), 200);
  assert.ok(await theirs.token(web.id, "rotated", await theirCode()));
  assert.equal(await redeemedWith(web.secret), 200);
  ours.clock.advance(60);
  assert.equal(await redeemedWith(web.secret), 401);
  assert.equal(await redeemedWith("rotated"), 200);
});

test("LEGACY a client that registered itself with the old service is not shown as set up by the operator", async () => {
  await sql.query(
    `insert into oauth2_clients (id, redirect_uris, token_endpoint_auth_method, client_name)
     values ('stranger', array['http://127.0.0.1:33418/callback'], 'none', 'Claude Code')`,
  );
  const stranger = { id: "stranger", redirectUri: "http://127.0.0.1:33418/callback", ...pkce() };
  const known = /Set up by whoever runs this server/;
  assert.doesNotMatch((await openConsentPage(ours, stranger)).page.html, known);
  await ours.store.vouchForClient("stranger", true);
  assert.match((await openConsentPage(ours, stranger)).page.html, known);
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
