import { UserAgent } from "../packages/gatehouse/test/support/user-agent.ts";

/** Where the clients of these tests want their codes; nobody listens there. */
export const redirectUri = "http://127.0.0.1:33418/callback";

/** A person signs in and approves, in a browser without a screen. Resolves with the client's redirect URI. */
export async function approve(url: URL): Promise<URL> {
  const agent = new UserAgent();
  const isBack = (to: URL) => to.port === "33418";
  const page = await agent.follow(url.href, isBack);
  return (await agent.submit(page, { decision: "approve" }, isBack)).url;
}
