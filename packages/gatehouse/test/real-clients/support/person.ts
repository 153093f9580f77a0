import type { Browser, Page } from "playwright-core";

/**
 * Gets the authorization URL as a client opens it and resolves where the browser ended: the client's redirect
 * URI with the answer.
 */
export type Browse = (authorizationUrl: URL) => Promise<URL>;

/** A person with a browser of their own, who approves. */
export async function approveInBrowser(browser: Browser, authorizationUrl: URL): Promise<URL> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(authorizationUrl.href);
    const redirectUri = authorizationUrl.searchParams.get("redirect_uri") ?? "no redirect_uri";
    return await approve(page, redirectUri);
  } finally {
    await context.close();
  }
}

/**
 * The consent page is open, or about to be: approves, and waits until the browser has arrived at the client.
 */
export async function approve(page: Page, redirectUri: string): Promise<URL> {
  const arrival = page.waitForRequest((request) => request.url().startsWith(redirectUri));
  await page.getByRole("button", { name: "Approve" }).click();
  const request = await arrival;
  await request.response(); // the client has taken the answer
  return new URL(request.url());
}
