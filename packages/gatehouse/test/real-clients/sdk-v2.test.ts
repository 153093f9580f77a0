import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { UnauthorizedError } from "@modelcontextprotocol/client";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { isActive, post } from "../support/oauth-client.ts";
import { startCallback } from "./support/callback.ts";
import { staysSignedInOverLostAnswers } from "./support/lost-answers.ts";
import { approveInBrowser } from "./support/person.ts";
import { type ProtectedServer, startProtectedServer } from "./support/protected-server.ts";
import { SdkV2Client } from "./support/sdk-v2-client.ts";

/*
 * The official SDK's second generation. It is stricter than the first: the issuer must be the same letter for
 * letter in the metadata, in the answer (`iss`) and beside what it has stored, and the token endpoint must be
 * https or loopback.
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

/**
 * A client at its own loopback address. Public ones say so; one that says nothing of its authentication is
 * given a secret.
 */
async function aClient(t: TestContext, metadata: { token_endpoint_auth_method?: "none" } = {}) {
  const callback = await startCallback();
  t.after(callback.close);
  const client = new SdkV2Client(server.url, callback.url, metadata);
  t.after(() => client.close());
  return client;
}

const approve = (url: URL) => approveInBrowser(browser, url);

for (const [kind, metadata] of [
  ["public", { token_endpoint_auth_method: "none" }],
  ["confidential", {}],
] as const) {
  const title = `a ${kind} SDK v2 client connects, and stays connected when its token expires`;
  test(title, { timeout: 60_000 }, async (t) => {
    const client = await aClient(t, metadata);
    const signInsBefore = server.signIns();
    await client.connect(approve);
    assert.match(await client.call("whoami"), /alice@example\.com/);
    assert.equal(client.memory.clientInformation()?.client_secret !== undefined, kind === "confidential");
    const first = client.memory.tokens();
    assert.equal(first?.issuer, server.gatehouse.issuer);

    server.letAccessTokensExpire();
    assert.equal(await isActive(server.gatehouse, first?.access_token ?? ""), false);
    assert.match(await client.call("whoami"), /alice@example\.com/);
    const second = client.memory.tokens();
    assert.notEqual(second?.access_token, first?.access_token);
    assert.notEqual(second?.refresh_token, first?.refresh_token);
    assert.equal(server.signIns() - signInsBefore, 1, "a refresh asks nobody to sign in");
  });
}

test("an SDK v2 client that slept over the lost answer of a refresh is not signed out", {
  timeout: 60_000,
}, async (t) => {
  await staysSignedInOverLostAnswers(
    server,
    await aClient(t, { token_endpoint_auth_method: "none" }),
    approve,
  );
});

test("an SDK v2 client that was revoked asks the person again", { timeout: 60_000 }, async (t) => {
  const client = await aClient(t, { token_endpoint_auth_method: "none" });
  await client.connect(approve);
  const clientId = client.memory.clientInformation()?.client_id;

  const token = client.memory.tokens()?.refresh_token;
  assert.equal((await post(server.gatehouse, "/revoke", { client_id: clientId, token })).status, 200);
  await assert.rejects(client.call("whoami"), UnauthorizedError);

  await client.connect(approve);
  assert.match(await client.call("whoami"), /alice@example\.com/);
  assert.equal(client.memory.clientInformation()?.client_id, clientId, "its registration is still good");
});
