import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createAccess } from "../../src/access/access.ts";
import { readTimeline } from "../../src/insight/trace/read.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  openConsentPage,
  post,
  postBody,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { namesOf, stepOf, traceOf } from "../support/traces.ts";
import { UserAgent } from "../support/user-agent.ts";

/* What is remembered of an attempt to authorize, step by step. */

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { read: "Read your notes", write: "Change your notes" });
  client = await aPublicClient(server);
});
after(() => server.stop());

const referenceOf = ({ headers }: { readonly headers: Headers }) => headers.get("x-request-id") ?? "";
const isClients = ({ port }: URL) => port === "33418";

/** A whole attempt, with every secret of it. */
async function wholeAttempt(agent = new UserAgent()) {
  const { page } = await openConsentPage(server, client, agent, { scope: "read admin" });
  const reference = referenceOf(page.response);
  const end = await agent.submit(page, { decision: "approve" }, isClients);
  const code = end.url.searchParams.get("code") ?? "";
  const tokens = tokensOf(await redeem(server, client, code));
  const secrets = [
    code,
    "the-clients-state",
    client.verifier,
    client.challenge,
    tokens.access_token,
    tokens.refresh_token,
    ...agent.cookiesOf(server.issuer).values(),
    ...agent.visited.flatMap(({ url }) =>
      ["state", "code", "nonce", "code_challenge", "transaction"].flatMap(
        (name) => new URL(url).searchParams.get(name) ?? [],
      ),
    ),
  ];
  return { reference, agent, tokens, secrets };
}

test("an attempt is remembered from the request to the first token, with what was judged on the way", async () => {
  const { reference } = await wholeAttempt();
  const steps = await traceOf(server, reference, "tokens_issued");
  assert.deepEqual(namesOf(steps), [
    "authorization_received",
    "provider_asked",
    "browser_returned",
    "identity_proven",
    "consent_shown",
    "consent_approved",
    "code_sent",
    "tokens_issued",
  ]);
  const received = stepOf(steps, "authorization_received");
  assert.deepEqual([received.client, received.resource], [client.id, resource]);
  assert.deepEqual(
    { ...received.facts, browser: undefined },
    {
      registration: (await server.store.findClient(client.id))?.reference,
      app: "Test client",
      "known by": "its registration",
      "answer goes to": client.redirectUri,
      "scope asked": "read admin",
      "scope possible": "read",
      pkce: "S256",
      address: "127.0.0.1",
      browser: undefined,
    },
  );
  assert.equal(stepOf(steps, "provider_asked").facts?.why, "nobody is signed in here in this browser");
  const proven = stepOf(steps, "identity_proven");
  assert.match(proven.subject ?? "", /^user_/);
  assert.equal(proven.facts?.domain, "example.com");
  assert.equal(proven.facts?.["claim email"], "ID token");
  assert.equal(stepOf(steps, "code_sent").facts?.to, client.redirectUri);
  for (const step of steps) {
    assert.match(step.instance, /^.+\/\d+$/);
    assert.equal(step.outcome, "ok");
  }
});

test("no code, state, nonce, verifier, challenge, token, cookie or address stands in a trace", async () => {
  const { reference, secrets } = await wholeAttempt();
  const wrong = await redeem(server, client, secrets[0] ?? "", { code_verifier: "w".repeat(43) });
  assert.equal(wrong.status, 400);
  const text = JSON.stringify([
    await traceOf(server, reference, "tokens_issued"),
    await traceOf(server, referenceOf(wrong), "request_refused"),
  ]);
  assert.ok(secrets.length > 10);
  for (const secret of [...secrets, "alice@example.com", "w".repeat(43)]) {
    assert.ok(secret.length > 8 && !text.includes(secret), secret);
  }
});

test("who denies, and who is signed in already, is remembered so", async () => {
  const { agent } = await wholeAttempt();
  const { page } = await openConsentPage(server, client, agent);
  await agent.submit(page, { decision: "deny" }, isClients);
  const steps = await traceOf(server, referenceOf(page.response), "consent_denied");
  assert.deepEqual(namesOf(steps), [
    "authorization_received",
    "session_used",
    "consent_shown",
    "consent_denied",
  ]);
  assert.equal(steps.at(-1)?.outcome, "refused");
});

