import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "../support/browser.ts";
import { serveInspector } from "./support/inspector.ts";
import { approve } from "./support/person.ts";
import { type ProtectedServer, startProtectedServer } from "./support/protected-server.ts";

/*
 * The MCP Inspector: a client that is nothing but a web page. Connected directly, everything it asks of
 * Gatehouse and of the MCP server comes from the browser, and the browser refuses whatever their CORS headers
 * do not allow.
 */

let server: ProtectedServer;
let browser: Browser;
let inspector: Awaited<ReturnType<typeof serveInspector>>;

before(async () => {
  [server, browser, inspector] = await Promise.all([startProtectedServer(), openBrowser(), serveInspector()]);
});
after(async () => {
  await browser?.close();
  await inspector?.close();
  await server?.stop();
});

/** Somebody opens the page at our MCP server and chooses to connect without the Inspector's own proxy. */
async function openInspector(t: TestContext): Promise<Page> {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  const query = new URLSearchParams({ transport: "streamable-http", serverUrl: server.url });
  await page.goto(`${inspector.origin}/?${query}`);
  await page.getByRole("combobox", { name: "Connection Type" }).click();
  await page.getByRole("option", { name: "Direct" }).click();
  return page;
}

async function connect(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await approve(page, `${inspector.origin}/oauth/callback`);
}

async function openTools(page: Page): Promise<void> {
  await page.getByRole("tab", { name: "Tools" }).click();
  await page.getByRole("button", { name: "List Tools" }).click();
}

async function whoami(page: Page): Promise<void> {
  await page.getByText("Who am I?").first().click(); // which takes an earlier answer off the page
  await page.getByRole("button", { name: "Run Tool" }).click();
  await page.getByText("You are alice@example.com").waitFor();
}

/** What browsers asked of Gatehouse, e.g. `OPTIONS /register`. */
function requestsToGatehouse(): Set<string> {
  const lines = server.gatehouse.log.map((line) => JSON.parse(line) as Record<string, unknown>);
  return new Set(lines.filter(({ msg }) => msg === "request").map(({ method, path }) => `${method} ${path}`));
}

test("the Inspector connects from its page and calls a tool", { timeout: 60_000 }, async (t) => {
  const page = await openInspector(t);
  const refused: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("CORS policy")) refused.push(message.text());
  });

  await connect(page);
  await openTools(page);
  await whoami(page);

  assert.deepEqual(refused, []);
  const requests = requestsToGatehouse();
  // Asked first, because the page sends `MCP-Protocol-Version` and JSON.
  for (const path of ["/.well-known/oauth-authorization-server", "/register"]) {
    assert.ok(requests.has(`OPTIONS ${path}`), `no preflight for ${path}`);
  }
});

// When connected directly, the page puts the headers of its MCP requests on its refresh request too: the
// expired access token as `Authorization`, although it is a public client, and `Content-Type:
// application/json, application/x-www-form-urlencoded`.
test("the Inspector reconnects after its token expired, without a sign-in", {
  timeout: 60_000,
}, async (t) => {
  const page = await openInspector(t);
  await connect(page);
  await openTools(page);
  await whoami(page);
  const signInsBefore = server.signIns();

  server.letAccessTokensExpire();
  const refreshed = page.waitForResponse(`${server.gatehouse.issuer}/token`);
  await page.getByRole("button", { name: "Run Tool" }).click();
  const answer = await refreshed;
  assert.equal(answer.status(), 200);
  // It keeps sending the old token until the page is loaded anew; "Disconnect" would forget the new one too.
  // Loaded before the new one is stored, the page would begin with the old one again.
  const { access_token } = (await answer.json()) as { access_token: string };
  await page.waitForFunction(
    (token) => Object.values(sessionStorage).some((stored) => stored.includes(token)),
    access_token,
  );
  await page.reload();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await openTools(page);
  await whoami(page);
  assert.equal(server.signIns(), signInsBefore);
});

test("the Inspector's OAuth debugger ends with a token on the page", { timeout: 60_000 }, async (t) => {
  const page = await openInspector(t);
  await page.getByRole("button", { name: "Open Auth Settings" }).click();
  await page.getByRole("button", { name: "Quick OAuth Flow" }).click();
  await approve(page, `${inspector.origin}/oauth/callback/debug`);
  await page.getByText("Authentication completed successfully").waitFor();
  await page.getByText(/^gatehouse_at_/).waitFor();
});
