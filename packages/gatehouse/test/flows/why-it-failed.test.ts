import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  authorize,
  post,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/*
 * Whoever runs the server finds in the log why something failed: whose request it was, what it asked for,
 * and how to find it.
 */

let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse({ ALLOWED_DOMAINS: "example.com" });
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

type Line = Readonly<Record<string, unknown>>;

const hasStack = ({ err }: Line) => JSON.stringify(err).includes('"stack":');

/** The lines of this event that `act` leaves in the log. */
async function linesOf(event: string, act: () => Promise<unknown>): Promise<Line[]> {
  const before = server.log.length;
  await act();
  return server.log
    .slice(before)
    .flatMap((text) => text.trim().split("\n"))
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.event === event);
}

async function oneLineOf(event: string, act: () => Promise<unknown>): Promise<Line> {
  const lines = await linesOf(event, act);
  assert.equal(lines.length, 1, JSON.stringify(lines));
  return lines[0] as Line;
}

const userAgent = "claude-code/2.1 (linux)";

test("a refused request stands in the log with client, redirect URI, resource, scope, user agent and reference", async () => {
  const url = authorizationUrl(server, client, {
    redirect_uri: "https://moved.example/callback?installation=7",
    scope: "notes:read",
  });
  const page = { html: "" };
  const line = await oneLineOf("request_refused", async () => {
    page.html = await (await fetch(url, { headers: { "user-agent": userAgent } })).text();
  });
  const { client: id, redirectUri, resource: wanted, scope, userAgent: agent, error, detail, request } = line;
  assert.deepEqual(
    { id, redirectUri, wanted, scope, agent, error, detail },
    {
      id: client.id,
      redirectUri: "https://moved.example/callback?installation=…",
      wanted: resource,
      scope: "notes:read",
      agent: userAgent,
      error: "invalid_redirect_uri",
      detail: "redirect_uri is not registered for this client; registered: http://127.0.0.1/callback",
    },
  );
  assert.match(page.html, new RegExp(`${request}`), "the page shows the reference of the line");
});

test("a refused token request names its client, also one that only the Authorization header names", async () => {
  const form = {
    grant_type: "authorization_code",
    code: "gatehouse_ac_unknown",
    code_verifier: "v".repeat(43),
  };
  const byForm = await oneLineOf("request_refused", () =>
    post(server, "/token", { ...form, client_id: client.id }, { "user-agent": userAgent }),
  );
  assert.equal(byForm.client, client.id);
  assert.equal(byForm.userAgent, userAgent);
  const authorization = `Basic ${Buffer.from("somebody:a-secret").toString("base64")}`;
  const byHeader = await oneLineOf("request_refused", () => post(server, "/token", form, { authorization }));
  assert.equal(byHeader.client, "somebody");
  assert.doesNotMatch(JSON.stringify([byForm, byHeader]), /a-secret|gatehouse_ac_unknown|vvvv/);
});

test("what a refused request carries of secrets is not in the log, and what it carries of junk is bounded", async () => {
  const secret = "5ecret5ecret5ecret5ecret";
  const lines = await linesOf("request_refused", async () => {
    for (const redirect_uri of [
      `https://user:${secret}@evil.example/cb`,
      `https://evil.example/cb?code=${secret}&key=${secret}#access_token=${secret}`,
      `no uri at all?${secret}=${secret}`.replace(`?${secret}`, "?x"),
      `https://evil.example/${"x".repeat(3000)}`,
    ]) {
      const parameters = { redirect_uri, state: secret, code_challenge: secret, code: secret, nonce: secret };
      await fetch(authorizationUrl(server, client, parameters), {
        headers: { "user-agent": `evil\u0085 ${"y".repeat(3000)}`, cookie: `a=${secret}` },
      });
    }
  });
  assert.equal(lines.length, 4);
  for (const line of lines) {
    const text = JSON.stringify(line);
    assert.doesNotMatch(text, new RegExp(secret));
    assert.ok(text.length < 1500, text);
    assert.doesNotMatch(text, /\u0085/);
  }
});

