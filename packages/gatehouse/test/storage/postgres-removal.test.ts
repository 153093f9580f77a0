import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Client as Connection } from "pg";
import type { Client, Code, Grant } from "../../src/oauth/records.ts";
import type { SignInOutcome } from "../../src/oauth/store/people.ts";
import type { Store } from "../../src/oauth/store.ts";
import { type Subject, seconds } from "../../src/oauth/values.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import {
  aClient,
  aCode,
  aGrant,
  aHash,
  anAccount,
  anAuthorization,
  aRotation,
  aToken,
  aTransaction,
  later,
  now,
  times,
  unique,
} from "../contract/records.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/*
 * What is removed while others are still at it: whoever came first, nothing of it lives on afterwards.
 */

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

for (const isolation of ["read committed", "serializable"] as const) {
  describe(`removal under way on PostgreSQL, ${isolation}`, () => {
    let stores: Store[] = [];
    let connection: Connection;
    before(async () => {
      const url = await postgres.createDatabase(isolation);
      stores = await Promise.all(times(3, () => openPostgresStore({ url })));
      connection = new Connection({ connectionString: url });
      await connection.connect();
    });
    after(async () => {
      await connection.end();
      await Promise.all(stores.map((store) => store.close()));
    });

    /** One of several processes, as it were. */
    const anyStore = () => stores[Math.floor(Math.random() * stores.length)] ?? assert.fail();
    const left = async (table: string, column: string, value: string) =>
      (await connection.query(`select 1 from ${table} where ${column} = $1`, [value])).rows.length;

    const anAttempt = async (client: Client, subject: Subject) => {
      const authorization = anAuthorization(client);
      const signedIn = { subject, email: "a@b.example", authTime: now };
      const transaction = aTransaction(authorization, { signedIn });
      await anyStore().beginTransaction(transaction);
      const code = aCode(authorization, { subject });
      return { code, complete: () => anyStore().completeTransaction(transaction.handleHash, now, { code }) };
    };
    const redeem = (code: Code) => {
      const grant = aGrant(code);
      return {
        grant,
        redeem: () => anyStore().redeemCode(code.codeHash, now, grant, aToken(grant)),
        rotate: () => anyStore().rotateGrant(aRotation(grant, 1, { expiresAt: later(900) })),
      };
    };

    /**
     * A client with a transaction, a code and a grant of one person, and everything that can happen to them,
     * at once with `remove`.
     */
    const race = async (client: Client, subject: Subject, remove: (grant: Grant) => Promise<unknown>) => {
      await anyStore().addClient(client);
      const account = anAccount({
        subject,
        issuer: "https://idp.example",
        upstreamSubject: unique(),
      });
      const session = { replaces: undefined, account, authTime: now, expiresAt: later(9) };
      await anyStore().openSession({ sessionHash: aHash(), ...session });
      const attempts = await Promise.all(times(3, () => anAttempt(client, subject)));
      const issued = await Promise.all(times(3, () => anAttempt(client, subject)));
      const used = await Promise.all(times(3, () => anAttempt(client, subject)));
      await Promise.all([...issued, ...used].map(({ complete }) => complete()));
      const granted = used.map(({ code }) => redeem(code));
      await Promise.all(granted.map((each) => each.redeem()));
      const moves = [
        ...attempts.map(({ complete, code }) => async () => {
          if (await complete()) await redeem(code).redeem();
        }),
        ...issued.map(({ code }) => redeem(code).redeem),
        ...granted.flatMap(({ rotate }) => times(4, () => rotate)),
      ];
      const removal = () => remove(granted[0]?.grant ?? assert.fail());
      const order = [...moves, removal].toSorted(() => Math.random() - 0.5);
      await Promise.all(order.map((move) => move()));
    };

    test("a revoked grant leaves no token behind", async () => {
      for (const _ of times(40, () => undefined)) {
        let [revoked, id] = [false, ""];
        await race(aClient(), `user_${unique()}` as Subject, async (grant) => {
          id = grant.id;
          revoked = await anyStore().revokeGrant(grant.id);
        });
        assert.equal(revoked, true);
        assert.equal(await left("user_tokens", "grant_id", id), 0);
      }
    });

    test("a removed client leaves no code, grant or token behind", async () => {
      for (const _ of times(40, () => undefined)) {
        const client = aClient();
        let removed: boolean | undefined;
        await race(client, `user_${unique()}` as Subject, async () => {
          removed = await anyStore().removeClient(client.id);
        });
        assert.equal(removed, true);
        assert.equal(await left("oauth2_codes", "client_id", client.id), 0);
        assert.equal(await left("gatehouse_grants", "client_id", client.id), 0);
        assert.equal(await left("user_tokens", "client_id", client.id), 0);
      }
    });

    test("a removed person leaves no transaction, code, grant or token behind", async () => {
      for (const _ of times(40, () => undefined)) {
        const subject = `user_${unique()}` as Subject;
        let removed: unknown;
        await race(aClient(), subject, async () => {
          removed = await anyStore().removeAccount(subject);
        });
        assert.notEqual(removed, undefined);
        for (const table of ["oauth2_sessions", "oauth2_codes", "gatehouse_grants", "user_tokens"]) {
          assert.equal(await left(table, "subject", subject), 0, table);
        }
      }
    });

    test("a blocked person leaves nothing behind that lives, whatever runs at that moment", async () => {
      for (const _ of times(40, () => undefined)) {
        const subject = `user_${unique()}` as Subject;
        const account = anAccount({
          subject,
          issuer: "https://idp.example",
          upstreamSubject: unique(),
        });
        const signIns: Promise<SignInOutcome>[] = [];
        let blocked: unknown;
        await race(aClient(), subject, async () => {
          const session = { replaces: undefined, account, authTime: now, expiresAt: later(9) };
          const signIn = () => anyStore().openSession({ sessionHash: aHash(), ...session });
          signIns.push(...times(2, signIn));
          blocked = await anyStore().blockAccount(subject, now);
          signIns.push(signIn());
        });
        assert.notEqual(blocked, undefined);
        assert.equal((await Promise.all(signIns)).at(-1)?.outcome, "blocked");
        for (const table of [
          "gatehouse_browser_sessions",
          "oauth2_codes",
          "gatehouse_grants",
          "user_tokens",
        ]) {
          assert.equal(await left(table, "subject", subject), 0, table);
        }
      }
    });

    test("a client that is used while it is swept as idle stays, or was gone before", async () => {
      for (const _ of times(20, () => undefined)) {
        const client = aClient({ createdAt: seconds(now - 5000) });
        await anyStore().addClient(client);
        const { code, complete } = await anAttempt(client, `user_${unique()}` as Subject);
        await complete();
        const { grant, redeem: use } = redeem(code);
        const sweeps = times(3, () => anyStore().sweep(now, 100, seconds(4000)));
        const [outcome] = await Promise.all([use(), ...sweeps]);
        const found = await anyStore().findClient(client.id);
        assert.equal(found?.lastUsedAt, outcome === "redeemed" ? now : undefined);
        assert.equal((await anyStore().findGrant(grant.id, now)) !== undefined, outcome === "redeemed");
      }
    });
  });
}
