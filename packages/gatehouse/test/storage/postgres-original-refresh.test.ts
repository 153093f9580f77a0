import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client } from "pg";
import type { Store } from "../../src/oauth/store.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import type { Subject } from "../../src/oauth/values.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import {
  aClient,
  aCode,
  aGrant,
  anAccount,
  anAuthorization,
  aRotation,
  asAccount,
  aToken,
  count,
  later,
  now,
  times,
  unique,
} from "../contract/records.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { oldStates } from "./postgres-old-states.ts";

/*
 * What the store promises about refresh tokens of the service before us. It needs rows that only that service
 * writes, so it stands beside the contract.
 */

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

for (const isolation of ["read committed", "serializable"] as const) {
  describe(`refresh tokens of the service before us on PostgreSQL, ${isolation}`, () => {
    let store: Store;
    let sql: Client;
    before(async () => {
      const url = await postgres.createDatabase(isolation);
      sql = new Client({ connectionString: url });
      await sql.connect();
      for (const step of oldStates.at(-1)?.steps ?? []) await sql.query(step);
      store = await openPostgresStore({ url });
    });
    after(async () => {
      await store.close();
      await sql.end();
    });

    /** A client, a token of the service before us, and what it would be exchanged for. */
    async function aToExchange(over: { readonly expiresAt?: number; readonly email?: string } = {}) {
      const client = aClient();
      await store.addClient(client);
      const tokenHash = hashSecret(unique());
      const { expiresAt = later(1000), email = `${unique()}@example.com` } = over;
      await sql.query(
        "insert into refresh_tokens (token, email, client_id, created_at, expires_at) values ($1, $2, $3, to_timestamp($4), to_timestamp($5))",
        [tokenHash, email, client.id, now - 7, expiresAt],
      );
      const account = anAccount({
        subject: `user_${unique()}` as Subject,
        issuer: "by address",
        upstreamSubject: email,
        email,
      });
      const anOutcome = () => {
        const code = aCode(anAuthorization(client), { subject: account.subject, email });
        const grant = aGrant(code, { generation: 2 });
        return { account, grant, accessToken: aToken(grant) };
      };
      return { tokenHash, client, email, account, anOutcome };
    }

    test("one is found with whom and which client it is for, until it expires, and nothing changes by that", async () => {
      const { tokenHash, client, email } = await aToExchange({ expiresAt: later(10) });
      const original = { email, clientId: client.id, createdAt: now - 7 };
      for (let twice = 0; twice < 2; twice++) {
        assert.deepEqual(await store.findOriginalRefreshToken(tokenHash, later(9)), original);
      }
      assert.equal(await store.findOriginalRefreshToken(tokenHash, later(10)), undefined);
      assert.equal(await store.findOriginalRefreshToken(hashSecret("unknown"), now), undefined);
    });

    test("of many who exchange one exactly one gets a grant, with its account, and the token counts as its generation before", async () => {
      const { tokenHash, client, email, account, anOutcome } = await aToExchange();
      const outcomes = times(20, anOutcome);
      const answers = await Promise.all(
        outcomes.map((outcome) => store.exchangeOriginalRefreshToken(tokenHash, now, outcome)),
      );
      assert.equal(count(answers, true), 1);
      for (const [at, { grant, accessToken }] of outcomes.entries()) {
        const won = answers[at] === true;
        assert.deepEqual(await store.findGrant(grant.id, now), won ? grant : undefined);
        assert.deepEqual(
          await store.findAccessToken(accessToken.tokenHash, now),
          won ? accessToken : undefined,
        );
      }
      assert.equal(await store.findOriginalRefreshToken(tokenHash, now), undefined);
      assert.deepEqual((await store.findAccounts(email)).map(asAccount), [account]);
      assert.equal((await store.findClient(client.id))?.lastUsedAt, now);

      const { grant } = outcomes[answers.indexOf(true)] ?? assert.fail();
      const presented = (generation: number, at = now) =>
        store.rotateGrant(aRotation(grant, generation, { now: at }));
      assert.deepEqual(
        await presented(1, later(59)),
        { outcome: "replayed", generation: 2 },
        "its answer was lost",
      );
      assert.deepEqual(await presented(2), { outcome: "rotated", generation: 3 });
    });

    test("one that is another client's, expired or ended is exchanged for nothing, and nothing is stored", async () => {
      const foreign = await aToExchange();
      const other = await aToExchange();
      const expired = await aToExchange({ expiresAt: now });
      const ended = await aToExchange();
      assert.equal(await store.revokeOriginalRefreshToken(ended.tokenHash), true);
      assert.equal(await store.revokeOriginalRefreshToken(ended.tokenHash), false);
      for (const [tokenHash, { anOutcome, email }] of [
        [foreign.tokenHash, other],
        [expired.tokenHash, expired],
        [ended.tokenHash, ended],
      ] as const) {
        const outcome = anOutcome();
        assert.equal(await store.exchangeOriginalRefreshToken(tokenHash, now, outcome), false);
        assert.equal(await store.findGrant(outcome.grant.id, now), undefined);
        assert.deepEqual((await store.findAccounts(email)).map(asAccount), []);
      }
      assert.ok(await store.findOriginalRefreshToken(foreign.tokenHash, now));
    });

    test("one of a person who is blocked is exchanged for nothing, the moment of the block included", async () => {
      const { tokenHash, email, account, anOutcome } = await aToExchange();
      const other = anAccount({ email: email.toUpperCase() });
      const session = { replaces: undefined, account: other, authTime: now, expiresAt: later(9) };
      await store.openSession({ sessionHash: hashSecret(unique()), ...session });
      const [first] = [anOutcome()];
      const [exchanged] = await Promise.all([
        store.exchangeOriginalRefreshToken(tokenHash, now, first),
        store.blockAccount(other.subject, now),
      ]);
      if (exchanged) await store.blockAccount(account.subject, now);
      assert.equal(await store.findGrant(first.grant.id, now), undefined);
      const next = await aToExchange({ email });
      const outcome = next.anOutcome();
      assert.equal(await store.exchangeOriginalRefreshToken(next.tokenHash, now, outcome), false);
      assert.equal(await store.findGrant(outcome.grant.id, now), undefined);
      await store.unblockAccount(other.subject);
      await store.unblockAccount(account.subject);
      assert.equal(await store.exchangeOriginalRefreshToken(next.tokenHash, now, outcome), true);
    });

    test("a client that is removed at this moment leaves nothing", async () => {
      const { tokenHash, client, anOutcome } = await aToExchange();
      const outcome = anOutcome();
      await Promise.all([
        store.exchangeOriginalRefreshToken(tokenHash, now, outcome),
        store.removeClient(client.id),
      ]);
      assert.equal(await store.findGrant(outcome.grant.id, now), undefined);
      assert.equal(await store.findAccessToken(outcome.accessToken.tokenHash, now), undefined);
      assert.equal(await store.exchangeOriginalRefreshToken(tokenHash, now, anOutcome()), false);
    });

    test("the service before us and we do not both use one, however they meet", async () => {
      for (let round = 0; round < 20; round++) {
        const { tokenHash, anOutcome } = await aToExchange();
        const take = sql.query("delete from refresh_tokens where token = $1 returning email", [tokenHash]);
        const [theirs, ours] = await Promise.all([
          take.catch(() => ({ rowCount: 0 })), // undone by the other, at SERIALIZABLE
          store.exchangeOriginalRefreshToken(tokenHash, now, anOutcome()),
        ]);
        assert.equal(Number(ours) + (theirs.rowCount ?? 0), 1);
      }
    });

    test("ending a person's tokens ends each of them, and what came of one is there to be removed", async () => {
      const { tokenHash, email, anOutcome } = await aToExchange({ email: "Grace@example.com" });
      const second = await aToExchange({ email: "grace@EXAMPLE.com" });
      const outcome = anOutcome();
      const [exchanged, revoked] = await Promise.all([
        store.exchangeOriginalRefreshToken(tokenHash, now, outcome),
        store.revokeOriginalRefreshTokens("grace@example.com"),
      ]);
      assert.equal(Number(exchanged) + revoked, 2);
      assert.equal(await store.findOriginalRefreshToken(second.tokenHash, now), undefined);
      for (const { subject } of (await store.findAccounts(email)).map(asAccount))
        await store.removeAccount(subject);
      assert.equal(await store.findGrant(outcome.grant.id, now), undefined);
      assert.equal(await store.revokeOriginalRefreshTokens(email), 0);
    });
  });
}

for (const [name, open] of [
  ["an embedded database", () => openSqliteStore({ path: ":memory:" })],
  [
    "a PostgreSQL that never was the old service's",
    async () => openPostgresStore({ url: await postgres.createDatabase() }),
  ],
] as const) {
  test(`on ${name} there is no refresh token of the service before us`, async () => {
    const store = await open();
    const client = aClient();
    await store.addClient(client);
    const grant = aGrant(aCode(anAuthorization(client)));
    const account = anAccount({
      subject: grant.subject,
      issuer: "x",
      upstreamSubject: "x",
      email: grant.email,
    });
    const outcome = { account, grant, accessToken: aToken(grant) };
    for (let twice = 0; twice < 2; twice++) {
      assert.equal(await store.findOriginalRefreshToken(hashSecret("x"), now), undefined);
      assert.equal(await store.exchangeOriginalRefreshToken(hashSecret("x"), now, outcome), false);
      assert.equal(await store.revokeOriginalRefreshToken(hashSecret("x")), false);
      assert.equal(await store.revokeOriginalRefreshTokens(grant.email), 0);
    }
    assert.equal(await store.findGrant(grant.id, now), undefined);
    await store.close();
  });
}
