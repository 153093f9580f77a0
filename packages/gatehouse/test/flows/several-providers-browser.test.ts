import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { german } from "../../src/pages/words.de.ts";
import { english } from "../../src/pages/words.ts";
import { accessibilityErrors, openBrowser } from "../support/browser.ts";
import { aPublicClient, authorizationUrl, resource, type TestClient } from "../support/oauth-client.ts";
import { startWithTwoProviders, type TwoProviders } from "../support/two-providers.ts";

/* A person with a real browser and several providers: by keyboard, in both languages, without a script. */

let server: TwoProviders;
let client: TestClient;
let browser: Browser;
/** Whatever a browser complained of: above all violations of the content security policy. */
const complaints: string[] = [];

before(async () => {
  server = await startWithTwoProviders({ BRAND_SUPPORT: "it@example.com" });
  server.work.account = { sub: "1", email: "ada@example.com", email_verified: true };
  server.home.account = { sub: "2", email: "ada@example.com", email_verified: true };
  await server.addResource(resource);
  client = await aPublicClient(server);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

async function aPerson(locale: string): Promise<Page> {
  const context = await browser.newContext({ locale });
  context.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("status of 403"))
      complaints.push(message.text());
  });
  return context.newPage();
}

for (const [locale, words] of [
  ["en-GB", english],
  ["de-DE", german],
] as const) {
  test(`a person chooses with the keyboard, is refused with another account, and goes on with the first (${locale})`, async () => {
    const page = await aPerson(locale);
    const approve = page.getByRole("button", { name: words.consent.approve, exact: true });
    await page.goto(authorizationUrl(server, client));
    assert.equal(await page.getByRole("heading").innerText(), words.chooseProvider.heading);
    assert.deepEqual(await accessibilityErrors(page), []);
    assert.equal(await page.locator("script").count(), 0);
    await page.keyboard.press("Enter");
    await approve.waitFor();

    await page.goto(authorizationUrl(server, client, { prompt: "select_account" }));
    assert.match(await page.locator("button:focus").innerText(), new RegExp(words.chooseProvider.usedLast));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const another = page.getByRole("button", { name: words.refusedPerson.anotherAccount });
    await another.waitFor();
    assert.deepEqual(await accessibilityErrors(page), []);
    assert.match(await page.locator("main").innerText(), /ada@example\.com.*it@example\.com/s);
    await another.click();
    await page.getByRole("button", { name: "Work account" }).click();
    await approve.waitFor();
    await page.context().close();
    assert.deepEqual(complaints, []);
  });
}
