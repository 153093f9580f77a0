import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { german } from "../../src/pages/words.de.ts";
import { english } from "../../src/pages/words.ts";
import { accessibilityErrors, openBrowser, setAnimationSpeed } from "../support/browser.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  redeem,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";

/*
 * A person with a real browser: signs in at the identity provider, reads the consent page, decides, and ends
 * at the client. The client's redirect URI is a page of ours on loopback, as a desktop client's is.
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

/** Its buttons come sooner than they do, unless the test sets the speed again. */
async function openConsent(
  context: BrowserContext,
  client: TestClient,
  approve: string = english.consent.approve,
): Promise<Page> {
  const page = await context.newPage();
  await setAnimationSpeed(page, 100);
  await page.goto(authorizationUrl(server, client));
  await page.getByRole("button", { name: approve }).waitFor();
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
    "An app that calls itself “Desktop client” wants to use Notes as you",
    "only you know whether you just started it",
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

test("a person whose browser speaks German reads German, and approves", async () => {
  const client = await aDesktopClient();
  const page = await openConsent(await aPerson({ locale: "de-DE" }), client, "Erlauben");
  const text = await page.locator("main").innerText();
  for (const fact of [
    "Eine App, die sich „Desktop client“ nennt, möchte Notes in Ihrem Namen nutzen",
    "Nur Sie wissen, ob Sie es gerade gestartet haben",
    "Read your notes",
  ]) {
    assert.ok(text.includes(fact), `${fact} is not on the page: ${text}`);
  }
  await page.getByRole("button", { name: "Erlauben" }).click();
  assert.ok((await answerOf(page)).get("code"));
});

test("a person denies and the client is told", async () => {
  const page = await openConsent(await aPerson(), await aDesktopClient());
  await page.getByRole("button", { name: "Deny" }).click();
  const answer = await answerOf(page);
  assert.equal(answer.get("error"), "access_denied");
  assert.equal(answer.get("code"), null);
});

async function middleOf(page: Page, button: string): Promise<[x: number, y: number]> {
  const box = await page.getByRole("button", { name: button, includeHidden: true }).boundingBox();
  assert.ok(box);
  return [box.x + box.width / 2, box.y + box.height / 2];
}

test("D22 a click or key that was meant for the page before decides nothing", async () => {
  const person = await aPerson();
  const opened = await openConsent(person, await aDesktopClient());
  const spot = await middleOf(opened, "Approve");
  const page = await person.newPage();
  await page.mouse.move(...spot);
  await setAnimationSpeed(page, 0);
  await page.goto(opened.url());
  const decisions: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") decisions.push(request.url());
  });
  await page.mouse.dblclick(...spot);
  await page.keyboard.press("Enter");
  // Neither button can be reached with the keyboard.
  const visited: string[] = [];
  for (let presses = 0; presses < 3; presses++) {
    await page.keyboard.press("Tab");
    visited.push(await page.evaluate("document.activeElement.innerText"));
  }
  assert.ok(!visited.includes("Approve") && !visited.includes("Deny"), visited.join());
  assert.deepEqual(decisions, []);
  await setAnimationSpeed(page, 1);
  await page.getByRole("button", { name: "Approve" }).click();
  assert.ok((await answerOf(page)).get("code"));
});

test("nor does the second click of two whose first closed a window above the page", async () => {
  const page = await openConsent(await aPerson(), await aDesktopClient());
  await page.getByRole("button", { name: "Approve" }).hover();
  const spot = await middleOf(page, "Approve");
  await page.mouse.move(-20, -20);
  await page.locator(":root:not(:hover)").waitFor();
  await setAnimationSpeed(page, 0);
  await page.mouse.click(...spot);
  await page.locator(":root:hover").waitFor();
  await page.mouse.click(...spot);
  assert.equal(new URL(page.url()).pathname, "/consent");
  await setAnimationSpeed(page, 1);
  await page.getByRole("button", { name: "Approve" }).click();
  assert.ok((await answerOf(page)).get("code"));
});

test("who waits for less motion waits as long", async () => {
  const person = await aPerson({ reducedMotion: "reduce" });
  const page = await openConsent(person, await aDesktopClient());
  await setAnimationSpeed(page, 0);
  await page.reload();
  assert.equal(await page.getByRole("button", { name: "Approve" }).isVisible(), false);
  await setAnimationSpeed(page, 1);
  await page.getByRole("button", { name: "Approve" }).waitFor();
});

test("on a phone one tap is enough", async () => {
  const phone = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 780 } };
  const page = await openConsent(await aPerson(phone), await aDesktopClient());
  await page.touchscreen.tap(...(await middleOf(page, "Approve")));
  assert.ok((await answerOf(page)).get("code"));
});

test("no link puts the focus on a control of the page", async () => {
  const person = await aPerson();
  const page = await openConsent(person, await aDesktopClient());
  assert.equal(await page.locator(":is(button, input, summary, a)[id]").count(), 0);
  for (const fragment of ["approve", "decision", "confirmed"]) {
    await page.goto(`${page.url().split("#")[0]}#${fragment}`);
    assert.equal(await page.locator("body:focus, html:focus").count(), 0);
    assert.equal(await page.locator(":focus").count(), 0, fragment);
  }
});

