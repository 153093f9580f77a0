import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readSteps } from "../../src/insight/trace/read.ts";
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

/** A grant, and the reference of the attempt that it came from. */
async function connect(at: TestGatehouse, of: TestClient) {
  const attempt = await begin(at, of);
  const { page } = await signIn(attempt);
  const end = await attempt.agent.submit(page, { decision: "approve" }, isClients);
  const redeemed = await redeem(at, of, end.url.searchParams.get("code") ?? "");
  return { ...attempt, tokens: tokensOf(redeemed) };
}

test("Z03 a grant keeps its attempt's reference: refreshes, replay, reuse, revocation, refused introspections name it beside their own; who shares a client shares none", async () => {
  const { tokens, reference } = await connect(server, client);
  const once = await refresh(server, client, tokens.refresh_token);
  const replayed = await refresh(server, client, tokens.refresh_token);
  const guess = { authorization: `Basic ${Buffer.from("notes:gatehouse_rs_guess").toString("base64")}` };
  const refused = await post(server, "/introspect", { token: tokens.access_token }, guess);
  const elsewhere = await server.addResource("https://elsewhere.example.com/mcp");
  const foreign = await post(
    server,
    "/introspect",
    { token: tokens.access_token },
    { authorization: `Bearer ${elsewhere}` },
  );
  const twice = await refresh(server, client, tokensOf(once).refresh_token);
  const reused = await refresh(server, client, tokens.refresh_token);
  const answers = [once, replayed, refused, foreign, twice, reused];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 401, 200, 200, 400],
  );
  const second = await connect(server, client);
  const revoked = await post(server, "/revoke", {
    client_id: client.id,
    token: second.tokens.refresh_token,
  });
  const named = (name: string, which = -1) => {
    const line = eventsOf(server, name).at(which);
    return [line?.request, line?.attempt];
  };
  assert.deepEqual(named("token_refreshed", -2), [referenceOf(once), reference]);
  assert.deepEqual(named("refresh_replayed"), [referenceOf(replayed), reference]);
  assert.deepEqual(named("introspection_refused", -2), [referenceOf(refused), reference]);
  assert.deepEqual(named("introspection_refused"), [referenceOf(foreign), reference]);
  assert.deepEqual(named("refresh_reused"), [referenceOf(reused), reference]);
  assert.deepEqual(named("token_revoked"), [referenceOf(revoked), second.reference]);
  const all = [...answers.map(referenceOf), referenceOf(revoked), reference, second.reference];
  assert.equal(new Set(all).size, all.length, "each request has its own");
  assert.equal(eventsOf(server, "introspection_refused").at(-1)?.reason, "resource");
  const theirs = server.log.filter((line) => line.includes(second.reference));
  assert.ok(
    theirs.every((line) => !line.includes(reference)),
    "strangers who share a client",
  );
});

test("a registration has a reference of its own, which each attempt names; strangers who register the same share it, and none of their attempts", async (t) => {
  const at = await startTestGatehouse();
  t.after(() => at.stop());
  await at.addResource(resource);
  const metadata = { software_id: "the same for all" };
  const mine = await aPublicClient(at, metadata);
  const theirs = await aPublicClient(at, metadata);
  assert.equal(mine.id, theirs.id);
  const [registered, again] = eventsOf(at, "client_registered").map(({ request }) => request);
  assert.notEqual(registered, again);
  const attempts = [await begin(at, mine), await begin(at, theirs)];
  const named = await Promise.all(
    attempts.map(async ({ reference }) => {
      const steps = await stepsOf(at, reference);
      const received = steps.find(({ step }) => step === "authorization_received");
      assert.ok(steps.every((step) => step.reference === reference));
      return received?.facts?.registration;
    }),
  );
  assert.deepEqual(named, [registered, registered], "the first one's");
  const [step, ...others] = await stepsOf(at, registered ?? "");
  assert.deepEqual([step?.step, others], ["client_registered", []]);
  const texts = JSON.stringify(await stepsOf(at, registered ?? ""));
  for (const { reference } of attempts) assert.ok(!texts.includes(reference));
});

/** The steps of an attempt, once they are written. */
async function stepsOf({ store }: TestGatehouse, reference: string) {
  for (;;) {
    const { steps } = await readSteps(store, reference, 0);
    if (steps.length > 0) return steps;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ending = (reference: string) => new RegExp(`\\(reference ${reference}\\)$`);
