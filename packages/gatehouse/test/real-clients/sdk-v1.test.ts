import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { isActive, post } from "../support/oauth-client.ts";
import { staysSignedInOverLostAnswers } from "./support/lost-answers.ts";
import { approveInBrowser } from "./support/person.ts";
import { type ProtectedServer, startProtectedServer } from "./support/protected-server.ts";
import { SdkV1Client } from "./support/sdk-v1-client.ts";

/*
 * The official SDK on both sides, none of it ours: its client does discovery, registration, PKCE, redemption
 * and refresh; the example MCP server verifies by introspection; `oidc-provider` proves who the person is.
 */

let server: ProtectedServer;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([startProtectedServer(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

function aClient(t: TestContext): SdkV1Client {
  const client = new SdkV1Client(server.url);
  t.after(() => client.close());
  return client;
}

const approve = (url: URL) => approveInBrowser(browser, url);

test("an SDK v1 client connects, stays connected when its token expires, and is refused once revoked", {
  timeout: 60_000,
}, async (t) => {
  const client = aClient(t);
  await client.connect(approve);
  assert.match(await client.call("whoami"), /alice@example\.com/);

  const first = client.memory.tokens();
  server.letAccessTokensExpire();
  assert.equal(await isActive(server.gatehouse, first?.access_token ?? ""), false);
  assert.match(await client.call("whoami"), /alice@example\.com/);
  const second = client.memory.tokens();
  assert.notEqual(second?.access_token, first?.access_token);
  assert.notEqual(second?.refresh_token, first?.refresh_token);
  assert.equal(server.signIns(), 1, "a refresh asks nobody to sign in");

  const clientId = client.memory.clientInformation()?.client_id;
  const token = second?.refresh_token;
  const revoked = await post(server.gatehouse, "/revoke", { client_id: clientId, token });
  assert.equal(revoked.status, 200);
  await assert.rejects(client.call("whoami"));
  assert.equal(await isActive(server.gatehouse, second?.access_token ?? ""), false);
});

test("an SDK v1 client that slept over the lost answer of a refresh is not signed out", {
  timeout: 60_000,
}, async (t) => {
  await staysSignedInOverLostAnswers(server, aClient(t), approve);
});

test("a second client of the same person gets its own grant", { timeout: 60_000 }, async (t) => {
  const [laptop, desktop] = [aClient(t), aClient(t)];
  await laptop.connect(approve);
  await desktop.connect(approve);
  const clientId = laptop.memory.clientInformation()?.client_id;
  const token = laptop.memory.tokens()?.refresh_token;
  await post(server.gatehouse, "/revoke", { client_id: clientId, token });
  await assert.rejects(laptop.call("whoami"));
  assert.match(await desktop.call("whoami"), /alice@example\.com/);
});
