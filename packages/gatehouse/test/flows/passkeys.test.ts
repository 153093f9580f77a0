import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import { invitePerson } from "../../src/identity/passkey/invite.ts";
import { seconds } from "../../src/oauth/values.ts";
import { SoftwareAuthenticator } from "../support/authenticator.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  redeem,
  refresh,
  resource,
  tokensOf,
} from "../support/oauth-client.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/*
 * A server without any identity provider, over HTTP: from the link in the terminal to a client's token.
 */

const server = await startTestGatehouse({
  PASSKEYS: "on",
  OAUTH2_CLIENT_ID: "",
  OAUTH2_CLIENT_SECRET: "",
  ADMINS: "ada@example.com",
});
after(() => server.stop());
const credential = await server.addResource(resource);
const client = await aPublicClient(server);
const authenticator = new SoftwareAuthenticator(server.issuer);
const isCallback = (url: URL) => url.href.startsWith(client.redirectUri);
const optionsOf = ({ html }: Arrival) =>
  (/data-options="([^"]*)"/.exec(html)?.[1] ?? assert.fail(html)).replaceAll("&quot;", '"');

async function firstLink(): Promise<string> {
  while (server.announced.length === 0) await new Promise(setImmediate);
  return /http:\S+/.exec(server.announced[0] ?? "")?.[0] ?? assert.fail();
}

test("a team without a provider signs in with passkeys: a link in the terminal, a page, and an app is connected", async () => {
  const browser = new UserAgent();
  const invitation = await browser.follow(await firstLink());
  const registration = await browser.submit(invitation, {});
  const made = { email: "ada@example.com", answer: authenticator.make(optionsOf(registration)) };
  assert.match((await browser.submit(registration, made)).html, /Your passkey is ready/);

  const signIn = await browser.follow(authorizationUrl(server, client), isCallback);
  assert.equal(signIn.url.pathname, "/passkey/sign-in");
  const consent = await browser.submit(signIn, { answer: authenticator.sign(optionsOf(signIn)) }, isCallback);
  assert.match(consent.html, /ada@example\.com/);
  const { url } = await browser.submit(consent, { decision: "approve" }, isCallback);
  const { status, body } = await redeem(server, client, url.searchParams.get("code") ?? "");
  assert.equal(status, 200);
  const introspected = await introspect(server, String(body.access_token), credential);
  assert.deepEqual([introspected.active, introspected.username], [true, "ada@example.com"]);
  // The browser is signed in: the next app is only a question.
  const another = await browser.follow(authorizationUrl(server, await aPublicClient(server)), isCallback);
  assert.equal(another.url.pathname, "/consent");
});

test("a passkey signs in at the home page without an app, and shows the console that it is still them", async () => {
  const browser = new UserAgent();
  const signIn = await browser.follow(`${server.url}/sign-in/home`);
  assert.equal(signIn.url.pathname, "/passkey/sign-in", signIn.html);
  const home = await browser.submit(signIn, { answer: authenticator.sign(optionsOf(signIn)) });
  assert.deepEqual([home.url.pathname, home.response.status], ["/", 200]);
  assert.match(home.html, /ada@example\.com/);
  const console = await browser.follow(`${server.url}/console`);
  assert.match(console.html, /<h1>Overview<\/h1>/, "a passkey was shown just now");
  server.clock.advance(15 * 60 + 1);
  const again = await browser.follow(`${server.url}/console/people`);
  const [, href = ""] = /<a class="continue" href="([^"]+)" rel="noreferrer">/.exec(again.html) ?? [];
  const once = await browser.follow(href.replaceAll("&amp;", "&"));
  assert.equal(once.url.pathname, "/passkey/sign-in");
  const back = await browser.submit(once, { answer: authenticator.sign(optionsOf(once)) });
  assert.equal(back.url.pathname, "/console/people");
  assert.match(back.html, /ada@example\.com/);
  // What was begun in another browser is not gone on with here.
  const other = await new UserAgent().follow(once.url.href);
  assert.equal(other.response.status, 400);
});

test("whoever cancels in the app, or shows a passkey that is not theirs, is told and can go on", async () => {
  const browser = new UserAgent();
  const page = await browser.follow(authorizationUrl(server, client), isCallback);
  const refused = await browser.submit(page, {
    answer: authenticator.sign(optionsOf(page), { badSignature: true }),
  });
  assert.equal(refused.response.status, 400);
  assert.match(refused.html, /role="alert">This passkey was not accepted/);
  const consent = await browser.submit(
    refused,
    { answer: authenticator.sign(optionsOf(refused)) },
    isCallback,
  );
  assert.match(consent.html, /ada@example\.com/);
});

