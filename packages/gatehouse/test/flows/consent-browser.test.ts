import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { accessibilityFaults, openBrowser } from "../support/browser.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  redeem,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";

/*
 * A person with a real browser: signs in at the identity provider, reads the consent page, decides, and ends at the client. The client's redirect
 * URI is a page of ours on loopback, as a desktop client's is.
 */

let server: TestGatehouse;
let browser: Browser;
let landing: Server;
let redirectUri: string;
const contexts: BrowserContext[] = [];
/** Whatever a browser complained of: above all violations of the content security policy. */
const complaints: string[] = [];

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
  landing = createServer((_request, response) => {
    response
      .writeHead(200, { "content-type": "text/html" })
      .end("<title>client</title>You can close this window.");
  });
  await new Promise<void>((resolve) => landing.listen(0, "127.0.0.1", resolve));
  redirectUri = `http://127.0.0.1:${(landing.address() as AddressInfo).port}/callback`;
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  landing?.close();
  await server?.stop();
});

async function aPerson(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  contexts.push(context);
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  return context;
}

const aDesktopClient = (name = "Desktop client") =>
  aPublicClient(server, { client_name: name, redirect_uris: [redirectUri] });

async function openConsent(context: BrowserContext, client: TestClient): Promise<Page> {
  const page = await context.newPage();
  await page.goto(authorizationUrl(server, client));
  await page.getByRole("button", { name: "Approve" }).waitFor();
  return page;
}

async function answerOf(page: Page): Promise<URLSearchParams> {
  await page.waitForURL((url) => url.href.startsWith(redirectUri));
  return new URL(page.url()).searchParams;
}

test("a person approves and ends at the client, which redeems the code", async () => {
  const client = await aDesktopClient();
  const page = await openConsent(await aPerson(), client);
  const text = await page.locator("main").innerText();
  for (const fact of [
    "Desktop client",
    "Not verified",
    new URL(redirectUri).host,
    "Notes",
    "Read your notes",
    "alice@example.com",
  ]) {
    assert.ok(text.includes(fact), `${fact} is not on the page: ${text}`);
  }
  await page.getByRole("button", { name: "Approve" }).click();
  const answer = await answerOf(page);
  assert.equal(answer.get("iss"), server.issuer);
  assert.equal((await redeem(server, client, answer.get("code") ?? "")).status, 200);
});

test("a person denies and the client is told", async () => {
  const page = await openConsent(await aPerson(), await aDesktopClient());
  await page.getByRole("button", { name: "Deny" }).click();
  const answer = await answerOf(page);
  assert.equal(answer.get("error"), "access_denied");
  assert.equal(answer.get("code"), null);
});

test("a double click on Approve ends at the client with one good code", async () => {
  const client = await aDesktopClient();
  const page = await openConsent(await aPerson(), client);
  await page.getByRole("button", { name: "Approve" }).dblclick();
  const answer = await answerOf(page);
  assert.equal((await redeem(server, client, answer.get("code") ?? "")).status, 200);
});

test("two tabs of one browser both end at their own client", async () => {
  const person = await aPerson();
  const [left, right] = [await aDesktopClient("Left"), await aDesktopClient("Right")];
  const leftTab = await openConsent(person, left);
  const rightTab = await openConsent(person, right);
  assert.match(await leftTab.locator("h1").innerText(), /Left/);
  await leftTab.getByRole("button", { name: "Approve" }).click();
  await rightTab.getByRole("button", { name: "Approve" }).click();
  const codes = [await answerOf(leftTab), await answerOf(rightTab)].map((answer) => answer.get("code") ?? "");
  assert.equal((await redeem(server, left, codes[0] ?? "")).status, 200);
  assert.equal((await redeem(server, right, codes[1] ?? "")).status, 200);
});

test("going back after approving and approving again gives nothing more", async () => {
  const client = await aDesktopClient();
  const page = await openConsent(await aPerson(), client);
  await page.getByRole("button", { name: "Approve" }).click();
  const code = (await answerOf(page)).get("code") ?? "";
  await redeem(server, client, code);
  await page.goBack();
  assert.match(await page.locator("h1").innerText(), /no longer valid/);
});

test("another account can be chosen on the page", async () => {
  const client = await aDesktopClient();
  const page = await openConsent(await aPerson(), client);
  server.upstream.account = { sub: "bob", email: "bob@example.com", email_verified: true };
  await page.getByRole("button", { name: "Use another account" }).click();
  await page.getByText("bob@example.com").waitFor();
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
});

test("the keyboard alone is enough, and so is a browser without JavaScript", async () => {
  const client = await aDesktopClient();
  const page = await openConsent(await aPerson({ javaScriptEnabled: false }), client);
  const visited: string[] = [];
  for (let presses = 0; presses < 4; presses++) {
    await page.keyboard.press("Tab");
    visited.push(await page.locator(":focus").innerText());
  }
  assert.deepEqual(visited, ["Full address", "Approve", "Deny", "Use another account"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  assert.ok((await answerOf(page)).get("code"));
});

test("axe finds no serious fault on any page, in light, dark and on a phone", async () => {
  const views: BrowserContextOptions[] = [
    {},
    { colorScheme: "dark" },
    { viewport: { width: 320, height: 640 } },
    { forcedColors: "active" },
  ];
  for (const view of views) {
    const person = await aPerson(view);
    const client = await aDesktopClient("A client with quite a long name that has to be broken somewhere");
    const page = await openConsent(person, client);
    const consent = page.url();
    for (const url of [
      consent,
      `${server.url}/`,
      `${server.url}/authorize?client_id=nobody`,
      `${server.url}/nowhere`,
    ]) {
      if (page.url() !== url) await page.goto(url);
      assert.deepEqual(await accessibilityFaults(page), [], `${url} ${JSON.stringify(view)}`);
      const tooWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
      assert.equal(tooWide, false, `${url} scrolls sideways ${JSON.stringify(view)}`);
    }
  }
});

test("no page made the browser complain", () => {
  // Chromium reports our own 4xx pages as failed resources; that is what was asked for.
  assert.deepEqual(
    complaints.filter((text) => !/status of 40\d/.test(text)),
    [],
  );
});
