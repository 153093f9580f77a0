import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { McpRemote } from "./support/mcp-remote.ts";
import { approveInBrowser } from "./support/person.ts";
import { type ProtectedServer, startProtectedServer } from "./support/protected-server.ts";

/*
 * `mcp-remote`, which connects applications that know only local programs. It brings its own OAuth code
 * around the SDK's: it keeps registration and tokens in files, listens at a callback of its own, and
 * refreshes before the token's end or at a 401.
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

const approve = (url: URL) => approveInBrowser(browser, url);

async function whoami(client: Client): Promise<string> {
  return JSON.stringify((await client.callTool({ name: "whoami", arguments: {} })).content);
}

test("mcp-remote connects at the first try and stays connected", { timeout: 60_000 }, async (t) => {
  const remote = await McpRemote.install(t, server.url);
  const client = await remote.start(approve);
  assert.match(await whoami(client), /alice@example\.com/);

  server.letAccessTokensExpire();
  assert.match(await whoami(client), /alice@example\.com/);
  assert.equal(server.refreshes(), 1);

  // The next morning: the application is started anew, all it has is what mcp-remote wrote down.
  await client.close();
  server.letAccessTokensExpire();
  const restarted = await remote.start(async () => assert.fail("nobody is to sign in again"));
  assert.match(await whoami(restarted), /alice@example\.com/);
  assert.equal(server.refreshes(), 2);
  assert.equal(server.signIns(), 1);
});
