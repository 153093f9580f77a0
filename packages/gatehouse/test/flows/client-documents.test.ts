import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type DocumentServer, startDocumentServer } from "../support/document-server.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  authorizationUrl,
  authorize,
  introspect,
  openConsentPage,
  pkce,
  post,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let web: DocumentServer;
let count = 0;
/** A path that no other test uses. */
let path: string;
before(async () => {
  web = await startDocumentServer();
  server = await startTestGatehouse({}, "dev");
  await server.addResource(resource);
});
beforeEach(() => {
  path = `/client-${++count}.json`;
});
after(async () => {
  await server?.stop();
  await web?.close();
});

const redirectUri = "http://127.0.0.1:40123/callback";
const describe = (over: Record<string, unknown> = {}) => ({
  client_id: web.url + path,
  client_name: "Documented",
  redirect_uris: ["http://127.0.0.1/callback", "https://app.example.com/cb"],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: "none",
  ...over,
});
const aClient = (id = web.url + path): TestClient => ({ id, redirectUri, ...pkce() });
const open = (client: TestClient, parameters = {}) =>
  new UserAgent().follow(authorizationUrl(server, client, parameters), (url) => url.port === "40123");

async function isRefused(client: TestClient, why: RegExp, parameters = {}) {
  const page = await open(client, parameters);
  assert.equal(page.response.status, 400, page.html);
  assert.match(page.html, why);
  assert.doesNotMatch(page.html, /name="decision"/);
}

test("a client known by its document connects without registering, and stays connected", async () => {
  web.publish(path, describe());
  const client = aClient();
  const tokens = await tokensFor(server, client);
  assert.equal((await introspect(server, tokens.access_token)).client_id, client.id);
  server.clock.advance(3700);
  web.publish(path, {}, { status: 500 });
  const refreshed = await refresh(server, client, tokens.refresh_token);
  assert.equal(refreshed.status, 200, "nothing is fetched for a refresh");
  const gone = { token: String(refreshed.body.refresh_token), client_id: client.id };
  assert.equal((await post(server, "/revoke", gone)).status, 200);
  assert.equal((await introspect(server, String(refreshed.body.access_token))).active, false);
});

test("I02 a record of the operator's comes before the document, and a query is part of the identifier", async () => {
  web.publish(path, describe({ client_name: "From the document" }));
  await server.addClient({
    id: web.url + path,
    authMethod: "none",
    redirectUris: ["http://127.0.0.1/callback"],
    metadata: { name: "From the operator" },
  });
  assert.match((await open(aClient())).html, /From the operator/);
  assert.equal(web.fetches(path), 0);
  path = `/client-${++count}.json?v=1`;
  web.publish(path, describe());
  assert.match((await open(aClient())).html, /name="decision"/);
  await isRefused(aClient(`${web.url}${path}&x`), /cannot check who/);
});

test("I04 I-n3 the document must name its own URL, to the letter", async () => {
  const url = web.url + path;
  for (const client_id of [
    undefined,
    `${url}/`,
    url.toUpperCase(),
    url.replace("client", "%63lient"),
    "https://other.example/c",
    [url],
  ]) {
    web.publish(path, describe({ client_id }));
    await isRefused(aClient(), /is not its URL/);
  }
});

test("I05 a document without a name or usable redirect URIs describes no client", async () => {
  for (const mistake of [
    { client_name: undefined },
    { client_name: "" },
    { redirect_uris: undefined },
    { redirect_uris: [] },
    { redirect_uris: ["http://127.0.0.1/callback", "javascript:alert(1)"] },
    { redirect_uris: ["https://*.example.com/cb"] },
  ]) {
    web.publish(path, describe(mistake));
    await isRefused(aClient(), /describes itself in a way/);
  }
});

test("I06 the redirect URI is one of the document's, only a loopback port is free", async () => {
  web.publish(path, describe());
  for (const redirect_uri of [
    "http://127.0.0.1:40123/other",
    "http://localhost:40123/callback",
    "https://app.example.com:444/cb",
    "https://app.example.com/cb/",
    "https://evil.example/cb",
  ]) {
    await isRefused(aClient(), /unknown address/, { redirect_uri });
  }
  for (const redirect_uri of [redirectUri, "https://app.example.com/cb"]) {
    assert.match((await open(aClient(), { redirect_uri })).html, /name="decision"/);
  }
});

test("I07 a document asks for no method with a shared secret, and holds none", async () => {
  for (const mistake of [
    { token_endpoint_auth_method: "client_secret_basic" },
    { token_endpoint_auth_method: "client_secret_post" },
    { token_endpoint_auth_method: "client_secret_jwt" },
    { client_secret: "s" },
    { client_secret_expires_at: 0 },
  ]) {
    web.publish(path, describe(mistake));
    await isRefused(aClient(), /describes itself in a way/);
  }
});

test("I11 a document is kept as long as its server says, within bounds", async () => {
  const asked = async (headers: Record<string, string>, after: number) => {
    path = `/client-${++count}.json`;
    web.publish(path, describe(), { headers });
    await open(aClient());
    server.clock.advance(after);
    await open(aClient());
    return web.fetches(path);
  };
  assert.equal(await asked({ "cache-control": "max-age=600" }, 599), 1);
  assert.equal(await asked({ "cache-control": "max-age=600" }, 600), 2);
  assert.equal(await asked({}, 3599), 1);
  assert.equal(await asked({}, 3600), 2);
  assert.equal(await asked({ "cache-control": "no-store" }, 59), 1, "at least a minute");
  assert.equal(await asked({ "cache-control": "no-store" }, 60), 2);
  assert.equal(await asked({ "cache-control": "max-age=31536000" }, 86_400), 2, "at most a day");
});

