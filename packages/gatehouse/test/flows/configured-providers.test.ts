import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { anAccount, type Github, startGithub } from "../support/github.ts";
import { aLegacyClient } from "../support/legacy-client.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  redeem,
  refresh,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/* A server as gatehouse.yaml configures it: the provider of the variables, and GitHub beside it. */

let github: Github;
let server: TestGatehouse;
let client: TestClient;
let folder: string;

const file = (organizations: string) => `providers:
  - name: github
    kind: github
    title: Code
    host: ${github.origin}
    client_id: ${github.clientId}
    client_secret: { file: ${join(folder, "secret")} }
    organizations: [${organizations}]
    domains: "*"
    address: optional
    revalidate: 1h
`;

before(async () => {
  github = await startGithub();
  folder = await mkdtemp(join(tmpdir(), "gatehouse-providers-"));
  await writeFile(join(folder, "secret"), `${github.clientSecret}\n`, { mode: 0o600 });
  const path = join(folder, "gatehouse.yaml");
  await writeFile(path, file("acme"));
  server = await startTestGatehouse({ GATEHOUSE_CONFIG: path, ALLOWED_DOMAINS: "example.com" });
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(async () => {
  await server?.stop();
  await github?.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  github.account = anAccount({ memberships: { acme: "active" }, teams: ["acme/admins"] });
  github.granted = undefined;
});

const atClient = (url: URL) => url.port === "33418";

async function signInWith(provider: string, agent = new UserAgent()): Promise<Arrival> {
  return agent.follow(authorizationUrl(server, client, { provider }));
}

/** What a resource learns of whoever approves. */
async function usernameAfter(page: Arrival, agent: UserAgent): Promise<unknown> {
  const end = await agent.submit(page, { decision: "approve" }, atClient);
  const { body } = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  return (await introspect(server, String(body.access_token))).username;
}

/** Whether a sign-in through GitHub ends in a token, wherever the rules stop it. */
async function comesIn(): Promise<boolean> {
  const agent = new UserAgent();
  const page = await signInWith("github", agent);
  if (!page.html.includes('value="approve"')) return false;
  const end = await agent.submit(page, { decision: "approve" }, atClient);
  const code = end.url.searchParams.get("code");
  return code !== null && (await redeem(server, client, code)).status === 200;
}

test("people sign in with the provider of the variables at /callback, and with GitHub at a callback of its own", async () => {
  const chooser = await new UserAgent().follow(authorizationUrl(server, client));
  assert.match(chooser.html, /value="default"[\s\S]*value="github"[\s\S]*Code/);

  const agent = new UserAgent();
  const consent = await signInWith("github", agent);
  assert.match(consent.html, /name="decision" value="approve"/, consent.html);
  const callback = agent.visited.find(({ url }) => url.includes("/callback"));
  assert.ok(callback?.url.startsWith(`${server.issuer}/callback/github?`), consent.html);
  assert.equal(github.asked.get("redirect_uri"), `${server.issuer}/callback/github`);
  assert.equal(await usernameAfter(consent, agent), undefined, "that host verifies no address");

  const other = new UserAgent();
  const google = await signInWith("default", other);
  assert.ok(other.visited.some(({ url }) => url.startsWith(`${server.issuer}/callback?`)));
  assert.equal(await usernameAfter(google, other), "alice@example.com");
  assert.ok(server.log.every((line) => !line.includes(github.token) && !line.includes(github.clientSecret)));
});

test("whoever is in none of the organisations, or unticked them, reads why; the log says it to the operator", async () => {
  github.account = anAccount({ memberships: { "acme-corp": "active" } });
  const outsider = await signInWith("github");
  assert.match(outsider.html, /Only members of certain organisations may sign in here/);
  assert.ok(server.log.some((line) => /"sign_in_denied".*is no active member of acme/.test(line)));

  github.granted = "user:email";
  const unticked = await signInWith("github");
  assert.match(unticked.html, /was not allowed to tell this server which organisations you are in/);
  assert.ok(server.log.some((line) => /"sign_in_denied".*GitHub granted without read:org/.test(line)));
});

test("V19 whoever has no proven address is let in by groups where the provider says so, matches no rule about addresses, and not by clients that know people by them", async () => {
  // Typed into the profile, and there as the primary one that nobody verified.
  const emails = [{ email: "ada@example.com", primary: true, verified: false }];
  github.account = anAccount({ email: "ada@example.com", emails, memberships: { acme: "active" } });
  const rules = (...allowed: readonly string[]) =>
    `${file("acme")}access:\n  sign_in:\n${allowed.map((each) => `    - ${each}\n`).join("")}`;
  for (const rule of ["{ domain: [example.com] }", "{ address: [ada@example.com] }"]) {
    await server.reload(rules(`allow: ${rule}`));
    assert.equal(await comesIn(), false, rule);
    await server.reload(rules("allow: { group: [acme] }", `deny: ${rule}`));
    assert.equal(await comesIn(), true, `a deny of ${rule} is about others`);
  }
  await server.reload(rules("allow: { group: [acme] }"));
  const agent = new UserAgent();
  const consent = await signInWith("github", agent);
  assert.doesNotMatch(consent.html, /ada@example\.com/);
  assert.equal(await usernameAfter(consent, agent), undefined);

  const legacy = await aLegacyClient(server);
  const query = new URLSearchParams({
    client_id: legacy.id,
    state: "s",
    redirect_uri: legacy.redirectUri,
    provider: "github",
  });
  const { url } = await new UserAgent().follow(`${server.url}/?${query}`, ({ href }) =>
    href.startsWith(legacy.redirectUri),
  );
  assert.equal(url.searchParams.get("error"), "access_denied");
  assert.match(url.searchParams.get("error_description") ?? "", /no e-mail address/);
  await server.reload(file("acme"));
});

test("a membership lost at GitHub ends access at the next check, without a browser, and an outage there does not", async () => {
  const agent = new UserAgent();
  const page = await signInWith("github", agent);
  const end = await agent.submit(page, { decision: "approve" }, atClient);
  const { body } = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  let token = String(body.refresh_token);
  const refreshed = async () => {
    const answer = await refresh(server, client, token);
    if (answer.status === 200) token = String(answer.body.refresh_token);
    return answer;
  };
  const asked = () => github.requests.filter((request) => request === "GET /api/v3/user").length;
  const before = asked();
  server.clock.advance(1800);
  assert.equal((await refreshed()).status, 200);
  assert.equal(asked(), before, "seen not long ago");
  server.clock.advance(2000);
  assert.equal((await refreshed()).status, 200);
  assert.equal(asked(), before + 1, "looked at again, with the API token");

  server.clock.advance(3700);
  github.answers.set("/api/v3/user", (_, response) => response.writeHead(502).end());
  assert.equal((await refreshed()).status, 200, "within the grace");
  github.answers.clear();
  github.account.memberships = {};
  server.clock.advance(3700);
  assert.equal((await refreshed()).body.error, "invalid_grant");
});

test("after a reload other organisations hold, with the same callback; a file that is wrong changes nothing", async () => {
  await server.reload(file("partners"));
  assert.match((await signInWith("github")).html, /Only members of certain organisations/);
  await assert.rejects(server.reload(file("")), /organizations/);
  github.account.memberships = { partners: "active" };
  assert.match((await signInWith("github")).html, /name="decision" value="approve"/);
  await server.reload(file("acme"));
});
