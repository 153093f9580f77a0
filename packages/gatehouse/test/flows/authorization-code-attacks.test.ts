import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aCode, aPublicClient, redeem, resource, type TestClient } from "../support/oauth-client.ts";

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

test("F-n7 a code of another issuer is unknown here", async (t) => {
  const elsewhere = await startTestGatehouse();
  t.after(() => elsewhere.stop());
  await elsewhere.addResource(resource);
  const there = await aPublicClient(elsewhere);
  const answer = await redeem(server, client, await aCode(elsewhere, there));
  assert.equal(answer.body.error, "invalid_grant");
});
