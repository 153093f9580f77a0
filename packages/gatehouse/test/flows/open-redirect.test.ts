import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  authorize,
  pkce,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { aKnownClient } from "../support/provisioned-clients.ts";
import { UserAgent } from "../support/user-agent.ts";

/*
 * A link to the sign-in page is trusted for where it begins. Anybody may register an https address here: a
 * link must not become one to that address without a person having seen where they go.
 */

let server: TestGatehouse;
let stranger: TestClient;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  stranger = await aPublicClient(server, { redirect_uris: ["https://stranger.example/cb"] });
});
after(() => server?.stop());

const mistakes: Record<string, string | undefined>[] = [
  { prompt: "none" },
  { prompt: "none", scope: '"' },
  { prompt: "none login" },
  { response_type: "token" },
  { scope: '"' },
  { code_challenge: undefined },
  { resource: "https://elsewhere.example" },
  { request_uri: "https://stranger.example/request" },
];

/** Where a browser is sent by a mistaken request. */
async function sentTo(
  client: TestClient,
  parameters: Record<string, string | undefined>,
  agent = new UserAgent(),
  headers: Record<string, string> = {},
): Promise<{ location: string | null; html: string }> {
  const response = await agent.request(authorizationUrl(server, client, parameters), { headers });
  return { location: response.headers.get("location"), html: await response.text() };
}

test("no request sends a browser to a self-registered website unasked, signed in or not", async () => {
  const signedIn = new UserAgent();
  await authorize(server, stranger, { agent: signedIn });
  for (const agent of [new UserAgent(), signedIn]) {
    for (const mistake of mistakes) {
      const { location, html } = await sentTo(stranger, mistake, agent);
      assert.equal(location, null, JSON.stringify(mistake));
      assert.match(html, /href="https:\/\/stranger\.example\/cb\?error=/, "the way back is a link");
    }
  }
});

test("nor does a sign-in that fails before the person saw who asks", async () => {
  server.upstream.decision = "cancel";
  const agent = new UserAgent();
  const atStranger = (url: URL) => url.host === "stranger.example";
  const told = await agent.follow(authorizationUrl(server, stranger), atStranger);
  server.upstream.decision = "continue";
  assert.equal(told.url.pathname, "/callback");
  assert.match(told.html, /an address nobody vouches for[^<]*<bdi>stranger\.example<\/bdi>/);
  const { url } = await agent.submit(told, { decision: "leave" }, atStranger);
  assert.match(url.href, /^https:\/\/stranger\.example\/cb\?error=access_denied/);
});

test("nor a website that lies about who sent the browser", async () => {
  for (const headers of [
    { "sec-fetch-site": "cross-site", referer: "https://stranger.example/" },
    { "sec-fetch-site": "same-site", referer: "https://other.example/" },
    { "sec-fetch-site": "none" },
  ]) {
    const { location } = await sentTo(stranger, { prompt: "none" }, new UserAgent(), headers);
    assert.equal(location, null, JSON.stringify(headers));
  }
});

test("the page of a silent request says that the app wanted not to ask", async () => {
  const { html } = await sentTo(stranger, { prompt: "none" });
  assert.match(html, /<h1>The app wanted to connect without asking you<\/h1>/);
  assert.match(html, /you are not signed in here/);
  const signedIn = new UserAgent();
  await authorize(server, await aPublicClient(server), { agent: signedIn });
  assert.match((await sentTo(stranger, { prompt: "none" }, signedIn)).html, /you have not approved it/);
});

test("programs on this computer, known clients' own websites and the operator's clients are told at once", async () => {
  const own = await aKnownClient(server, "https://own.example.net/cb");
  const claude = "https://claude.ai/api/mcp/auth_callback";
  for (const client of [
    own,
    await aPublicClient(server),
    await aPublicClient(server, { redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback"] }),
    await aPublicClient(server, { client_name: "Claude", redirect_uris: [claude] }),
    { id: "https://claude.ai/oauth/mcp-oauth-client-metadata", redirectUri: claude, ...pkce() },
  ]) {
    for (const mistake of mistakes) {
      const { location } = await sentTo(client, mistake);
      assert.ok(
        location?.startsWith(`${client.redirectUri}?error=`),
        `${location} ${JSON.stringify(mistake)}`,
      );
    }
  }
});

test("a website whose own page sent the browser here is told at once", async () => {
  const headers = { "sec-fetch-site": "same-site", referer: "https://stranger.example/app" };
  const { location } = await sentTo(stranger, { prompt: "none" }, new UserAgent(), headers);
  assert.ok(location?.startsWith("https://stranger.example/cb?error=login_required"), String(location));
});
