import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, introspect, redeem } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse({ OAUTH2_CLIENT_ID: "", OAUTH2_CLIENT_SECRET: "" });
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418";

test("without an identity provider a developer types an address and is that person", async () => {
  const client = await aPublicClient(server);
  const agent = new UserAgent();
  const signIn = await agent.follow(authorizationUrl(server, client));
  assert.match(signIn.html, /development/i);
  assert.match(signIn.html, /name="email"/);

  const refused = await agent.submit(signIn, { email: "not an address" });
  assert.equal(refused.response.status, 400);
  assert.match(refused.html, /role="alert"/);

  const consent = await agent.submit(refused, { email: "dev@example.com" });
  assert.match(consent.html, /dev@example\.com/);
  const end = await agent.submit(consent, { decision: "approve" }, atClient);
  const answer = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal((await introspect(server, String(answer.body.access_token))).username, "dev@example.com");
});
