import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { Client } from "pg";
import type { Code, Grant } from "../../src/oauth/records.ts";
import type { Rotation } from "../../src/oauth/store/grants.ts";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { aGrant, aHash, aToken, later, lossless, now, times } from "../contract/records.ts";
import { StoreUnderTest } from "../contract/store-under-test.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import type { Errand } from "./errand.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

/**
 * Three processes with these errands each, which start at the same moment. @returns the outcomes, errand by
 * errand
 */
async function race(url: string, errands: () => Errand[]) {
  const racers = times(3, () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, "postgres-racer.ts"), url], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.write(`${JSON.stringify(errands())}\n`);
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  await Promise.all(racers.map(({ lines }) => lines.next()));
  for (const { child } of racers) child.stdin.write("go\n");
  const printed = await Promise.all(racers.map(({ lines }) => lines.next()));
  const outcomes = printed.map(
    ({ value }) => JSON.parse(value ?? "") as Record<"redeemed", string[][]> & { rotated: Rotation[][] },
  );
  return outcomes[0]?.redeemed.map((_, at) => ({
    redeemed: outcomes.flatMap(({ redeemed }) => redeemed[at] ?? []).toSorted(),
    rotated: outcomes
      .flatMap(({ rotated }) => rotated[at] ?? [])
      .map(({ outcome }) => outcome)
      .toSorted(),
    /** Those that were answered with. */
    generations: new Set(
      outcomes
        .flatMap(({ rotated }) => rotated[at] ?? [])
        .flatMap((answer) => ("generation" in answer ? answer.generation : [])),
    ),
  }));
}

/** Transactions of processes that ended which were undone for another's sake, and then ran again. */
async function undone(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ n: number }>(
    "select xact_rollback::int as n from pg_stat_database where datname = current_database()",
  );
  await client.end();
  return rows[0]?.n ?? 0;
}

const anErrand = (code: Code, grant: Grant, attempts: number): Errand => ({
  codeHash: code.codeHash,
  now,
  attempts: times(attempts, () => {
    const wanted = aGrant(code);
    return { grant: wanted, token: aToken(wanted) };
  }),
  rotations: presenting(grant, attempts),
});

/** @param presented the generations that are presented at `at`, in turn */
const presenting = (grant: Grant, attempts: number, at = now, presented = [1]): Errand["rotations"] =>
  Array.from({ length: attempts }, (_, attempt) => ({
    grantId: grant.id,
    presented: presented[attempt % presented.length] ?? 1,
    now: at,
    replay: lossless,
    expiresAt: later(1000),
    accessToken: aToken(grant),
  }));

/** An errand without a code. */
const aRotation = (...args: Parameters<typeof presenting>): Errand => ({
  codeHash: aHash(),
  now,
  attempts: [],
  rotations: presenting(...args),
});

/** One of them had the first word. */
const once = (first: string, then: string, attempts: number) =>
  [first, ...times(attempts - 1, () => then)].toSorted();

for (const isolation of ["read committed", "serializable"] as const) {
  describe(`three processes on one database, ${isolation}`, () => {
    const tested = new StoreUnderTest();
    let url = "";
    before(async () => {
      url = await postgres.createDatabase(isolation);
      // A thousand at once wait long on a busy machine.
      await tested.open(() => openPostgresStore({ url, statementTimeout: 30_000 }));
    });
    after(() => tested.store.close());

    test("a thousand attempts with one code are one redemption, with one refresh token one lineage", async () => {
      const code = await tested.anIssuedCode();
      const { grant } = await tested.aLiveGrant();
      const [outcome] = (await race(url, () => [anErrand(code, grant, 334)])) ?? [];
      if (isolation === "serializable") assert.ok((await undone(url)) > 0, "nobody was in anybody's way");
      assert.deepEqual(outcome, {
        redeemed: once("redeemed", "used", 1002),
        rotated: once("rotated", "replayed", 1002),
        generations: new Set([2]),
      });
      assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 2);
    });

    test("a thousand late presenters of one generation move the grant ahead once, and all learn where to", async () => {
      const { grant } = await tested.aLiveGrant();
      await tested.rotate(grant, 1);
      const [outcome] = (await race(url, () => [aRotation(grant, 334, later(600))])) ?? [];
      assert.deepEqual(outcome?.rotated, once("skipped_ahead", "replayed", 1002));
      assert.deepEqual(outcome?.generations, new Set([3]));
      assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 3);
    });

    test("a thousand with a generation ahead of the database move the grant forward once, and all learn where to", async () => {
      const { grant } = await tested.aLiveGrant();
      const [outcome] = (await race(url, () => [aRotation(grant, 334, now, [9])])) ?? [];
      assert.deepEqual(outcome?.rotated, once("fast_forwarded", "replayed", 1002));
      assert.deepEqual(outcome?.generations, new Set([10]));
      assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 10);
    });

    test("of five hundred with the live and five hundred with the preceding generation, past the window, one side is answered", async () => {
      const { grant } = await tested.aLiveGrant();
      await tested.rotate(grant, 1);
      const [outcome] = (await race(url, () => [aRotation(grant, 334, later(600), [1, 2])])) ?? [];
      const first = outcome?.rotated.find((name) => name === "rotated" || name === "skipped_ahead") ?? "";
      const refused = times(501, () => "reused");
      assert.deepEqual(outcome?.rotated, [...once(first, "replayed", 501), ...refused].toSorted());
      assert.deepEqual(outcome?.generations, new Set([3]));
      assert.equal((await tested.store.findGrant(grant.id, now))?.generation, 3);
    });

    test("a thousand codes and refresh tokens, each presented to all at once, are used once each", async () => {
      const pairs = await Promise.all(
        times(1000, async () => ({
          code: await tested.anIssuedCode(),
          grant: (await tested.aLiveGrant()).grant,
        })),
      );
      const outcomes = await race(url, () => pairs.map(({ code, grant }) => anErrand(code, grant, 1)));
      assert.equal(outcomes?.length, 1000);
      for (const outcome of outcomes ?? []) {
        assert.deepEqual(outcome, {
          redeemed: once("redeemed", "used", 3),
          rotated: once("rotated", "replayed", 3),
          generations: new Set([2]),
        });
      }
      const grants = await Promise.all(pairs.map(({ grant }) => tested.store.findGrant(grant.id, now)));
      assert.ok(grants.every((grant) => grant?.generation === 2));
    });
  });
}
