import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { freePort } from "../support/free-port.ts";
import { aPublicClient } from "../support/oauth-client.ts";
import { runConformance } from "./support/conformance.ts";
import { approveInBrowser } from "./support/person.ts";
import { type ProtectedServer, startProtectedServer } from "./support/protected-server.ts";

/*
 * The conformance suite of the MCP project, in the part for authorization servers. It does not register; it
 * is told a client. A public one, because it authenticates with no method but `none` where the server offers
 * that.
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

test("the MCP conformance suite finds no problem", { timeout: 60_000 }, async (t) => {
  const port = String(await freePort());
  const { id } = await aPublicClient(server.gatehouse, {
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
  });
  const options = { url: server.gatehouse.issuer, resource: server.url, "client-id": id, port };
  const checks = await runConformance(t, options, (url) => approveInBrowser(browser, url));

  // A new version may check more. A check it skips is one it could not make, and no success.
  const ids = checks.map((check) => check.id);
  for (const known of ["authorization-server-metadata", "authorization-code-grant"]) {
    assert.ok(ids.includes(known), `${known} is not among ${ids.join(", ")}`);
  }
  const problems = checks.filter(({ status }) => status === "FAILURE" || status === "SKIPPED");
  assert.deepEqual(problems, []);
  for (const { id, status, errorMessage } of checks) {
    if (status === "WARNING") t.diagnostic(`${id}: ${errorMessage}`);
  }
});
