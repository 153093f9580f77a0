import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorize,
  openConsentPage,
  post,
  redeem,
  refresh,
  resource,
  type TestClient,
  type Tokens,
  tokensFor,
} from "../support/oauth-client.ts";
import { hiddenFields, UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;
let credential: string;

before(async () => {
  server = await startTestGatehouse();
  credential = await server.addResource(resource);
  client = await aPublicClient(server);
  await server.addClient({
    id: "web",
    secret: "the-secret-of-the-web-client",
    redirectUris: ["https://app.example.com/*"],
  });
});
after(() => server?.stop());

/** The audit events logged since `from`, by name. */
function eventsSince(from: number): Record<string, unknown>[] {
  return server.log.slice(from).map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("S01 production speaks https only: any other issuer is refused, and browsers are told to remember", async (t) => {
  const credentials = { OAUTH2_CLIENT_ID: "id", OAUTH2_CLIENT_SECRET: "secret" };
  for (const BASE_URL of [
    "http://login.example.com",
    "http://10.0.0.1:8080",
    "http://localhost.example.com",
  ]) {
    assert.throws(() => readConfig({ ...credentials, BASE_URL }, "serve"), /BASE_URL/, BASE_URL);
  }
  const secure = await startTestGatehouse({ BASE_URL: "https://login.example.com" });
  t.after(() => secure.stop());
  const response = await fetch(`${secure.url}/healthz`);
  assert.match(response.headers.get("strict-transport-security") ?? "", /max-age=\d{7,}/);
});

test("S03 whatever holds a code, a token or a person's data is not to be cached", async () => {
  const { agent, page } = await openConsentPage(server, client);
  const decided = await agent.request(`${server.url}/consent`, {
    method: "POST",
    body: new URLSearchParams({ ...hiddenFields(page.html), decision: "approve" }),
  });
  const code = new URL(decided.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const redeemed = await redeem(server, client, code);
  const { access_token, refresh_token } = redeemed.body as unknown as Tokens;
  const authorization = `Bearer ${server.introspectionToken}`;
  const answers = {
    consent: page.response.headers,
    decision: decided.headers,
    token: redeemed.headers,
    "token error": (await redeem(server, client, code)).headers,
    refresh: (await refresh(server, client, refresh_token)).headers,
    introspection: (await post(server, "/introspect", { token: access_token }, { authorization })).headers,
    revocation: (await post(server, "/revoke", { client_id: client.id, token: access_token })).headers,
    home: (await agent.request(`${server.url}/`)).headers,
    authorize: (await new UserAgent().request(`${server.url}/authorize?client_id=x`)).headers,
    callback: (await new UserAgent().request(`${server.url}/callback?state=x&code=y`)).headers,
  };
  for (const [name, headers] of Object.entries(answers))
    assert.equal(headers.get("cache-control"), "no-store", name);
});

test("S09 the log of whole flows, good and bad, holds no secret that occurred in them", async () => {
  const agent = new UserAgent();
  const secrets = new Set([
    credential,
    server.introspectionToken,
    client.verifier,
    "the-secret-of-the-web-client",
    "a-guessed-secret",
  ]);
  const { page } = await openConsentPage(server, client, agent);
  for (const value of agent.cookiesOf(server.url).values()) secrets.add(value);
  const { transaction, csrf } = hiddenFields(page.html);
  for (const value of [transaction, csrf]) if (value !== undefined) secrets.add(value);
  const end = await agent.submit(page, { decision: "approve" }, (url) => url.port === "33418");
  const code = end.url.searchParams.get("code") ?? "";
  const tokens = (await redeem(server, client, code)).body as unknown as Tokens;
  const next = (await refresh(server, client, tokens.refresh_token)).body as unknown as Tokens;
  for (const value of [
    code,
    tokens.access_token,
    tokens.refresh_token,
    next.access_token,
    next.refresh_token,
  ])
    secrets.add(value);
  const form = { token: next.access_token };
  await post(server, "/introspect", form, { authorization: `Bearer ${credential}` });
  await post(server, "/introspect", form, { authorization: "Bearer a-guessed-secret" });
  await post(server, "/token", {
    grant_type: "authorization_code",
    client_id: "web",
    client_secret: "a-guessed-secret",
    code,
  });
  await redeem(server, client, code); // a replay
  await refresh(server, client, `${tokens.refresh_token}x`);
  await agent.request(`${server.url}/callback?state=${transaction}&code=${code}`);
  await agent.request(`${server.url}/consent?transaction=${transaction}`);
  await fetch(`${server.url}/revoke?token=${tokens.access_token}`, { redirect: "manual" });

  const log = server.log.join("");
  assert.ok(log.length > 0 && secrets.size >= 12);
  for (const secret of secrets) assert.ok(!log.includes(secret), `the log holds ${secret}`);
});

test("S10 what matters for security is logged with time, client, subject and reference", async () => {
  const from = server.log.length;
  const mine = await aPublicClient(server);
  await authorize(server, mine, { decision: "deny" });
  const tokens = await tokensFor(server, mine);
  const second = (await refresh(server, mine, tokens.refresh_token)).body as unknown as Tokens;
  await refresh(server, mine, second.refresh_token);
  await refresh(server, mine, tokens.refresh_token); // theft
  const others = await tokensFor(server, mine);
  await post(server, "/revoke", { client_id: mine.id, token: others.refresh_token });
  await post(server, "/token", {
    grant_type: "authorization_code",
    client_id: "web",
    client_secret: "wrong",
    code: "x",
  });
  const answer = await authorize(server, mine);
  const code = answer.searchParams.get("code") ?? "";
  await redeem(server, mine, code);
  await redeem(server, mine, code);

  const events = eventsSince(from);
  for (const name of [
    "client_registered",
    "sign_in",
    "consent_denied",
    "consent_approved",
    "code_redeemed",
    "token_refreshed",
    "refresh_reused",
    "token_revoked",
    "code_replayed",
    "client_authentication_failed",
  ]) {
    const event = events.find((logged) => logged.event === name);
    assert.ok(event, `${name} was not logged`);
    assert.match(String(event.time), /^\d{4}-\d\d-\d\dT/);
    assert.equal(event.client, name === "client_authentication_failed" ? "web" : mine.id, name);
    assert.match(String(event.request), /^[0-9A-Z-]{14}$/);
    assert.equal(event.address, "127.0.0.1");
  }
  assert.match(String(events.find(({ event }) => event === "consent_approved")?.subject), /^user_/);
});

test("the reference on an error page stands in the log", async () => {
  const from = server.log.length;
  const arrival = await new UserAgent().follow(`${server.url}/authorize?client_id=nobody`);
  const reference = /Reference<\/dt><dd><code>([^<]+)</.exec(arrival.html)?.[1];
  assert.ok(reference);
  const event = eventsSince(from).find((logged) => logged.request === reference);
  assert.equal(event?.error, "invalid_client");
});
