import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, resource, type TestClient } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

const atUpstream = (url: URL) => url.origin === new URL(server.upstream.issuer).origin;
const atCallback = (url: URL) => url.pathname === "/callback";

/** Follows a request to the identity provider and through it, up to the callback URL the provider sends the browser to. */
async function signInUpstream(agent: UserAgent): Promise<URL> {
  const { url } = await agent.follow(authorizationUrl(server, client), atCallback);
  assert.equal(url.pathname, "/callback");
  return url;
}

test("C-n6 an ambiguous callback is refused and uses nothing up", async () => {
  const agent = new UserAgent();
  const callback = await signInUpstream(agent);
  for (const extra of [
    `&state=${callback.searchParams.get("state")}`,
    "&code=other",
    "&error=access_denied",
  ]) {
    assert.equal((await agent.request(callback.href + extra)).status, 400, extra);
  }
  assert.match((await agent.follow(callback.href)).html, /name="decision"/);
});

test("C-n7 what the provider says of an error is not repeated to the browser", async () => {
  const agent = new UserAgent();
  const { url } = await agent.follow(authorizationUrl(server, client), atUpstream);
  const query = new URLSearchParams({
    state: url.searchParams.get("state") ?? "",
    error: "server_error",
    error_description: "<script>alert(1)</script>\r\nSet-Cookie: a=b",
  });
  const response = await agent.request(`${server.url}/callback?${query}`);
  assert.equal(response.status, 302);
  assert.doesNotMatch(response.headers.get("location") ?? "", /<|%3c|alert|Set-Cookie|%0d/i);
  assert.doesNotMatch(response.headers.get("set-cookie") ?? "", /a=b/);
});
