import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { english } from "../../src/pages/words.ts";
import { accessibilityErrors, openBrowser } from "../support/browser.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, redeem } from "../support/oauth-client.ts";

/*
 * People with real browsers and the authenticator that Chromium plays: from an invitation to an app that is
 * connected, on two devices, and what becomes of a copy.
 */

let server: TestGatehouse;
/** Where the app waits for its code. */
const app = createServer((_, response) => response.end("Connected"));
let browser: Browser;
const complaints: string[] = [];
const words = english.passkeys;

before(async () => {
  server = await startTestGatehouse({ PASSKEYS: "on", OAUTH2_CLIENT_ID: "", OAUTH2_CLIENT_SECRET: "" });
  browser = await openBrowser();
  await once(app.listen(0, "127.0.0.1"), "listening");
});
after(async () => {
  await browser.close();
  app.close();
  await server.stop();
});

interface Device {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly debuggingSession: CDPSession;
  readonly authenticatorId: string;
}

/** A browser with an authenticator of its own, unless it can use none. */
async function aDevice(): Promise<Device> {
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  const debuggingSession = await context.newCDPSession(page);
  await debuggingSession.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const;
  const { authenticatorId } = await debuggingSession.send("WebAuthn.addVirtualAuthenticator", { options });
  return { context, page, debuggingSession, authenticatorId };
}

const credentialsOf = async ({ debuggingSession, authenticatorId }: Device) =>
  (await debuggingSession.send("WebAuthn.getCredentials", { authenticatorId })).credentials;

const press = (page: Page, name: string) => page.getByRole("button", { name }).click();
const isSeen = (page: Page, text: string) => page.getByText(text).first().waitFor();

async function firstLink(): Promise<string> {
  while (server.announced.length === 0) await new Promise(setImmediate);
  return /http:\S+/.exec(server.announced[0] ?? "")?.[0] ?? assert.fail();
}

/** From the app's link to the consent page, or as far as the passkey leads. */
async function startFromApp({ page }: Device) {
  const { port } = app.address() as AddressInfo;
  const client = await aPublicClient(server, { redirect_uris: [`http://127.0.0.1:${port}/cb`] });
  await page.goto(authorizationUrl(server, client));
  return client;
}

let laptop: Device;

test("an invited person makes a passkey, signs in with it, and connects an app", async () => {
  laptop = await aDevice();
  const { page } = laptop;
  await page.goto(await firstLink());
  assert.deepEqual(await accessibilityErrors(page), []);
  await press(page, words.proceed);
  await page.getByLabel(words.address).fill("ada@example.com");
  await page.getByLabel(words.name).fill("Work laptop");
  assert.deepEqual(await accessibilityErrors(page), []);
  await press(page, words.register);
  await isSeen(page, words.readyHeading);
  assert.deepEqual(await accessibilityErrors(page), []);
  const [credential, ...others] = await credentialsOf(laptop);
  assert.deepEqual(others, []);
  assert.deepEqual([credential?.rpId, credential?.isResidentCredential], ["localhost", true]);
  assert.equal(credential?.userName, "ada@example.com");

  const client = await startFromApp(laptop);
  await isSeen(page, words.signInHeading);
  assert.deepEqual(await accessibilityErrors(page), []);
  await press(page, words.signIn);
  await isSeen(page, "ada@example.com");
  const isClient = ({ href }: URL) => href.startsWith(client.redirectUri);
  await press(page, english.consent.approve);
  await page.waitForURL(isClient);
  const code = new URL(page.url()).searchParams.get("code") ?? "";
  assert.equal((await redeem(server, client, code)).status, 200);
});

test("a second passkey is added on another device, which the first one lets in, and never twice on one", async () => {
  const { page } = laptop;
  await page.goto(`${server.url}/passkeys`);
  await press(page, words.signIn);
  await isSeen(page, "Work laptop");
  assert.deepEqual(await accessibilityErrors(page), []);
  await press(page, words.add);
  await isSeen(page, words.onDeviceOf.create.known);
  // A security key in the same browser.
  const options = {
    protocol: "ctap2",
    transport: "usb",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  } as const;
  await laptop.debuggingSession.send("WebAuthn.removeVirtualAuthenticator", {
    authenticatorId: laptop.authenticatorId,
  });
  const key = await laptop.debuggingSession.send("WebAuthn.addVirtualAuthenticator", { options });
  await page.getByLabel(words.name).fill("Security key");
  await press(page, words.add);
  await page.getByText("Security key", { exact: true }).waitFor();
  await page.context().clearCookies();
  await startFromApp(laptop);
  await press(page, words.signIn);
  await isSeen(page, "ada@example.com");
  laptop = { ...laptop, authenticatorId: key.authenticatorId };
});

test("a copy of an authenticator is found out by its counter", async () => {
  const copy = await aDevice();
  for (const credential of await credentialsOf(laptop)) {
    await copy.debuggingSession.send("WebAuthn.addCredential", {
      authenticatorId: copy.authenticatorId,
      credential: { ...credential, signCount: 0 },
    });
  }
  await startFromApp(copy);
  await press(copy.page, words.signIn);
  await isSeen(copy.page, words.problems.counter);
  assert.ok(server.log.some((line) => line.includes('"event":"passkey_counter"')));
  await copy.context.close();
});

test("no browser offers the passkey at another origin, and one without any says what to do", async (t) => {
  const elsewhere = createServer((_request, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>Elsewhere</title>");
  }).listen(0, "127.0.0.1");
  t.after(() => elsewhere.close());
  await once(elsewhere, "listening");
  const { page } = laptop;
  const { port } = elsewhere.address() as { port: number };
  await page.goto(`http://127.0.0.1:${port}/`);
  const outcome = await page.evaluate(
    `navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), rpId: "localhost" } }).then(() => "signed", (error) => error.name)`,
  );
  assert.equal(outcome, "SecurityError");
  const stranger = await aDevice();
  await startFromApp(stranger);
  await press(stranger.page, words.signIn);
  await isSeen(stranger.page, words.onDeviceOf.get.cancelled);
  await stranger.page.getByRole("button", { name: words.signIn }).waitFor();
  await stranger.context.close();
});

test("without a script, and in a browser without WebAuthn, the page says so", async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(`${server.url}/passkeys`);
  await page.locator("noscript p").waitFor();
  assert.equal(await page.locator("noscript p").innerText(), words.noScript);
  assert.equal(await page.getByRole("button").count(), 0);
  await plain.close();
  const old = await browser.newContext();
  await old.addInitScript("delete window.PublicKeyCredential");
  const oldPage = await old.newPage();
  await oldPage.goto(`${server.url}/passkeys`);
  await isSeen(oldPage, words.onDevice.unsupported);
  assert.equal(await oldPage.getByRole("button").count(), 0);
  await old.close();
});

test("a page that was open for too long offers a fresh one", async () => {
  const device = await aDevice();
  await device.context.addInitScript(
    "AbortSignal.timeout = () => AbortSignal.abort(new DOMException('', 'TimeoutError'))",
  );
  const { page } = device;
  await startFromApp(device);
  await press(page, words.signIn);
  await isSeen(page, words.onDevice.late);
  await page.getByRole("link", { name: words.tryAgain }).click();
  await isSeen(page, words.signInHeading);
  await device.context.close();
});

test("no page made the browser complain", () => {
  // Chromium reports our own 4xx pages as failed resources; that is what was asked for.
  assert.deepEqual(
    complaints.filter((text) => !/status of 40\d/.test(text)),
    [],
  );
});
