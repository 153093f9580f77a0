import assert from "node:assert/strict";
import type { TestGatehouse } from "./gatehouse.ts";
import { type Arrival, hiddenFields, UserAgent } from "./user-agent.ts";

/* An administrator at the console, as a browser without a screen. */

/** Signs in on the home page, without an app. */
export async function signInAtHome(
  server: TestGatehouse,
  sub: string,
  agent = new UserAgent(),
): Promise<UserAgent> {
  server.upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
  await agent.follow(`${server.url}/sign-in/home`);
  return agent;
}

/** Opens a page of the console; where it wants a sign-in, that is done. */
export async function openConsole(server: TestGatehouse, agent: UserAgent, path = ""): Promise<Arrival> {
  const page = await agent.follow(`${server.url}/console${path}`);
  return isAgain(page) ? signInAgain(agent, page) : page;
}

export const isAgain = ({ html }: Pick<Arrival, "html">): boolean => html.includes("Is it still you?");

/** Follows the page's link to the provider and back. */
export function signInAgain(agent: UserAgent, page: Pick<Arrival, "html">): Promise<Arrival> {
  const [, href = ""] = /<a class="continue" href="([^"]+)" rel="noreferrer">/.exec(page.html) ?? [];
  assert.notEqual(href, "", page.html);
  return agent.follow(href.replaceAll("&amp;", "&"));
}

/** Sends a form of the console, with the value that a page of this browser's carries. */
export async function act(
  server: TestGatehouse,
  agent: UserAgent,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Arrival> {
  const [anybody] = await server.store.findAccounts("boss@example.com");
  const page = await agent.follow(`${server.url}/console/person?subject=${anybody?.subject}`);
  const { csrf = "" } = hiddenFields(page.html);
  return agent.follow(`${server.url}/console${path}`, undefined, {
    method: "POST",
    body: new URLSearchParams({ csrf, ...fields }),
    headers: { origin: server.issuer, "sec-fetch-site": "same-origin", ...headers },
  });
}
