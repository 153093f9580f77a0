import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventsOf } from "../support/audit-events.ts";
import { aTestDatabase } from "../support/database.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  post,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/* One reference from the first request of an attempt to the grant that comes of it, and beyond. */

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server.stop());

const shape = /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/;
const isClients = ({ port }: URL) => port === "33418";
const referenceOf = ({ headers }: { readonly headers: Headers }) => headers.get("x-request-id") ?? "";

/** An attempt, begun and not gone on with. */
async function begin(at: TestGatehouse, of: TestClient) {
  const agent = new UserAgent();
  const answer = await agent.request(authorizationUrl(at, of));
  return { agent, reference: referenceOf(answer), location: answer.headers.get("location") ?? "" };
}

/** From the identity provider back to us, and on to the consent page. */
async function signIn({ agent, location }: { readonly agent: UserAgent; readonly location: string }) {
  const { url } = await agent.follow(location, ({ pathname }) => pathname === "/callback");
  const back = await agent.request(url.href);
  const page = await agent.follow(new URL(back.headers.get("location") ?? "", url).href);
  return { back, page };
}

test("Z01 all requests of an attempt go by the first one's reference, also at another instance", async (t) => {
  const database = await aTestDatabase();
  t.after(database.remove);
  const first = await startTestGatehouse({ SQL_URL: database.url });
  t.after(() => first.stop());
  const second = await startTestGatehouse({ SQL_URL: database.url, UPSTREAM_ISSUER: first.upstream.issuer });
  t.after(() => second.stop());
  await first.addResource(resource);
  const its = await aPublicClient(first);
  const attempt = await begin(first, its);
  assert.match(attempt.reference, shape);
  const { back, page } = await signIn(attempt);
  assert.equal(referenceOf(back), attempt.reference, "the callback");
  assert.equal(referenceOf(page.response), attempt.reference, "the consent page");
  const end = await attempt.agent.submit(page, { decision: "approve" }, isClients);
  const redeemed = await redeem(second, its, end.url.searchParams.get("code") ?? "");
  assert.equal(redeemed.status, 200);
  assert.equal(referenceOf(redeemed), attempt.reference, "the redemption, at another instance");
  const logged = [
    [first, "sign_in"],
    [first, "consent_approved"],
    [second, "code_redeemed"],
  ] as const;
  for (const [at, name] of logged) {
    assert.deepEqual(
      eventsOf(at, name).map(({ request }) => request),
      [attempt.reference],
      name,
    );
  }
  assert.notEqual((await begin(second, its)).reference, attempt.reference, "another attempt has another");
});

test("a new choice of account goes on under the same reference", async () => {
  const attempt = await begin(server, client);
  const { page } = await signIn(attempt);
  const switched = await attempt.agent.submit(
    page,
    { decision: "switch_account" },
    ({ origin }) => origin !== server.issuer,
  );
  const { back, page: again } = await signIn({ agent: attempt.agent, location: switched.url.href });
  assert.equal(referenceOf(back), attempt.reference);
  assert.equal(referenceOf(again.response), attempt.reference);
});

test("Z02 the reference stands in each line and error of the attempt, and in the header of every answer", async () => {
  const attempt = await begin(server, client);
  const { page } = await signIn(attempt);
  const denied = await attempt.agent.submit(page, { decision: "deny" }, isClients);
  assert.match(denied.url.searchParams.get("error_description") ?? "", ending(attempt.reference));
  assert.equal(eventsOf(server, "consent_denied").at(-1)?.request, attempt.reference);
  const late = await attempt.agent.submit(page, { decision: "approve" });
  assert.ok(late.html.includes(referenceOf(late.response)), "an error page shows its own");
  const answers = [
    await fetch(`${server.url}/.well-known/oauth-authorization-server`),
    await fetch(`${server.url}/nothing`),
    await fetch(`${server.url}/token`, { method: "PUT" }),
    await fetch(`${server.url}/token`, { method: "OPTIONS" }),
    await fetch(`${server.url}/healthz`, { method: "HEAD" }),
  ];
  for (const answer of answers) assert.match(referenceOf(answer), shape, answer.url);
  const refused = await redeem(server, client, "no such code");
  assert.match(String(refused.body.error_description), ending(referenceOf(refused)));
  const line = eventsOf(server, "request_refused").at(-1);
  assert.equal(line?.request, referenceOf(refused));
});

test("a grant keeps its attempt's reference, which refreshes and the reuse of a token name beside their own", async () => {
  const attempt = await begin(server, client);
  const { page } = await signIn(attempt);
  const end = await attempt.agent.submit(page, { decision: "approve" }, isClients);
  const tokens = tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));
  const once = await refresh(server, client, tokens.refresh_token);
  const twice = await refresh(server, client, tokensOf(once).refresh_token);
  const reused = await refresh(server, client, tokens.refresh_token);
  assert.deepEqual([once.status, twice.status, reused.status], [200, 200, 400]);
  const [line] = eventsOf(server, "token_refreshed").slice(-2);
  assert.deepEqual([line?.request, line?.attempt], [referenceOf(once), attempt.reference]);
  assert.notEqual(referenceOf(once), attempt.reference);
  assert.equal(eventsOf(server, "refresh_reused").at(-1)?.attempt, attempt.reference);
  const other = await begin(server, client);
  assert.notEqual(other.reference, attempt.reference, "who shares a registered client shares no reference");
});

test("a revocation names the reference of the attempt that the grant came from", async () => {
  const attempt = await begin(server, client);
  const { page } = await signIn(attempt);
  const end = await attempt.agent.submit(page, { decision: "approve" }, isClients);
  const tokens = tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));
  await post(server, "/revoke", { client_id: client.id, token: tokens.refresh_token });
  assert.equal(eventsOf(server, "token_revoked").at(-1)?.attempt, attempt.reference);
});

const ending = (reference: string) => new RegExp(`\\(reference ${reference}\\)$`);
