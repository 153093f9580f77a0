import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Client } from "../../src/oauth/records.ts";
import { type DocumentServer, startDocumentServer } from "../support/document-server.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  openConsentPage,
  pkce,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/*
 * Between the page and the click somebody changes the client: whoever holds its registration token, its
 * document, or the command line. The answer goes nowhere the client is not registered for when it is given.
 */

let server: TestGatehouse;
let web: DocumentServer;
before(async () => {
  server = await startTestGatehouse({}, "dev");
  web = await startDocumentServer();
  await server.addResource(resource);
});
after(async () => {
  await server?.stop();
  await web?.close();
});

async function change(client: TestClient, over: Partial<Client>): Promise<void> {
  const stored = await server.store.findClient(client.id);
  assert.ok(stored && (await server.store.replaceClient({ ...stored, ...over })));
}

const elsewhere = { redirectUris: ["http://127.0.0.1:33418/elsewhere"] };
const isAnswer = (url: URL) => url.port === "33418";

async function isRefused(agent: UserAgent, page: Arrival, decision: string, title: RegExp): Promise<void> {
  const end = await agent.submit(page, { decision }, isAnswer);
  assert.equal(end.response.headers.get("location"), null, decision);
  assert.equal(end.response.status, 400, decision);
  assert.match(end.html, title, decision);
}

test("D23 a client that was updated gets no answer where it no longer is registered", async () => {
  for (const decision of ["approve", "deny"]) {
    const client = await aPublicClient(server);
    const { agent, page } = await openConsentPage(server, client);
    await change(client, elsewhere);
    await isRefused(agent, page, decision, /unknown address/);
  }
});

test("a client that was removed gets no answer", async () => {
  for (const decision of ["approve", "deny"]) {
    const client = await aPublicClient(server);
    const { agent, page } = await openConsentPage(server, client);
    await server.store.removeClient(client.id);
    await isRefused(agent, page, decision, /no longer valid|does not know/);
  }
});

test("a client whose document took the address back gets no answer there", async () => {
  for (const decision of ["approve", "deny"]) {
    const id = `${web.url}/${decision}.json`;
    const document = {
      client_id: id,
      client_name: "Documented",
      redirect_uris: ["http://127.0.0.1/callback"],
    };
    const briefly = { headers: { "cache-control": "max-age=60" } };
    web.publish(`/${decision}.json`, document, briefly);
    const client = { id, redirectUri: "http://127.0.0.1:33418/callback", ...pkce() };
    const { agent, page } = await openConsentPage(server, client);
    web.publish(`/${decision}.json`, { ...document, redirect_uris: ["http://127.0.0.1/elsewhere"] });
    server.clock.advance(60);
    // Somebody else's request has the document fetched.
    const other = { ...client, redirectUri: "http://127.0.0.1:33418/elsewhere" };
    await openConsentPage(server, other, agent);
    await isRefused(agent, page, decision, /unknown address/);
  }
});

test("a double click's second answer, and an answer after the sign-in, are held back as well", async () => {
  const client = await aPublicClient(server);
  const { agent, page } = await openConsentPage(server, client);
  const cookies = [...agent.cookiesOf(server.url)];
  await agent.submit(page, { decision: "approve" }, isAnswer);
  for (const [name, value] of cookies) agent.setCookie(server.url, name, value);
  await change(client, elsewhere);
  await isRefused(agent, page, "approve", /unknown address/);

  const late = await aPublicClient(server);
  const browser = new UserAgent();
  const callback = await browser.follow(
    authorizationUrl(server, late),
    (url) => url.pathname === "/callback",
  );
  await change(late, elsewhere);
  const end = await browser.follow(callback.url.href, isAnswer);
  assert.match(end.html, /unknown address/);
});

test("a client that calls itself something else since the page was shown is asked about anew", async () => {
  const client = await aPublicClient(server, { client_name: "Notebook" });
  const { agent, page } = await openConsentPage(server, client);
  await change(client, { metadata: { name: "Ledger" } });
  const again = await agent.submit(page, { decision: "approve" }, isAnswer);
  assert.match(again.html, /“Ledger”/);
  const end = await agent.submit(again, { decision: "approve" }, isAnswer);
  assert.ok(end.url.searchParams.get("code"));
});