test("a website nobody vouches for has to be known to the person first", async () => {
  const person = await aPerson();
  const client = await aPublicClient(server, { redirect_uris: ["https://site.example.net/cb"] });
  const page = await openConsent(person, client);
  await page.getByRole("button", { name: "Approve" }).click();
  assert.equal(new URL(page.url()).pathname, "/consent");
  const approved = page.waitForRequest(/^https:\/\/site\.example\.net\/cb\?code=/);
  await page.getByRole("checkbox", { name: "I know site.example.net" }).check();
  await page.getByRole("button", { name: "Approve" }).click();
  await approved;
  const again = await openConsent(person, client);
  const denied = again.waitForRequest(/^https:\/\/site\.example\.net\/cb\?error=access_denied/);
  await again.getByRole("button", { name: "Deny" }).click();
  await denied;
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

test("axe finds no serious fault on any page, in light, dark, on a phone and in another language", async () => {
  const views: BrowserContextOptions[] = [
    {},
    { colorScheme: "dark" },
    { viewport: { width: 320, height: 640 } },
    { forcedColors: "active" },
    { locale: "de-DE" },
    { locale: "de-DE", viewport: { width: 320, height: 640 } },
  ];
  for (const view of views) {
    const person = await aPerson(view);
    const { approve } = (view.locale === undefined ? english : german).consent;
    const client = await aDesktopClient("A client with quite a long name that has to be broken somewhere");
    const page = await openConsent(person, client, approve);
    const website = { redirect_uris: ["https://login.site.example.net/cb"] };
    const stranger = await openConsent(person, await aPublicClient(server, website), approve);
    const trick = await openConsent(
      person,
      await aPublicClient(server, { ...website, client_name: "Claude Code" }),
      approve,
    );
    assert.equal(await trick.locator(".danger").count(), 1);
    const isSound = async (shown: Page) => {
      const where = `${shown.url()} ${JSON.stringify(view)}`;
      assert.deepEqual(await accessibilityErrors(shown), [], where);
      const tooWide = await shown.evaluate("document.documentElement.scrollWidth > innerWidth");
      assert.equal(tooWide, false, `${where} scrolls sideways`);
    };
    for (const shown of [page, stranger, trick]) await isSound(shown);
    for (const path of [
      "/authorize?client_id=gone&redirect_uri=http://localhost:1234/oauth/callback",
      "/",
      "/authorize?client_id=nobody",
      "/nowhere",
    ]) {
      await page.goto(server.url + path);
      await isSound(page);
    }
    await person.close();
  }
});

test("no page made the browser complain", () => {
  // Chromium reports our own 4xx pages as failed resources; that is what was asked for.
  assert.deepEqual(
    complaints.filter((text) => !/status of 40\d/.test(text)),
    [],
  );
});

test("a person sees what is connected, disconnects one app, and then all, at any width and in two languages", async () => {
  const context = await aPerson({ viewport: { width: 1280, height: 900 } });
  for (const name of [
    "First app",
    "An app with a name as long as nobody would ever give it, but a stranger may",
  ]) {
    const client = await aDesktopClient(name);
    const page = await openConsent(context, client);
    await page.getByRole("button", { name: english.consent.approve }).click();
    await page.waitForURL((url) => url.href.startsWith(redirectUri));
    await redeem(server, client, new URL(page.url()).searchParams.get("code") ?? "");
  }
  for (const [locale, words, colorScheme] of [
    ["de", german, "dark"],
    ["en", english, "light"],
  ] as const) {
    const state = await context.storageState();
    const view = await aPerson({
      locale,
      colorScheme,
      viewport: { width: 390, height: 800 },
      storageState: state,
    });
    const page = await view.newPage();
    await page.goto(`${server.url}/`);
    await page.getByRole("heading", { name: words.connectedApps.heading }).waitFor();
    assert.deepEqual(await accessibilityErrors(page), [], locale);
    assert.equal(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), false);
  }
  const page = await context.newPage();
  await page.goto(`${server.url}/`);
  const buttons = page.getByRole("button", { name: /^Disconnect “/ });
  const before = await buttons.count();
  assert.ok(before >= 2);
  await page.getByRole("button", { name: "Disconnect “First app”" }).first().click();
  await page.waitForLoadState();
  assert.equal(await buttons.count(), before - 1);
  if (before > 2) {
    await page.getByRole("button", { name: english.connectedApps.disconnectAll }).click();
    await page.getByRole("button", { name: english.connectedApps.questions.disconnect_all.yes }).waitFor();
    assert.deepEqual(await accessibilityErrors(page), []);
    await page.getByRole("link", { name: english.connectedApps.no }).click();
  }
  await page.getByRole("button", { name: english.connectedApps.signOutEverywhere }).click();
  await page.getByRole("button", { name: english.connectedApps.questions.sign_out_everywhere.yes }).click();
  await page.getByText(english.home.signedOut).waitFor();
});
