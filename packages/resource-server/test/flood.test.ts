import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { startTestGatehouse } from "../../gatehouse/test/support/gatehouse.ts";
import { aPublicClient, resource, tokensFor } from "../../gatehouse/test/support/oauth-client.ts";
import { createGuard } from "../src/index.ts";

const people = 5;
const waves = 2;
/** More than may wait. */
const bogusPerWave = 2000;

test("a flood of invented tokens starves nobody whose token was good before", async (t) => {
  const gatehouse = await startTestGatehouse({ LOG_LEVEL: "error" });
  t.after(gatehouse.stop);
  const { issuer, clock } = gatehouse;
  const credential = await gatehouse.addResource(resource);
  const refusals: string[] = [];
  const guard = createGuard({
    issuer,
    resource,
    credential,
    clock: () => clock.now(),
    onFailure: ({ message }) => refusals.push(message),
  });
  const call = (token: string) =>
    guard.check({ method: "POST", url: "/mcp", authorization: [`Bearer ${token}`] });
  const tokens: string[] = [];
  for (let i = 0; i < people; i++) {
    tokens.push((await tokensFor(gatehouse, await aPublicClient(gatehouse))).access_token);
  }
  for (const token of tokens) assert.ok((await call(token)).ok);

  for (let wave = 0; wave < waves; wave++) {
    clock.advance(11); // nothing is believed any more without asking
    const flood = Array.from({ length: bogusPerWave }, () =>
      call(`gatehouse_at_${randomBytes(32).toString("base64url")}`),
    );
    const honest = await Promise.all(tokens.map(call));
    assert.ok(
      honest.every(({ ok }) => ok),
      `wave ${wave}: ${refusals.at(-1)}`,
    );
    assert.ok((await Promise.all(flood)).every(({ ok }) => !ok));
  }
  assert.ok(refusals.length > 0, "the flood was more than may wait");
});
