import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { createAccess } from "../../src/access/access.ts";
import { readConfig } from "../../src/config/config.ts";
import { type RunningGatehouse, startGatehouse } from "../../src/gatehouse.ts";
import { createOpenIdProvider } from "../../src/identity/openid/provider.ts";
import { type Admitted, createLookAgain } from "../../src/oauth/grants/bearer-now.ts";
import { findHeldToken } from "../../src/oauth/grants/live-token.ts";
import { type Access, defaultProvider } from "../../src/oauth/ports.ts";
import type { Settings } from "../../src/oauth/settings.ts";
import type { Store } from "../../src/oauth/store.ts";
import { codePrefix } from "../../src/oauth/tokens/prefixes.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
import type { Value } from "../../src/storage/layout.ts";
import { Database, type Result, type Statement } from "../../src/storage/postgres/database.ts";
import { createStore, openPostgresStore } from "../../src/storage/postgres/store.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aCode, anAccount, anAuthorization, later, now, unique } from "../contract/records.ts";
import { freePort } from "../support/free-port.ts";
import { aPublicClient, pkce, type Tokens } from "../support/oauth-client.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/*
 * What one request costs the database when it is alone: its statements, and its trips, which are those it has
 * to wait for one after the other.
 */

/** Counts statements, and as one trip all that are under way together. */
class Counted extends Database {
  statements = 0;
  trips = 0;
  #underWay = 0;

