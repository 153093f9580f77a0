import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { keyCheck } from "../src/keys/keyring.ts";
import type { Check, CheckName } from "../src/oauth/ports.ts";
import type { StoreProblem } from "../src/oauth/store/upkeep.ts";
import { StoreUnavailableError } from "../src/oauth/store.ts";
import { configuredKey, newKeyText } from "../src/oauth/tokens/secret-keys.ts";
import { seconds } from "../src/oauth/values.ts";
import { createReadiness, type ReadinessOptions } from "../src/readiness.ts";
import { StandingClock, startTestGatehouse, type TestGatehouse } from "./support/gatehouse.ts";

const fine = { problems: [], warnings: [] };
const allOk = {
  database: "ok",
  migrations: "ok",
  disk: "ok",
  key: "ok",
  provider: "ok",
  configuration: "ok",
};

function aReadiness(options: Partial<ReadinessOptions> = {}) {
  const clock = new StandingClock();
  let looks = 0;
  const { findProblems } = options.store ?? { findProblems: async () => [] };
  const readiness = createReadiness({
    checkKeys: async () => fine,
    checkDeclarations: async () => [],
    warnings: new Map(),
    clock,
    ...options,
    store: {
      findProblems() {
        looks++;
        return findProblems();
      },
    },
  });
  return { ...readiness, clock, looks: () => looks };
}

const statesOf = (checks: readonly Check[]) =>
  Object.fromEntries(checks.map(({ name, state }) => [name, state]));

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
});
after(() => server?.stop());

test("Y34 readyz names each check, its first four make it 503 and the others warn; strangers get names only, within a second, and none once it stops", async (t) => {
  await t.test("on this computer it says what is wrong, to strangers only where", async () => {
    const ask = async (headers: Record<string, string> = {}) => {
      const response = await fetch(`${server.url}/readyz`, { headers });
      return [response.status, await response.json()] as const;
    };
    assert.deepEqual(await ask(), [200, { status: "ready", checks: allOk }]);
    const { findProblems } = server.store;
    t.after(() => Object.assign(server.store, { findProblems }));
    Object.assign(server.store, {
      findProblems: async () => [{ check: "disk", text: "the disk of db-7.internal is full" }],
    });
    server.clock.advance(1);
    const checks = { ...allOk, disk: "failed", key: "unknown" };
    const problems = ["the disk of db-7.internal is full"];
    assert.deepEqual(await ask(), [503, { status: "not ready", checks, problems }]);
    for (const stranger of [{ "x-forwarded-for": "203.0.113.7" }, { via: "1.1 proxy" }]) {
      assert.deepEqual(await ask(stranger), [503, { status: "not ready", checks }]);
    }
  });

  await t.test("each check by its name", async () => {
    const failing = (problem: StoreProblem) => ({ store: { findProblems: async () => [problem] } });
    const throwing = (error: Error) => ({ store: { findProblems: () => Promise.reject(error) } });
    const keys = (found: Partial<typeof fine>) => ({ checkKeys: async () => ({ ...fine, ...found }) });
    const warned = (...entry: [string, CheckName]) => ({ warnings: new Map([entry]) });
    const cases: [Partial<ReadinessOptions>, Partial<Record<string, string>>][] = [
      [{}, {}],
      [failing({ check: "migrations", text: "too old" }), { migrations: "failed", key: "unknown" }],
      [failing({ check: "migrations", text: "newer", isWarning: true }), { migrations: "warning" }],
      [failing({ check: "disk", text: "full" }), { disk: "failed", key: "unknown" }],
      [
        throwing(new StoreUnavailableError("gone")),
        { database: "failed", migrations: "unknown", disk: "unknown", key: "unknown" },
      ],
      [
        throwing(new StoreUnavailableError("full", { check: "disk" })),
        { database: "unknown", migrations: "unknown", disk: "failed", key: "unknown" },
      ],
      [keys({ problems: ["a strange key" as never] }), { key: "failed" }],
      [keys({ warnings: ["another key" as never] }), { key: "warning" }],
      [warned("nobody can sign in", "provider"), { provider: "warning" }],
      [warned("refused", "configuration"), { configuration: "warning" }],
      [{ checkDeclarations: async () => ["others declare other things"] }, { configuration: "warning" }],
    ];
    for (const [options, states] of cases) {
      assert.deepEqual(statesOf(await aReadiness(options).checks()), { ...allOk, ...states });
    }
  });

  await t.test(
    "a database that keeps silent holds up no answer, and what is told is no older than 5 s",
    async () => {
      let answer: () => Promise<readonly StoreProblem[]> = async () => [];
      const { checks, clock } = aReadiness({
        store: { findProblems: () => answer() },
        timeout: () => new Promise((resolve) => setImmediate(resolve)),
      });
      assert.deepEqual(statesOf(await checks()), allOk);
      answer = () => new Promise(() => undefined);
      clock.advance(5);
      assert.deepEqual(statesOf(await checks()), allOk, "what was seen five seconds ago");
      clock.advance(1);
      assert.equal(statesOf(await checks()).database, "failed");
    },
  );

  await t.test("a database that was exchanged for one of other keys is the key's failure", async () => {
    const [own] = (await configuredKey(newKeyText())).readings;
    const another = "00".repeat(16);
    const problemsWith = async (...fingerprints: string[]) => {
      const known = fingerprints.map((fingerprint) => ({
        fingerprint,
        since: seconds(0),
        startedAt: undefined,
      }));
      const check = keyCheck(
        [own],
        async () => ({ known, live: true }),
        () => undefined,
      );
      return (await check()).problems.length;
    };
    assert.equal(await problemsWith(), 0);
    assert.equal(await problemsWith(another, own.fingerprint), 0);
    assert.equal(await problemsWith(another), 1);
  });

  await t.test("once it stops nobody is to be sent there", async () => {
    const { checks, stop } = aReadiness();
    await checks();
    stop();
    assert.deepEqual(statesOf(await checks()), { ...allOk, process: "failed" });
    const stopping = await startTestGatehouse();
    const { stop: end, url } = stopping;
    const ended = end();
    // Whoever still gets through is told so; everybody else finds the port closed.
    const late = await fetch(`${url}/readyz`).catch(() => undefined);
    assert.ok(late === undefined || late.status === 503);
    await ended;
  });
});

test("Y-n17 asked ten thousand times a second it looks once, and tells strangers no host, version or address", async () => {
  const { checks, clock, looks } = aReadiness();
  for (let second = 1; second <= 3; second++) {
    await Promise.all(Array.from({ length: 10_000 }, () => checks()));
    assert.equal(looks(), second);
    clock.advance(1);
  }
  const stranger = { "x-forwarded-for": "203.0.113.7" };
  const told = await (await fetch(`${server.url}/readyz`, { headers: stranger })).text();
  assert.match(
    told,
    /^\{"status":"(?:not )?ready","checks":\{(?:"[a-z]+":"(?:ok|warning|failed|unknown)",?)+\}\}$/,
  );
});