test("a request that is refused before there is an attempt has a trace of its own, with what was expected beside what came", async () => {
  const cases = [
    [
      { client_id: "dyn_gone" },
      "client_id (OAuth 2.1 §4.1.1)",
      "a client that is registered here",
      "dyn_gone",
    ],
    [
      { redirect_uri: "https://evil.example/cb?key=1234" },
      "redirect_uri (RFC 6749 §3.1.2.3)",
      "http://127.0.0.1/callback", // the port of a loopback address is free
      "https://evil.example/cb?key=…",
    ],
    [{ code_challenge_method: "plain" }, "code_challenge_method (OAuth 2.1 §4.1.1)", "S256", "plain"],
    [{ resource: `${resource}/` }, "resource (RFC 8707 §2)", resource, `${resource}/`],
  ] as const;
  for (const [parameters, rule, expected, received] of cases) {
    const answer = await new UserAgent().request(authorizationUrl(server, client, parameters));
    const steps = await traceOf(server, referenceOf(answer), "request_refused");
    assert.equal(steps.length, 1);
    const [step] = steps;
    assert.deepEqual([step?.rule, step?.expected, step?.received], [rule, expected, received]);
    assert.equal(step?.outcome, "refused");
  }
});

test("a registration has a trace of its own", async () => {
  const answer = await post(server, "/register", {});
  const refused = await traceOf(server, referenceOf(answer), "request_refused");
  assert.equal(refused.length, 1);
  const response = await fetch(`${server.url}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ redirect_uris: ["https://app.example.org/cb?key=1"], client_name: "App" }),
  });
  const { client_id: id } = (await response.json()) as { client_id: string };
  const [step] = await traceOf(server, referenceOf(response), "client_registered");
  assert.equal(step?.client, id);
  assert.equal(step?.facts?.["answers go to"], "https://app.example.org/cb?key=…");
});

test("a registration, a code exchange, a refresh and an introspection that succeed write no step, and the audit trail tells of the first two", async () => {
  const writtenAttempts = async () => (await server.store.findTraces({}, { limit: 1000 })).traces;
  await traceOf(server, referenceOf(await post(server, "/register", {})), "request_refused");
  const attempts = (await writtenAttempts()).length;
  const metadata = JSON.stringify({ redirect_uris: ["https://app.example.org/cb"], client_name: "Other" });
  const registered = await postBody(server, "/register", metadata, "application/json");
  const { reference, tokens } = await wholeAttempt();
  const refreshed = await refresh(server, client, tokens.refresh_token);
  await introspect(server, tokensOf(refreshed).access_token);
  for (const [at, told] of [
    [reference, "tokens_issued"],
    [referenceOf(registered), "client_registered"],
  ] as const) {
    await traceOf(server, at, told);
  }
  // Steps are written in their order: with this one, whatever was to be written before it.
  await traceOf(server, referenceOf(await post(server, "/register", {})), "request_refused");
  assert.deepEqual(namesOf(await server.store.findTrace(reference)), [
    "authorization_received",
    "provider_asked",
    "browser_returned",
    "identity_proven",
    "consent_shown",
    "consent_approved",
    "code_sent",
  ]);
  const written = new Set((await writtenAttempts()).map((each) => each.reference));
  assert.ok(written.has(reference));
  for (const answer of [registered, refreshed]) assert.ok(!written.has(referenceOf(answer)));
  assert.equal(written.size, attempts + 2, "an introspection neither");
});

test("refreshes and introspections that succeed write nothing, and what ends the grant stands in the attempt's trace", async () => {
  const { reference, tokens } = await wholeAttempt();
  const before = await traceOf(server, reference, "tokens_issued");
  const once = tokensOf(await refresh(server, client, tokens.refresh_token));
  const twice = tokensOf(await refresh(server, client, once.refresh_token));
  await introspect(server, twice.access_token);
  const all = async () => (await server.store.findTraces({}, { limit: 1000 })).traces.length;
  const attempts = await all();
  const wrong = { authorization: `Bearer gatehouse_rs_${"x".repeat(43)}` };
  assert.equal((await post(server, "/introspect", { token: twice.access_token }, wrong)).status, 401);
  const asked = await traceOf(server, reference, "introspection_refused");
  assert.deepEqual(namesOf(asked).slice(before.length), ["introspection_refused"]);
  assert.equal(asked.at(-1)?.facts?.detail, "no such credential");
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 400, "reused");
  const later = await traceOf(server, reference, "refresh_refused");
  assert.deepEqual(namesOf(later).slice(before.length), ["introspection_refused", "refresh_refused"]);
  assert.equal(await all(), attempts + 1, "the refused request alone has one of its own");
});

test("an app that refreshes right after its first tokens: the MCP server seems to refuse them, and its own log says why", async () => {
  const own = await startTestGatehouse({ UPSTREAM_ISSUER: server.upstream.issuer });
  try {
    await own.addResource(resource);
    const its = await aPublicClient(own);
    const attempt = async (seconds: number | undefined) => {
      const { agent, page } = await openConsentPage(own, its);
      const end = await agent.submit(page, { decision: "approve" }, isClients);
      const tokens = tokensOf(await redeem(own, its, end.url.searchParams.get("code") ?? ""));
      own.clock.advance(seconds ?? 0);
      if (seconds !== undefined) await refresh(own, its, tokens.refresh_token);
      const reference = referenceOf(page.response);
      await traceOf(own, reference, "tokens_issued");
      return reference;
    };
    const conclusionOf = async (reference: string, expected: RegExp) => {
      for (let tries = 0; ; tries++) {
        const timeline = await readTimeline(own.store, reference, own.clock.now() * 1000);
        if (expected.test(timeline?.conclusion.means ?? "")) return timeline?.conclusion.mend ?? "";
        if (tries > 200) assert.fail(JSON.stringify(timeline?.conclusion));
        await pause(25);
      }
    };
    const late = await attempt(11);
    const never = await attempt(undefined);
    const first = await attempt(1);
    await conclusionOf(
      first,
      /refresh \d\.\d s after its first tokens: the MCP server may have refused them/,
    );
    const second = await attempt(0);
    const mend = await conclusionOf(second, /as in 1 other sign-in .* seems to refuse the tokens/);
    assert.match(mend, /MCP server's own log says why.*a slash at the end/);
    assert.ok(mend.includes(`set it to ${resource}, to the letter`), mend);
    for (const fine of [late, never]) await conclusionOf(fine, /: it is connected\.$/);
  } finally {
    await own.stop();
  }
});

test("whom the access rules keep out, the trace says by which rule; whom the provider does not vouch for, why", async (t) => {
  const rules = [
    { effect: "allow", match: { domain: ["corp.example"] }, name: "access.resources[0]" },
  ] as const;
  const access = createAccess(
    { signIn: undefined, resources: new Map([[canonicalResource(resource), rules]]) },
    ["default"],
  );
  const strict = await startTestGatehouse({}, "serve", () => access);
  t.after(() => strict.stop());
  await strict.addResource(resource);
  const its = await aPublicClient(strict);
  const arrive = (agent: UserAgent) => agent.follow(authorizationUrl(strict, its));
  const page = await arrive(new UserAgent());
  const kept = stepOf(await traceOf(strict, referenceOf(page.response), "access_refused"), "access_refused");
  assert.deepEqual(
    [kept.rule, kept.expected, kept.received, kept.outcome],
    [
      `access.resources: ${resource} lets nobody else in`,
      "domain corp.example (access.resources[0])",
      "provider default, domain example.com, groups none",
      "refused",
    ],
  );
  assert.ok(kept.subject?.startsWith("user_"));
  strict.upstream.account = { sub: "eve", email: "eve@example.com", email_verified: false };
  const turned = await arrive(new UserAgent());
  const steps = await traceOf(strict, referenceOf(turned.response), "sign_in_failed");
  assert.deepEqual(namesOf(steps), [
    "authorization_received",
    "provider_asked",
    "browser_returned",
    "sign_in_failed",
  ]);
  const atHome = await new UserAgent().follow(`${strict.url}/sign-in/home`);
  const [without] = await traceOf(strict, referenceOf(atHome.response), "sign_in_failed");
  assert.equal(without?.rule, "address not proven", "without an app as well");
  const failed = steps.at(-1);
  assert.deepEqual([failed?.rule, failed?.outcome], ["address not proven", "refused"]);
  assert.match(failed?.received ?? "", /email_verified is false/);
  assert.ok(
    steps.every(({ subject }) => subject === undefined),
    "nobody got in",
  );
});