  override async run(statement: Statement, ...values: Value[]): Promise<Result> {
    this.statements++;
    if (this.#underWay++ === 0) this.trips++;
    try {
      return await super.run(statement, ...values);
    } finally {
      this.#underWay--;
    }
  }

  /** From nothing, once what a refused request looked up in vain has come back. */
  async startCounting(): Promise<void> {
    while (this.#underWay > 0) await turn();
    this.statements = 0;
    this.trips = 0;
  }

  override transaction(): never {
    assert.fail("a request that many make needs no transaction of several statements");
  }
}

let postgres: Postgres;
let database: Counted;
let server: RunningGatehouse;
/** The rules in force. */
let access: Access | undefined;
/** Whether people are to be confirmed again. */
let revalidate = false;
const about = { name: defaultProvider, title: "Nobody's", issuer: "http://localhost:1" };
const nobodys = { ...about, clientId: "x", clientSecret: "x", callbackUrl: "http://localhost/callback" };
const providers = [
  createOpenIdProvider(nobodys),
  createOpenIdProvider({ ...nobodys, revalidate: seconds(86_400) }),
] as const;
const currentProvider = () => providers[revalidate ? 1 : 0];
let settings: Settings;
/** On the same database, uncounted. */
let store: Store;

before(async () => {
  postgres = await startPostgres();
  const url = await postgres.createDatabase();
  store = await openPostgresStore({ url });
  database = new Counted({ url });
  const environment = {
    PORT: String(await freePort()),
    SQL_URL: url,
    SECRET_KEY: "a secret key of the tests of at least 32 characters",
    LOG_LEVEL: "silent",
  };
  const config = readConfig({ ...environment, BASE_URL: `http://localhost:${environment.PORT}` }, "dev");
  const secretKeys = [Buffer.from(environment.SECRET_KEY)] as const;
  settings = { ...config.settings, secretKeys, keyId: 0, sharedTokens: () => false };
  const counted = createStore(database);
  // Once a start, with a transaction; and what is written in batches, which no request waits for.
  const { startWithKeys, openAuditChain, appendAudit, appendTraceSteps, useBudgets, noteUses } = store;
  const trails = { openAuditChain, appendAudit, appendTraceSteps };
  const beside = { startWithKeys, ...trails, useBudgets, noteUses };
  server = await startGatehouse(
    config,
    createLog({ ...config.log, tokenPrefixes: config.settings.tokenPrefixes }),
    {
      store: { ...counted, ...beside },
      clock: { now: () => now },
      access: () => access,
      providers: {
        get all() {
          return [currentProvider()];
        },
        find: (name) => (name === defaultProvider ? currentProvider() : undefined),
      },
      keepsHouse: false,
    },
  );
});
after(async () => {
  await server?.stop();
  await store?.close();
  await postgres?.stop();
});

async function post(form: Record<string, string>) {
  await database.startCounting();
  const response = await fetch(`${server.url}/token`, { method: "POST", body: new URLSearchParams(form) });
  const { statements, trips } = database;
  const body = (await response.json()) as Partial<Tokens> & { readonly error?: string };
  return { status: response.status, body, cost: { statements, trips } };
}

/** A client and a code of its, as the consent page would have left it. */
async function anApprovedClient() {
  const client = await aPublicClient(server);
  const { verifier, challenge } = pkce();
  const record = (await store.findClient(client.id)) ?? assert.fail();
  const code = codePrefix + unique();
  const authorization = anAuthorization(record, {
    codeChallenge: challenge,
    redirectUri: client.redirectUri,
  });
  const handleHash = hashSecret(unique());
  const transaction = { handleHash, bindingHash: handleHash, authorization, signedIn: undefined };
  await store.beginTransaction({ ...transaction, expiresAt: later(600) });
  const issued = aCode(authorization, { codeHash: hashSecret(code) });
  assert.ok(await store.completeTransaction(handleHash, now, { code: issued }));
  const { subject } = issued;
  const account = anAccount({
    subject,
    email: `${unique()}@example.com`,
    groups: ["admins"],
    confirmedAt: now,
  });
  const session = { replaces: undefined, account, authTime: now, expiresAt: later(60) };
  await store.openSession({ sessionHash: hashSecret(unique()), ...session });
  return { client_id: client.id, code, code_verifier: verifier };
}

test("a redemption and a refresh cost three statements in two trips: all look-ups are one", async () => {
  const { client_id, code, code_verifier } = await anApprovedClient();
  const redeemed = await post({ grant_type: "authorization_code", client_id, code, code_verifier });
  assert.equal(redeemed.status, 200, JSON.stringify(redeemed.body));
  assert.deepEqual(redeemed.cost, { statements: 3, trips: 2 });
  const { refresh_token = "" } = redeemed.body;
  const refreshed = await post({ grant_type: "refresh_token", client_id, refresh_token });
  assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
  assert.deepEqual(refreshed.cost, { statements: 3, trips: 2 });
});

test("rules of access cost a redemption and a refresh neither a statement nor a trip more", async (t) => {
  const group = [{ provider: "default", name: "admins" }];
  const rule = { effect: "allow", match: { group }, name: "the rule" } as const;
  access = createAccess({ signIn: [rule], resources: new Map() }, ["default"]);
  t.after(() => {
    access = undefined;
  });
  const { client_id, code, code_verifier } = await anApprovedClient();
  const redeemed = await post({ grant_type: "authorization_code", client_id, code, code_verifier });
  assert.equal(redeemed.status, 200, JSON.stringify(redeemed.body));
  const { refresh_token = "" } = redeemed.body;
  const refreshed = await post({ grant_type: "refresh_token", client_id, refresh_token });
  assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
  for (const { cost } of [redeemed, refreshed]) assert.deepEqual(cost, { statements: 3, trips: 2 });
});

test("looking whether a person was confirmed lately costs a refresh neither a statement nor a trip more", async (t) => {
  revalidate = true;
  t.after(() => {
    revalidate = false;
  });
  const { client_id, code, code_verifier } = await anApprovedClient();
  const redeemed = await post({ grant_type: "authorization_code", client_id, code, code_verifier });
  const { refresh_token = "" } = redeemed.body;
  const refreshed = await post({ grant_type: "refresh_token", client_id, refresh_token });
  assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
  assert.deepEqual(refreshed.cost, { statements: 3, trips: 2 });
});

test("a token endpoint whose look-ups are one still tells first what is wrong with the client", async () => {
  const { client_id, code, code_verifier } = await anApprovedClient();
  const redemption = { grant_type: "authorization_code", code, code_verifier };
  const unknown = await post({ ...redemption, client_id: "nobody" });
  assert.deepEqual([unknown.status, unknown.body.error], [401, "invalid_client"]);
  const redeemed = await post({ ...redemption, client_id });
  assert.equal(redeemed.status, 200, "nothing was used up");
  const { refresh_token = "" } = redeemed.body;
  const refresh = { grant_type: "refresh_token", refresh_token };
  for (const form of [
    { ...refresh, client_id: "nobody" },
    { ...refresh, client_id, client_secret: "a-public-client-has-none" },
    { grant_type: "refresh_token", client_id: "nobody" },
    { ...redemption, client_id: "nobody", code: "unknown" },
  ]) {
    const { status, body, cost } = await post(form);
    assert.deepEqual([status, body.error], [401, "invalid_client"], JSON.stringify(form));
    assert.equal(cost.trips, 1);
  }
  const another = await aPublicClient(server);
  const foreign = await post({ ...refresh, client_id: another.id });
  assert.deepEqual([foreign.status, foreign.body.error], [400, "invalid_grant"]);
  const refreshed = await post({ ...refresh, client_id });
  assert.equal(refreshed.status, 200, "and no refusal harmed the grant");

  const { refresh_token: live = "" } = refreshed.body;
  const scoped = (await store.findClient(client_id)) ?? assert.fail();
  await store.replaceClient({ ...scoped, grantTypes: ["authorization_code"] });
  const unregistered = await post({ grant_type: "refresh_token", client_id, refresh_token: live });
  assert.deepEqual([unregistered.status, unregistered.body.error], [400, "unauthorized_client"]);
  await store.removeClient(client_id);
  const removed = await post({ grant_type: "refresh_token", client_id, refresh_token: live });
  assert.deepEqual([removed.status, removed.body.error], [401, "invalid_client"]);
});

test("an introspection costs two statements in one trip", async () => {
  const { client_id, code, code_verifier } = await anApprovedClient();
  const redeemed = await post({ grant_type: "authorization_code", client_id, code, code_verifier });
  const credential = `gatehouse_rs_${unique()}${unique()}`;
  const identifier = anAuthorization((await store.findClient(client_id)) ?? assert.fail()).resource;
  assert.ok(identifier);
  const resource = { identifier, name: "Notes", scopes: [], createdAt: seconds(now) };
  await store.addResource(resource, hashSecret(credential));
  const introspect = async () => {
    await database.startCounting();
    const response = await fetch(`${server.url}/introspect`, {
      method: "POST",
      headers: { authorization: `Bearer ${credential}` },
      body: new URLSearchParams({ token: redeemed.body.access_token ?? "" }),
    });
    const { active, groups } = (await response.json()) as { active: boolean; groups?: string[] };
    assert.equal(active, true);
    return { groups, cost: [database.statements, database.trips] };
  };
  assert.deepEqual(await introspect(), { groups: undefined, cost: [2, 1] });
  await store.changeResource(identifier, { claims: ["groups"] });
  assert.deepEqual((await introspect()).groups, ["admins"]);
  assert.deepEqual(await introspect(), { groups: ["admins"], cost: [2, 1] }, "from the second on");
});

test("a look at all who listen at the door is one statement, and one beside it for tokens that have rows", async () => {
  const counted = createStore(database);
  const lookAgain = createLookAgain({ clock: { now: () => now }, store: counted, access: () => access });
  const listening: Admitted[] = [];
  for (let count = 0; count < 5; count++) {
    const { client_id, code, code_verifier } = await anApprovedClient();
    const { body } = await post({ grant_type: "authorization_code", client_id, code, code_verifier });
    const asked = { clock: { now: () => now }, settings, store };
    const live = (await findHeldToken(asked, body.access_token ?? "")) ?? assert.fail();
    const account = live.account ?? assert.fail();
    listening.push({
      resource: live.resource ?? assert.fail(),
      bearer: {
        subject: account.subject,
        clientId: live.clientId ?? assert.fail(),
        scopes: [],
        person: account,
        name: undefined,
        grantId: live.grantId ?? assert.fail(),
        reference: live.reference,
        tokenHash: count === 4 ? hashSecret(unique()) : undefined,
        expiresAt: live.expiresAt,
      },
    });
  }
  await store.revokeGrant(listening[0]?.bearer.grantId ?? assert.fail());
  // On a busy machine the answer to the one may be there before the other begins: the fewest trips of five.
  const trips: number[] = [];
  for (let time = 0; time < 5; time++) {
    await database.startCounting();
    assert.deepEqual(await lookAgain(listening), ["grant_over", "good", "good", "good", "token_over"]);
    assert.equal(database.statements, 2);
    trips.push(database.trips);
  }
  assert.equal(Math.min(...trips), 1);
});