test("a sign-in that fails because of the account is one line, with the account and the reason", async (t) => {
  t.after(() => {
    server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
  });
  for (const [email, email_verified, reason] of [
    ["bob@elsewhere.example", true, /domain is "elsewhere\.example", not one of ALLOWED_DOMAINS/],
    ["bob@example.com", false, /email_verified is false/],
  ] as const) {
    server.upstream.account = { sub: "bob", email, email_verified };
    const url = authorizationUrl(server, client);
    const before = server.log.length;
    const line = await oneLineOf("sign_in_denied", () =>
      new UserAgent().follow(url, ({ port }) => port === "33418"),
    );
    assert.equal(line.level, "warn");
    assert.equal(line.account, email);
    assert.match(String(line.detail), reason);
    assert.equal(line.error, "access_denied");
    assert.equal(line.client, client.id);
    assert.equal(line.redirectUri, client.redirectUri);
    assert.equal(line.resource, resource);
    assert.match(String(line.request), /^[0-9A-Z-]{14}$/);
    const others = server.log.slice(before).filter((text) => /"(?:request_refused|failure)"/.test(text));
    assert.deepEqual(others, [], "the same is not told twice");
  }
  const line = await oneLineOf("sign_in", async () => {
    server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
    await authorize(server, client);
  });
  assert.equal(line.account, undefined, "who gets in stands there by the opaque subject");
});

test("a redirect with an error carries the reference under which the log says why", async () => {
  await server.addClient({ id: "known", authMethod: "none", redirectUris: ["https://good.example/cb"] });
  const known = { ...client, id: "known", redirectUri: "https://good.example/cb" };
  let target = new URL("about:blank");
  const refused = await oneLineOf("request_refused", async () => {
    const url = authorizationUrl(server, known, { response_type: "token" });
    target = new URL((await fetch(url, { redirect: "manual" })).headers.get("location") ?? "");
  });
  assert.equal(
    target.searchParams.get("error_description"),
    `only response_type=code is supported (reference ${refused.request})`,
  );
  const denied = await oneLineOf("consent_denied", async () => {
    target = await authorize(server, client, { decision: "deny" });
  });
  assert.equal(
    target.searchParams.get("error_description"),
    `the person declined (reference ${denied.request})`,
  );
  server.upstream.decision = "cancel";
  const cancelled = await oneLineOf("sign_in_cancelled", async () => {
    const arrival = await new UserAgent().followBack(
      authorizationUrl(server, client),
      ({ port }) => port === "33418",
    );
    target = arrival.url;
  });
  server.upstream.decision = "continue";
  assert.match(
    target.searchParams.get("error_description") ?? "",
    new RegExp(`went back without signing in \\(reference ${cancelled.request}\\)$`),
  );
});

test("a callback in the wrong browser is found by the reference of the attempt it belongs to", async () => {
  const started = new UserAgent();
  const begun = await started.request(authorizationUrl(server, client));
  const { url } = await started.follow(
    begun.headers.get("location") ?? "",
    ({ pathname }) => pathname === "/callback",
  );
  const refused = await oneLineOf("request_refused", () => new UserAgent().request(url.href));
  assert.equal(refused.attempt, begun.headers.get("x-request-id"));
  assert.notEqual(refused.request, refused.attempt, "the other browser reads a reference of its own");
  const state = url.searchParams.get("state") ?? "";
  assert.ok(state !== "" && !JSON.stringify(refused).includes(state));
});

test("while the identity provider is down the log holds one stack, and a line for each request", async (t) => {
  const cutOff = await startTestGatehouse({ UPSTREAM_ISSUER: `http://localhost:${await freePort()}` });
  t.after(() => cutOff.stop());
  await cutOff.addResource(resource);
  const its = await aPublicClient(cutOff);
  const url = authorizationUrl(cutOff, its);
  for (let i = 0; i < 3; i++) await fetch(url, { redirect: "manual" });
  cutOff.clock.advance(31);
  for (let i = 0; i < 3; i++) await fetch(url, { redirect: "manual" });
  const lines = cutOff.log
    .map((text) => JSON.parse(text) as Line)
    .filter(({ event }) => event === "sign_in_failed");
  assert.equal(lines.length, 6);
  assert.equal(lines.filter(hasStack).length, 1);
  assert.ok(lines.every(({ detail }) => /openid-configuration failed: ECONNREFUSED/.test(String(detail))));
});

test("while the store is down the log holds one stack, and a line for each request", async (t) => {
  const down = t.mock.method(server.store, "findClient", async () => {
    throw new StoreUnavailableError("the database cannot answer", { cause: new Error("ECONNREFUSED") });
  });
  const failures = await linesOf("failure", async () => {
    for (let i = 0; i < 5; i++) await fetch(authorizationUrl(server, client));
    await post(server, "/token", { grant_type: "refresh_token", client_id: "x", refresh_token: "x" });
  });
  down.mock.restore();
  assert.equal(failures.length, 6);
  assert.equal(failures.filter(hasStack).length, 1);
  for (const line of failures) {
    assert.equal(line.error, "temporarily_unavailable");
    assert.match(JSON.stringify(line.err), /StoreUnavailableError.*ECONNREFUSED/, "each says what it was");
  }
});