test("I12 I-n8 what failed is not kept: a mended document works at once", async () => {
  for (const [document, status] of [
    [{}, 404],
    [{}, 500],
    [[], 200],
    [describe({ redirect_uris: [] }), 200],
  ] as const) {
    path = `/client-${++count}.json`;
    web.publish(path, document, { status, headers: { "cache-control": "max-age=31536000" } });
    assert.equal((await open(aClient())).response.status, 400);
    web.publish(path, describe());
    assert.match((await open(aClient())).html, /name="decision"/);
  }
});

test("I13 a document that cannot be had is a page that says what to do, and invalid_client to programs, unfetched", async () => {
  await isRefused(aClient(), /cannot check who/);
  assert.match((await open(aClient())).html, /CIMD_DOCUMENTS/);
  const line = server.log.find(
    (entry) => entry.includes("client_document_unavailable") && entry.includes(path),
  );
  assert.match(line ?? server.log.join(""), /404/);
  const fetched = web.fetches(path);
  const answer = await redeem(server, aClient(), "gatehouse_ac_x");
  assert.deepEqual([answer.status, answer.body.error], [401, "invalid_client"]);
  assert.equal(web.fetches(path), fetched);
});

test("I16 what a document wants besides a code is dropped, as long as that is left", async () => {
  const device = "urn:ietf:params:oauth:grant-type:device_code";
  web.publish(
    path,
    describe({ grant_types: ["authorization_code", device], response_types: ["code", "id_token"] }),
  );
  const answer = await redeem(server, aClient(), (await authorizeCode()) ?? assert.fail("no code"));
  assert.equal(answer.status, 400, "another verifier");
  web.publish(path, describe({ grant_types: [device] }));
  server.clock.advance(86_400);
  await isRefused(aClient(), /describes itself in a way/);
});

async function authorizeCode(): Promise<string | null> {
  return (await authorize(server, aClient())).searchParams.get("code");
}

test("I17 many who ask at once share one fetch, and a document that changed is asked about anew", async () => {
  web.publish(path, describe());
  await Promise.all(Array.from({ length: 10 }, () => open(aClient())));
  assert.equal(web.fetches(path), 1);
  const agent = new UserAgent();
  const client = { ...aClient(), redirectUri: "https://app.example.com/cb" };
  const isBack = (url: URL) => url.host === "app.example.com";
  const byClient = { headers: { "sec-fetch-site": "same-site", referer: "https://app.example.com/" } };
  const { page } = await openConsentPage(server, client, agent);
  await agent.submit(page, { decision: "approve" }, isBack);
  const remembered = await agent.follow(authorizationUrl(server, client), isBack, byClient);
  assert.ok(remembered.url.searchParams.get("code"), remembered.html);
  for (const change of [{ client_name: "Renamed" }, { logo_uri: "https://app.example.com/l.png" }]) {
    web.publish(path, describe(change));
    server.clock.advance(3600);
    const again = await agent.follow(authorizationUrl(server, client), isBack, byClient);
    assert.match(again.html, /name="decision"/, JSON.stringify(change));
  }
});

test("what is read of a document has a reference of its own, which each attempt names and none of them is", async () => {
  web.publish(path, describe());
  const begun = async () =>
    (await fetch(authorizationUrl(server, aClient()), { redirect: "manual" })).headers;
  const attempts = [await begun(), await begun()].map((headers) => headers.get("x-request-id") ?? "");
  const steps = async (reference: string) => {
    for (;;) {
      const found = await server.store.findTrace(reference);
      if (found.length > 0) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const named = [];
  for (const attempt of attempts) {
    const [received] = await steps(attempt);
    named.push(received?.facts?.document);
  }
  const [document = assert.fail(), again] = named;
  assert.equal(again, document);
  assert.ok(!attempts.includes(document));
  const [read, ...others] = await steps(document);
  assert.deepEqual([read?.step, read?.client, others], ["client_document_read", web.url + path, []]);
  assert.ok(attempts.every((attempt) => !JSON.stringify(read).includes(attempt)));
  web.publish(path, describe({ client_name: "Renamed" }));
  server.clock.advance(3600);
  const [changed] = await steps((await begun()).get("x-request-id") ?? "");
  assert.notEqual(changed?.facts?.document, document, "another description, another reference");
  assert.ok(changed?.facts?.document);
});

test("I-n5 I-n6 whose document it is stands on the page, whatever it says of itself, and a loopback address is warned of", async () => {
  web.publish(path, describe({ client_name: "Claude", logo_uri: "https://claude.ai/logo.png" }));
  const { html } = await open(aClient());
  assert.match(html, new RegExp(`Published by <bdi>${web.url.replace(/^http:\/\//, "")}`));
  assert.doesNotMatch(html, /claude\.ai/);
  assert.match(html, /This may be a trick: it calls itself <bdi>“Claude”<\/bdi>, but/);
  assert.match(html, /Any program on this computer can call itself/);
  const agent = new UserAgent();
  const { page } = await openConsentPage(server, aClient(), agent);
  await agent.submit(page, { decision: "approve" }, (url) => url.port === "40123");
  const again = await agent.follow(authorizationUrl(server, aClient()));
  assert.match(again.html, /name="decision"/, "nobody can prove to be the program behind a port");
});

test("a person is not stranded while the document's server has a bad day", async () => {
  web.publish(path, describe());
  await open(aClient());
  server.clock.advance(86_400);
  web.publish(path, {}, { status: 503 });
  assert.match((await open(aClient())).html, /name="decision"/, "as it said last");
  web.publish(path, {}, { status: 410 });
  await isRefused(aClient(), /cannot check who/);
});
