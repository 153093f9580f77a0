import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { UnauthorizedError } from "@modelcontextprotocol/client";
import type { Browser } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { post } from "../support/oauth-client.ts";
import { startCallback } from "./support/callback.ts";
import { serveInspector } from "./support/inspector.ts";
import { McpRemote } from "./support/mcp-remote.ts";
import { approve, approveInBrowser } from "./support/person.ts";
import { SdkV1Client } from "./support/sdk-v1-client.ts";
import { SdkV2Client } from "./support/sdk-v2-client.ts";
import { startServerBehindDoor } from "./support/server-behind-door.ts";

/*
 * The real clients at a server that knows nothing of OAuth, through the door in front of it.
 */

let server: Awaited<ReturnType<typeof startServerBehindDoor>>;
let browser: Browser;

before(async () => {
  [server, browser] = await Promise.all([startServerBehindDoor(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const browse = (url: URL) => approveInBrowser(browser, url);

async function aV1Client(t: TestContext): Promise<SdkV1Client> {
  const client = new SdkV1Client(server.url);
  t.after(() => client.close());
  return client;
}

async function aV2Client(t: TestContext): Promise<SdkV2Client> {
  const callback = await startCallback();
  t.after(callback.close);
  const client = new SdkV2Client(server.url, callback.url, { token_endpoint_auth_method: "none" });
  t.after(() => client.close());
  return client;
}

for (const [generation, aClient] of [
  ["v1", aV1Client],
  ["v2", aV2Client],
] as const) {
  const title = `an SDK ${generation} client connects through the door, stays connected, asks for more, and is refused once revoked`;
  test(title, { timeout: 60_000 }, async (t) => {
    const client = await aClient(t);
    await client.connect(browse);
    assert.match(await client.call("whoami"), /You are alice@example\.com/);
    const signIns = server.signIns();
    server.letAccessTokensExpire();
    assert.match(await client.call("whoami"), /You are alice@example\.com/);
    assert.equal(server.signIns(), signIns, "a refresh asks nobody to sign in");

    if (client instanceof SdkV2Client) {
      await assert.rejects(client.call("add_note"), UnauthorizedError);
      await client.stepUp(browse);
      assert.match(await client.call("add_note"), /Noted/);
    } else {
      // It refreshes in place of asking the person, gets the same scope, and tries no further.
      await assert.rejects(client.call("add_note"), /403 after trying upscoping/);
    }
    assert.match(await client.call("whoami"), /You are alice@example\.com/, "what it had it has still");

    const before = server.signIns();
    await server.restart();
    assert.match(await client.call("whoami"), /You are alice@example\.com/, "after a restart");
    assert.equal(server.signIns(), before);

    const clientId = client.memory.clientInformation()?.client_id;
    const token = client.memory.tokens()?.refresh_token;
    await post({ url: new URL(server.url).origin }, "/revoke", { client_id: clientId, token });
    await assert.rejects(client.call("whoami"));
  });
}

test("mcp-remote connects through the door at the first try and stays connected", {
  timeout: 60_000,
}, async (t) => {
  const remote = await McpRemote.install(t, server.url);
  const client = await remote.start(browse);
  const whoami = async () =>
    JSON.stringify((await client.callTool({ name: "whoami", arguments: {} })).content);
  assert.match(await whoami(), /You are alice@example\.com/);
  server.letAccessTokensExpire();
  assert.match(await whoami(), /You are alice@example\.com/);
});

test("the Inspector connects through the door from its page and calls a tool", {
  timeout: 60_000,
}, async (t) => {
  const inspector = await serveInspector();
  t.after(() => inspector.close());
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("CORS policy")) refused.push(message.text());
  });
  const query = new URLSearchParams({ transport: "streamable-http", serverUrl: server.url });
  await page.goto(`${inspector.origin}/?${query}`);
  await page.getByRole("combobox", { name: "Connection Type" }).click();
  await page.getByRole("option", { name: "Direct" }).click();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await approve(page, `${inspector.origin}/oauth/callback`);
  await page.getByRole("tab", { name: "Tools" }).click();
  await page.getByRole("button", { name: "List Tools" }).click();
  await page.getByText("Who am I?").first().click();
  await page.getByRole("button", { name: "Run Tool" }).click();
  await page.getByText("You are alice@example.com").waitFor();
  assert.deepEqual(refused, []);
});
