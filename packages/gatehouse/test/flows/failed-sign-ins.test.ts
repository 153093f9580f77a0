import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyClient } from "../support/legacy-client.ts";
import { aPublicClient, authorizationUrl, resource, type TestClient } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/* A sign-in that fails is told to the person first, and one click takes it to the app. */

let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse({ ALLOWED_DOMAINS: "example.com", BRAND_SUPPORT: "help@example.com" });
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

const atClient = ({ port }: URL) => port === "33418";
const alice = { sub: "alice", email: "alice@example.com", email_verified: true };

function isWhole(html: string): void {
  const heading = /<h1>([^<]*)<\/h1>/.exec(html)?.[1] ?? "";
  assert.match(heading, /^[A-Z]/, "no page begins with a status number");
  assert.match(html, /<h1>[^<]*<\/h1>\n<p>[^<]+/, "what it means");
  assert.match(html, /Whom to ask<\/dt><dd><a href="mailto:help@example\.com"/);
  assert.match(html, /<code>[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}<\/code>/, "the reference");
  const ways = [...html.matchAll(/<a class="continue"|value="leave">/g)];
  assert.equal(ways.length, 1, "one click takes it to the app");
}

function isErrorOf(url: URL, error: string): void {
  assert.ok(url.href.startsWith(`${client.redirectUri}?error=${error}&`), url.href);
  assert.equal(url.searchParams.get("state"), "the-clients-state");
  assert.equal(url.searchParams.get("iss"), server.issuer);
  assert.equal(url.searchParams.get("code"), null);
}

test("Z05 a sign-in that fails or is refused is a page first, with whom to ask, the reference and one way to the app", async (t) => {
  t.after(() => {
    Object.assign(server.upstream, { account: alice, decision: "continue", down: false });
  });
  for (const [what, error, status, words] of [
    [{ decision: "cancel" }, "access_denied", 403, /You cancelled at .*Nothing was given to the app/],
    [
      { account: { ...alice, email: "ada@gmail.com" } },
      "access_denied",
      403,
      /You signed in as ada@gmail\.com; only people of example\.com may/,
    ],
    [
      { account: { ...alice, email_verified: false } },
      "access_denied",
      403,
      /has not confirmed alice@example\.com\. Confirm it there/,
    ],
  ] as const) {
    Object.assign(server.upstream, { account: alice, decision: "continue" }, what);
    const agent = new UserAgent();
    const page = await agent.follow(authorizationUrl(server, client), atClient);
    assert.equal(page.response.status, status);
    assert.match(page.html, words);
    isWhole(page.html);
    isErrorOf((await agent.submit(page, { decision: "leave" }, atClient)).url, error);
  }
  Object.assign(server.upstream, { account: alice, decision: "continue" });
  const agent = new UserAgent();
  const callback = await agent.follow(
    authorizationUrl(server, client),
    (url) => url.pathname === "/callback",
  );
  server.upstream.down = true;
  const page = await agent.follow(callback.url.href, atClient);
  assert.equal(page.response.status, 503);
  assert.match(page.html, /<h1>The sign-in service does not answer<\/h1>/);
  isWhole(page.html);
  const [, href = ""] = /<a class="continue" href="([^"]*)"/.exec(page.html) ?? [];
  isErrorOf(new URL(href.replaceAll("&amp;", "&")), "temporarily_unavailable");
});

test("errors of the request itself, and of one that shows nothing, go to the app at once", async () => {
  const agent = new UserAgent();
  isErrorOf(
    (await agent.follow(authorizationUrl(server, client, { scope: "a\u0022b" }), atClient)).url,
    "invalid_scope",
  );
  isErrorOf(
    (await agent.follow(authorizationUrl(server, client, { prompt: "none" }), atClient)).url,
    "login_required",
  );
});

test("LEGACY the original's clients are told at once, whatever failed", async (t) => {
  t.after(() => {
    Object.assign(server.upstream, { account: alice, decision: "continue" });
  });
  const legacy = await aLegacyClient(server);
  const query = new URLSearchParams({ client_id: legacy.id, state: "s", redirect_uri: legacy.redirectUri });
  for (const what of [{ decision: "cancel" }, { account: { ...alice, email: "ada@gmail.com" } }] as const) {
    Object.assign(server.upstream, { account: alice, decision: "continue" }, what);
    const atLegacy = ({ href }: URL) => href.startsWith(legacy.redirectUri);
    const { url } = await new UserAgent().follow(`${server.url}/?${query}`, atLegacy);
    assert.equal(url.searchParams.get("error"), "access_denied");
    assert.match(url.searchParams.get("error_description") ?? "", /\(reference [0-9A-Z-]{14}\)$/);
    assert.equal(url.searchParams.get("state"), "s");
  }
});