test("a group that the file gives or takes away holds from the next refresh on", async () => {
  const rules = (...admins: readonly string[]) => `people:
  - { address: ada@example.com, groups: [${admins.join(", ")}] }
access:
  sign_in: [{ allow: { group: [admins] } }]
`;
  await server.reload(rules("admins"));
  const browser = new UserAgent();
  const signIn = await browser.follow(authorizationUrl(server, client), isCallback);
  const consent = await browser.submit(signIn, { answer: authenticator.sign(optionsOf(signIn)) }, isCallback);
  const { url } = await browser.submit(consent, { decision: "approve" }, isCallback);
  const tokens = tokensOf(await redeem(server, client, url.searchParams.get("code") ?? ""));
  await server.reload(rules("staff"));
  const refused = await refresh(server, client, tokens.refresh_token);
  assert.deepEqual([refused.status, refused.body.error], [400, "invalid_grant"]);
  await server.reload(rules("admins"));
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
});

test("V70 the script is a file of our own origin on pages of passkeys alone, under the strict policy, and each way it can fail has a sentence", async () => {
  const browser = new UserAgent();
  const signIn = await browser.follow(authorizationUrl(server, client), isCallback);
  const entrance = await browser.follow(`${server.url}/passkeys`);
  for (const { html, response } of [signIn, entrance]) {
    const scripts = [...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    const [, script = assert.fail(html)] =
      /^<script type="module" src="(\/assets\/passkey-[\w-]{12}\.js)">$/.exec(scripts.join()) ?? [];
    assert.doesNotMatch(html, / on\w+=|javascript:/);
    const policy = response.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; .*script-src 'self'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(
      response.headers.get("permissions-policy"),
      "publickey-credentials-get=(self), publickey-credentials-create=(self)",
    );
    const file = await fetch(server.url + script);
    assert.equal(file.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.match(file.headers.get("cache-control") ?? "", /immutable/);
    assert.match(await file.text(), /navigator\.credentials\.get/);
    // Each stands in the page and waits; without a script one is shown at once, and the button is not.
    for (const told of ["unsupported", "late", "failed", "cancelled"]) {
      assert.match(html, new RegExp(`data-told="${told}" hidden>[^<]{20,}`), told);
    }
    assert.match(html, /data-told="late" hidden>[^<]+<a href="\/passkey[^"]*">Try again<\/a>/);
    assert.match(html, /<noscript><p class="problem">Passkeys need JavaScript/);
    assert.match(html, /<button class="approve" hidden>/);
  }
  // The form of a sign-in is followed by redirects that may end at the client.
  assert.doesNotMatch(signIn.response.headers.get("content-security-policy") ?? "", /form-action/);
  assert.match(entrance.response.headers.get("content-security-policy") ?? "", /form-action 'self'/);
  for (const path of ["/", "/consent", "/passkey/invitation?token=x"]) {
    const page = await fetch(server.url + path);
    assert.doesNotMatch(page.headers.get("content-security-policy") ?? "", /script-src/, path);
    assert.doesNotMatch(await page.text(), /<script/, path);
  }
});

test("beside another provider people choose, each address has one of them, and who was invited comes by passkey", async (t) => {
  const both = await startTestGatehouse({ PASSKEYS: "on", ALLOWED_DOMAINS: "corp.example" });
  t.after(() => both.stop());
  await both.addResource(resource);
  const app = await aPublicClient(both);
  const atApp = (url: URL) => url.href.startsWith(app.redirectUri);
  const { issuer, store, clock } = both;
  const inviting = { issuer, store, clock, random: { bytes: randomBytes } };
  const mayHold = (email: string) => !email.endsWith("@corp.example");
  const about = { groups: [], endsGrants: false, lifetime: seconds(3600) };
  const invited = await invitePerson({ ...inviting, mayHold }, { ...about, email: "eva@home.example" });
  assert.ok("link" in invited);
  const device = new SoftwareAuthenticator(both.issuer);
  const browser = new UserAgent();
  const registration = await browser.submit(await browser.follow(invited.link), {});
  const made = { answer: device.make(optionsOf(registration)) };
  assert.match((await browser.submit(registration, made)).html, /Your passkey is ready/);
  const chooser = await browser.follow(authorizationUrl(both, app), atApp);
  assert.match(chooser.html, /value="passkey"/);
  const signIn = await browser.submit(chooser, { provider: "passkey" }, atApp);
  assert.equal(signIn.url.pathname, "/passkey/sign-in");
  const consent = await browser.submit(signIn, { answer: device.sign(optionsOf(signIn)) }, atApp);
  assert.match(consent.html, /eva@home\.example/);
});

test("while passkeys are off there is no page of theirs", async (t) => {
  const plain = await startTestGatehouse();
  t.after(() => plain.stop());
  for (const path of ["/passkeys", "/passkey/sign-in", "/passkey/invitation", "/passkey/register"]) {
    assert.equal((await fetch(plain.url + path)).status, 404, path);
  }
});
