import assert from "node:assert/strict";
import { test } from "node:test";
import { troubleLately } from "../../../src/insight/trace/lately.ts";
import type { AuditRecord } from "../../../src/oauth/audit-record.ts";
import type { AuditQuery } from "../../../src/oauth/store/audit.ts";
import { StoreUnavailableError } from "../../../src/oauth/store.ts";

const noon = Date.UTC(2026, 10, 26, 12);

const aRecord = (name: string, minutesAgo: number, over: Partial<AuditRecord> = {}): AuditRecord => ({
  id: "a-1",
  chain: "a",
  sequence: 1,
  time: noon - minutesAgo * 60_000,
  name,
  outcome: "failure",
  actor: { kind: "system", id: undefined },
  instance: "web-1/1",
  facts: {},
  ...over,
});

const told = (records: readonly AuditRecord[], findProblems: () => Promise<never[]> = async () => []) =>
  troubleLately(
    {
      findProblems,
      findAudit: async ({ name, since = 0 }: AuditQuery, { limit }: { limit: number }) => ({
        records: records.filter((each) => each.name === name && each.time >= since).slice(0, limit),
        next: undefined,
      }),
    },
    noon,
  );

test("an outage is told with its cause, and whether it is over", async () => {
  const outage = aRecord("store_unavailable", 30, {
    reason: "disk full",
    facts: { detail: "0 bytes free in /data" },
  });
  const [over] = await told([
    outage,
    aRecord("store_back", 20, { facts: { detail: "after 600 s, 3 requests refused" } }),
  ]);
  assert.equal(
    over?.means,
    "2026-11-26 11:30:00 UTC: the database could not be used, disk full (0 bytes free in /data). It was back at 11:40:00 UTC (after 600 s, 3 requests refused).",
  );
  assert.match(over?.mend ?? "", /^Make room.*no restart\.$/);
  const [lasting] = await told([outage, aRecord("store_back", 40)]);
  assert.match(lasting?.means ?? "", /Nothing says that it is back\.$/);
  assert.deepEqual(await told([aRecord("store_unavailable", 25 * 60)]), [], "a day and no more");
});

test("what the database's error is now stands first", async () => {
  const fail = (kind: StoreUnavailableError["kind"]) => () =>
    Promise.reject(new StoreUnavailableError(`it is ${kind}`, { kind }));
  const limit = aRecord("limit_reached", 1, { reason: "sign-in", address: "192.0.2.1" });
  const [now, limited] = await told([limit], fail("locked"));
  assert.equal(now?.means, "At this moment: it is locked.");
  assert.match(now?.mend ?? "", /End the other process/);
  assert.match(limited?.means ?? "", /192\.0\.2\.1 reached the limit sign-in/);
  assert.match((await told([], fail("full")))[0]?.mend ?? "", /^Make room/);
  assert.match((await told([], fail("unreachable")))[0]?.mend ?? "", /^Start the database server/);
});

test("each limit is told once for each address, three at most", async () => {
  const limit = (address: string, minutesAgo: number) =>
    aRecord("limit_reached", minutesAgo, { reason: "sign-in", address });
  const many = await told([limit("192.0.2.1", 1), limit("192.0.2.1", 2), limit("192.0.2.2", 3)]);
  assert.deepEqual(
    many.map(({ means }) => /: (\S+) reached/.exec(means)?.[1]),
    ["192.0.2.1", "192.0.2.2"],
  );
  assert.equal((await told(["a", "b", "c", "d"].map((address) => limit(address, 1)))).length, 3);
});
