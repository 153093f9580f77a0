import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startExampleServer } from "@gatehouse/example-mcp-server";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { isActive, post } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";
import { SdkV1Client } from "./support/sdk-v1-client.ts";

/*
 * The official SDK on both sides, none of it ours: its client does discovery, registration, PKCE, redemption and refresh; the example MCP server
 * verifies by introspection; `oidc-provider` proves who the person is.
 */

let gatehouse: TestGatehouse;
let mcp: { readonly url: string; close(): Promise<void> };
let resource: string;

before(async () => {
  gatehouse = await startTestGatehouse();
  const port = await freePort();
  resource = `http://localhost:${port}/mcp`;
  const credential = await gatehouse.addResource(resource, { mcp: "Call its tools as you" });
  mcp = await startExampleServer({ issuer: gatehouse.issuer, resource, credential, port, host: "127.0.0.1" });
});
after(async () => {
  await mcp?.close();
  await gatehouse?.stop();
});

/** The person: signs in upstream, looks at the consent page, approves. */
async function approveInBrowser(authorizationUrl: URL): Promise<URL> {
  const agent = new UserAgent();
  const page = await agent.follow(authorizationUrl.href);
  assert.match(page.html, /SDK client/);
  const isCallback = (url: URL) => url.port === "33418";
  return (await agent.submit(page, { decision: "approve" }, isCallback)).url;
}

test("an SDK client connects, calls a tool, refreshes when its token expires, and is refused once revoked", async (t) => {
  const client = new SdkV1Client(resource);
  t.after(() => client.close());
  let visits = 0;
  await client.connect((url) => {
    visits++;
    return approveInBrowser(url);
  });

  assert.match(await client.call("whoami"), /alice@example\.com/);

  const first = client.memory.tokens();
  gatehouse.clock.advance((first?.expires_in ?? 0) + 1);
  assert.equal(await isActive(gatehouse, first?.access_token ?? ""), false);
  assert.match(await client.call("whoami"), /alice@example\.com/);
  const second = client.memory.tokens();
  assert.notEqual(second?.access_token, first?.access_token);
  assert.notEqual(second?.refresh_token, first?.refresh_token);
  assert.equal(visits, 1, "a refresh asks nobody to sign in");

  const clientId = client.memory.clientInformation()?.client_id;
  const revoked = await post(gatehouse, "/revoke", { client_id: clientId, token: second?.refresh_token });
  assert.equal(revoked.status, 200);
  await assert.rejects(client.call("whoami"));
  assert.equal(await isActive(gatehouse, second?.access_token ?? ""), false);
});

test("a second client of the same person gets its own grant", async (t) => {
  const [laptop, desktop] = [new SdkV1Client(resource), new SdkV1Client(resource)];
  t.after(() => Promise.all([laptop.close(), desktop.close()]));
  await laptop.connect(approveInBrowser);
  await desktop.connect(approveInBrowser);
  const clientId = laptop.memory.clientInformation()?.client_id;
  await post(gatehouse, "/revoke", { client_id: clientId, token: laptop.memory.tokens()?.refresh_token });
  await assert.rejects(laptop.call("whoami"));
  assert.match(await desktop.call("whoami"), /alice@example\.com/);
});
