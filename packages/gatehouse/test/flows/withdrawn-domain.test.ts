import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { subjectOf } from "../../src/oauth/subject.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  isActive,
  redeem,
  refresh,
  resource,
  tokensOf,
} from "../support/oauth-client.ts";
import { startUpstream } from "../support/upstream.ts";
import { UserAgent } from "../support/user-agent.ts";

test("V22 a reload that gives a domain to another provider takes their addresses there from people of the former one", async (t) => {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const upstreams = {
    one: await startUpstream({ redirectUris: [`${issuer}/callback/one`] }),
    two: await startUpstream({ redirectUris: [`${issuer}/callback/two`] }),
  };
  type Name = keyof typeof upstreams;
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-domains-"));
  const provider = (name: string, { issuer, clientId }: (typeof upstreams)[Name], domains: string) => `
  - name: ${name}
    kind: openid
    title: Sign in with ${name}
    issuer: ${issuer}
    client_id: ${clientId}
    client_secret: { file: ${join(folder, "secret")} }
    domains: [${domains}]`;
  const file = (one: string, two: string) =>
    `providers:${provider("one", upstreams.one, one)}${provider("two", upstreams.two, two)}\n`;
  await writeFile(join(folder, "secret"), upstreams.one.clientSecret, { mode: 0o600 });
  const path = join(folder, "gatehouse.yaml");
  await writeFile(path, file("example.com, kept.example", "elsewhere.example"));
  const server = await startTestGatehouse({
    ...{ PORT: String(port), BASE_URL: issuer, GATEHOUSE_CONFIG: path },
    ...{ OAUTH2_CLIENT_ID: "", OAUTH2_CLIENT_SECRET: "", UPSTREAM_ISSUER: "" },
  });
  t.after(async () => {
    await server.stop();
    await Promise.all(Object.values(upstreams).map((upstream) => upstream.close()));
    await rm(folder, { recursive: true });
  });
  const at = { ...server, url: issuer };
  await server.addResource(resource);
  const client = await aPublicClient(at);
  const atClient = (url: URL) => url.port === "33418";
  const signIn = async (name: Name, sub: string, email: string) => {
    upstreams[name].account = { sub, email, email_verified: true };
    const agent = new UserAgent();
    return { agent, page: await agent.follow(authorizationUrl(at, client, { provider: name })) };
  };
  const connect = async (name: Name, sub: string, email: string) => {
    const { agent, page } = await signIn(name, sub, email);
    const end = await agent.submit(page, { decision: "approve" }, atClient);
    return { agent, tokens: tokensOf(await redeem(at, client, end.url.searchParams.get("code") ?? "")) };
  };
  const ada = await connect("one", "ada", "ada@Example.com");
  const bob = await connect("one", "bob", "bob@kept.example");
  const eve = await connect("two", "eve", "eve@elsewhere.example");

  await server.reload(file("kept.example", "elsewhere.example, example.com"));
  await t.waitFor(async () => assert.ok(!(await isActive(at, ada.tokens.access_token))));
  const refused = await refresh(at, client, ada.tokens.refresh_token);
  assert.equal(refused.body.error, "invalid_grant");
  assert.match((await ada.agent.follow(`${issuer}/`)).html, /not signed in/);
  const subject = subjectOf({ issuer: upstreams.one.issuer, subject: "ada" });
  assert.equal((await server.store.findAccount(subject))?.email, "");
  for (const { agent, tokens } of [bob, eve]) {
    assert.ok(await isActive(at, tokens.access_token));
    assert.equal((await refresh(at, client, tokens.refresh_token)).status, 200);
    assert.doesNotMatch((await agent.follow(`${issuer}/`)).html, /not signed in/);
  }
  // The address is free for whoever the other provider vouches for, who is somebody else.
  const newcomer = await connect("two", "ada", "ada@example.com");
  assert.ok(await isActive(at, newcomer.tokens.access_token));
  const [holder, ...others] = await server.store.findAccounts("ada@example.com");
  assert.equal(others.length, 0);
  assert.equal(holder?.issuer, upstreams.two.issuer);
  assert.equal((await signIn("one", "ada", "ada@example.com")).page.response.status, 403);

  // A provider that is only called otherwise keeps its people, and those of others go on being looked at.
  const renamed = file("kept.example, elsewhere.example", "example.com").replace(
    "name: one",
    "name: renamed",
  );
  await server.reload(renamed);
  await t.waitFor(async () => assert.ok(!(await isActive(at, eve.tokens.access_token))));
  assert.ok(await isActive(at, bob.tokens.access_token));
  assert.ok(server.log.some((line) => /"warn".*lost their addresses/.test(line)));
});
