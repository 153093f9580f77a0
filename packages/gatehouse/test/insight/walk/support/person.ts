import { UserAgent } from "../../../support/user-agent.ts";

/**
 * A person who signs in and approves wherever a link leads, in a browser of their own.
 * @param fields what they fill in, besides the decision
 * @returns where they end: the redirect URI with the answer, which is not asked for
 */
export async function signInAt(link: string, fields: Readonly<Record<string, string>> = {}): Promise<URL> {
  const redirectUri = new URL(new URL(link).searchParams.get("redirect_uri") ?? "");
  const until = ({ origin, pathname }: URL) =>
    origin === redirectUri.origin && pathname === redirectUri.pathname;
  const browser = new UserAgent();
  let page = await browser.follow(link, until);
  while (!until(page.url) && page.response.status === 200 && page.html.includes("<form")) {
    page = await browser.submit(page, { decision: "approve", ...fields }, until);
  }
  if (!until(page.url)) throw new Error(`the browser stopped at ${page.url.href}: ${page.html}`);
  return page.url;
}

/** The same, and the browser brings the answer to whoever listens there. */
export async function signInAndReturn(
  link: string,
  fields?: Readonly<Record<string, string>>,
): Promise<void> {
  await fetch(await signInAt(link, fields));
}
