import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Store } from "../../src/oauth/store.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  isActive,
  redeem,
  refreshed,
  resource,
  type TestClient,
  tokensFor,
  tokensOf,
} from "../support/oauth-client.ts";

let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

test("an introspection and a refresh write nothing to audit trail and traces, the first refresh of a day, a redemption and a registration one record each that shares its row, and no answer waits for any", async () => {
  const codes = await Promise.all(Array.from({ length: 5 }, () => aCode(server, client)));
  const tokens = await tokensFor(server, client);
  await pause(1200); // what was told until now is written

  const { appendAudit, appendTraceSteps } = server.store;
  const batches: string[][] = [];
  const steps: string[] = [];
  const held = Promise.withResolvers<void>();
  const watched: Pick<Store, "appendAudit" | "appendTraceSteps"> = {
    appendAudit: async (batch) => {
      batches.push(batch.records.map(({ name }) => name));
      await held.promise;
      return appendAudit(batch);
    },
    appendTraceSteps: async (some) => {
      steps.push(...some.map(({ step }) => step));
      await held.promise;
      return appendTraceSteps(some);
    },
  };
  Object.assign(server.store, watched);
  try {
    for (let more = 0; more < 20; more++) assert.equal(await isActive(server, tokens.access_token), true);
    let { refresh_token } = tokens;
    for (let more = 0; more < 20; more++)
      ({ refresh_token } = await refreshed(server, client, refresh_token));
    for (const code of codes) tokensOf(await redeem(server, client, code));
    for (let more = 0; more < 5; more++) await aPublicClient(server);
    assert.ok(batches.length <= 1, "one write at a time, for which nobody waits");
    held.resolve();
    const written = () => batches.flat().length;
    for (let waited = 0; written() < 11 && waited < 100; waited++) await pause(50);
    await pause(1000); // nothing more comes
  } finally {
    held.resolve();
    Object.assign(server.store, { appendAudit, appendTraceSteps });
  }
  const names = Map.groupBy(batches.flat(), (name) => name);
  assert.deepEqual(Object.fromEntries([...names].map(([name, all]) => [name, all.length])), {
    token_refreshed: 1,
    code_redeemed: 5,
    client_registered: 5,
  });
  assert.deepEqual(steps, []);
  assert.ok(batches.length <= 3, `${batches.length} rows`);
});
