import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client } from "pg";
import { createAccess } from "../../src/access/access.ts";
import type { Rule } from "../../src/access/rules.ts";
import type { Access } from "../../src/oauth/ports.ts";
import { allow } from "../access/people.ts";
import { runCommand } from "../commands/command-line.ts";
import { aFolder } from "../config/config-file.ts";
import { oldStates } from "../storage/postgres-old-states.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  introspect,
  isActive,
  pkce,
  post,
  read,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { OldService } from "../support/old-service.ts";
import { createDatabase, type Postgres, startPostgres } from "../support/postgres.ts";

/*
 * MCP clients that are signed in to the service before us on the day of the switch: their refresh tokens are
 * good here, once.
 */

let postgres: Postgres;
let ours: TestGatehouse;
/** The rules in force. */
let access: Access | undefined;
let theirs: OldService;
let sql: Client;
let credential: string;
let url: string;
/** Registered with the service before us. */
const mcp: TestClient = { id: "public", redirectUri: "https://a.example/cb", ...pkce() };

before(async () => {
  postgres = await startPostgres();
  url = await createDatabase(postgres.url);
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const step of oldStates.at(-1)?.steps ?? []) await client.query(step);
  await client.end();
  ours = await startTestGatehouse({ SQL_URL: url }, "serve", () => access);
  credential = await ours.addResource(resource, { read: "Read", write: "Write" });
  theirs = new OldService(url);
  sql = await theirs.connect();
});
after(async () => {
  await theirs?.close();
  await ours?.stop();
  await postgres?.stop();
});

const exchange = (token: string, form: Record<string, string> = { resource }) =>
  refresh(ours, mcp, token, form);
const rows = async (token: string) => (await theirs.refresh(mcp.id, token)) !== undefined;

test("LEGACY a client that is signed in to the old service stays signed in here, with the resource and scope it asks for", async () => {
  const token = await theirs.mintRefreshToken(mcp.id, "dora@example.com");
  const answer = await exchange(token, { resource, scope: "read" });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.body.token_type, "Bearer");
  assert.equal(answer.body.expires_in, 3600);
  assert.equal(answer.body.scope, "read");
  assert.match(String(answer.body.refresh_token), /^gatehouse_rt_/);
  const access = String(answer.body.access_token);
  const asServer = await introspect(ours, access, credential);
  assert.equal(asServer.username, "dora@example.com");
  assert.match(String(asServer.sub), /^user_/);
  assert.equal(asServer.aud, resource);
  assert.equal((await introspect(ours, access)).sub, "dora@example.com", "as the old service says it");
  assert.equal(await theirs.introspect(access), "dora@example.com", "for other services too");
  assert.equal(await rows(token), false, "it is used up there as well");
  const next = await refresh(ours, mcp, String(answer.body.refresh_token));
  assert.equal(next.status, 200, next.text);
  assert.ok(ours.log.some((line) => line.includes('"refresh_exchanged"')));
  assert.ok(!ours.log.some((line) => line.includes(token)));
});

test("LEGACY rules of access hold for who comes by an old token: it stays good there, or is exchanged for what they leave", async (t) => {
  t.after(() => {
    access = undefined;
  });
  const rules = (...list: Rule[]) => {
    access = createAccess({ signIn: undefined, resources: new Map([[resource, list]]) }, ["default"]);
  };
  const token = await theirs.mintRefreshToken(mcp.id, "gina@example.com");
  for (const rule of [
    allow({ domain: ["other.example"] }),
    allow({ group: [{ provider: "default", name: "admins" }] }),
  ]) {
    rules(rule);
    assert.equal((await exchange(token)).body.error, "invalid_grant");
    assert.equal(await rows(token), true, "nothing was used up");
  }
  rules(allow({ domain: ["example.com"] }, ["read"]));
  const { status, body } = await exchange(token);
  assert.deepEqual([status, body.scope], [200, "read"]);
  rules(allow({ domain: ["other.example"] }));
  const suspended = await refresh(ours, mcp, String(body.refresh_token));
  assert.equal(suspended.body.error, "invalid_grant");
  access = undefined;
  assert.equal((await refresh(ours, mcp, String(body.refresh_token))).body.scope, "read");
});

test("LEGACY the default resource and all of its scopes are for a client that names none", async () => {
  const { status, body } = await exchange(await theirs.mintRefreshToken(mcp.id, "dora@example.com"), {});
  assert.equal(status, 200);
  assert.equal((await introspect(ours, String(body.access_token), credential)).aud, resource);
  assert.equal(body.scope, "read write");
});

test("LEGACY a lost answer is given again, fifty at once get one grant, and a late copy of the token gets nobody signed out", async () => {
  const token = await theirs.mintRefreshToken(mcp.id, "erin@example.com");
  const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(token)));
  for (const { status, text } of answers) assert.equal(status, 200, text);
  const live = new Set(answers.map(({ body }) => body.refresh_token));
  assert.equal(live.size, 1);
  const again = await exchange(token);
  assert.equal(again.body.refresh_token, [...live][0]);
  ours.clock.advance(3600);
  const late = await exchange(token);
  assert.equal(late.status, 200, "its answer never came");
  assert.equal((await refresh(ours, mcp, String(late.body.refresh_token))).status, 200);
  // Two hold it: the token that was skipped shows up.
  assert.equal((await refresh(ours, mcp, String([...live][0]))).body.error, "invalid_grant");
  assert.equal((await refresh(ours, mcp, String(late.body.refresh_token))).body.error, "invalid_grant");
});

test("LEGACY the person who signed in here with the address has the grant, and none of several who did", async () => {
  const client = await aPublicClient(ours);
  const { access_token } = await tokensFor(ours, client);
  const { sub } = await introspect(ours, access_token, credential);
  const exchanged = async (email: string) => {
    const { body } = await exchange(await theirs.mintRefreshToken(mcp.id, email));
    return (await introspect(ours, String(body.access_token), credential)).sub;
  };
  assert.equal(await exchanged("Alice@Example.com"), sub);
  const [first, second] = [await exchanged("frank@example.com"), await exchanged("FRANK@example.com")];
  assert.equal(first, second, "one person, however often");
  await sql.query(
    `insert into gatehouse_accounts (subject, issuer, upstream_subject, email, created_at, signed_in_at)
     values ('user_other', 'https://other.example', '1', 'alice@example.com', now(), now())`,
  );
  const neither = await exchanged("alice@example.com");
  await sql.query("delete from gatehouse_accounts where subject = 'user_other'");
  assert.ok(neither !== sub && neither !== "user_other");
});

test("LEGACY what is not this client's live token is refused, and left as it is", async () => {
  const token = await theirs.mintRefreshToken(mcp.id, "dora@example.com");
  const stranger = await aPublicClient(ours);
  const web = {
    client_id: "web",
    client_secret: "s3cret",
    grant_type: "refresh_token",
    refresh_token: token,
  };
  for (const [answer, error] of [
    [await refresh(ours, stranger, token, { resource }), "invalid_grant"],
    [await post(ours, "/token", { ...web, resource }), "invalid_grant"],
    [await exchange(token, { resource: "https://unknown.example/mcp" }), "invalid_target"],
    [await exchange(token, { resource, scope: "admin" }), "invalid_scope"],
    [await exchange(`${token}x`), "invalid_grant"],
    [await exchange(await theirs.mintRefreshToken(mcp.id, "dora@example.com", "-1 day")), "invalid_grant"],
  ] as const) {
    assert.equal(answer.status, 400, `${error} ${answer.text}`);
    assert.equal(answer.body.error, error, answer.text);
  }
  assert.equal(await rows(token), true);
  assert.equal((await exchange(token)).status, 200);
  // Exchanged or not, it is one client's.
  assert.equal((await refresh(ours, stranger, token)).body.error, "invalid_grant");
});

test("LEGACY who may not sign in here does not come in by an old token either", async (t) => {
  const strict = await startTestGatehouse({ SQL_URL: url, ALLOWED_DOMAINS: "example.org" });
  t.after(() => strict.stop());
  const [out, inside] = [
    await theirs.mintRefreshToken(mcp.id, "dora@example.com"),
    await theirs.mintRefreshToken(mcp.id, "dora@EXAMPLE.org"),
  ];
  assert.equal((await refresh(strict, mcp, out, { resource })).body.error, "invalid_grant");
  assert.equal(await rows(out), true);
  assert.equal((await refresh(strict, mcp, inside, { resource })).status, 200);

  // The same where the file says it in place of the variables.
  const credentials = "client_id: id, client_secret: secret";
  const yaml = `providers:
  - { name: work, kind: openid, issuer: "http://127.0.0.1:1", ${credentials}, domains: [example.org] }
  - { name: github, kind: github, ${credentials}, domains: [example.net] }
`;
  const several = await startTestGatehouse({
    SQL_URL: url,
    OAUTH2_CLIENT_ID: "",
    OAUTH2_CLIENT_SECRET: "",
    GATEHOUSE_CONFIG: join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml"),
  });
  t.after(() => several.stop());
  for (const [address, status] of [
    ["erin@example.com", 400],
    ["erin@example.org", 200],
    ["erin@example.NET", 200],
  ] as const) {
    const token = await theirs.mintRefreshToken(mcp.id, address);
    assert.equal((await refresh(several, mcp, token, { resource })).status, status, address);
  }
});

test("LEGACY its holder ends a token of the old service, exchanged or not, by JSON; its client by a form", async () => {
  const headers = { "content-type": "application/json" };
  const end = async (token: string) =>
    read(await fetch(`${ours.url}/revoke`, { method: "POST", headers, body: JSON.stringify({ token }) }));
  const untouched = await theirs.mintRefreshToken(mcp.id, "dora@example.com");
  assert.equal((await end(untouched)).text, '{"ok":true,"result":{}}');
  assert.equal(await rows(untouched), false);

  const used = await theirs.mintRefreshToken(mcp.id, "dora@example.com");
  const { body } = await exchange(used);
  await end(used);
  assert.equal(await isActive(ours, String(body.access_token)), false);
  assert.equal((await refresh(ours, mcp, String(body.refresh_token))).body.error, "invalid_grant");

  const live = await theirs.mintRefreshToken(mcp.id, "dora@example.com");
  const stranger = await aPublicClient(ours);
  assert.equal((await post(ours, "/revoke", { client_id: stranger.id, token: live })).status, 200);
  assert.equal(await rows(live), true);
  assert.equal((await post(ours, "/revoke", { client_id: mcp.id, token: live })).status, 200);
  assert.equal(await rows(live), false);
});

test("LEGACY removing a person ends the old service's refresh tokens too, and those who never signed in here", async () => {
  const [token, exchanged] = [
    await theirs.mintRefreshToken(mcp.id, "Ida@example.com"),
    await theirs.mintRefreshToken(mcp.id, "ida@example.com"),
  ];
  const { body } = await exchange(exchanged);
  const remove = (...more: string[]) =>
    runCommand(["people", "remove", "ida@example.com", "--yes", ...more], { SQL_URL: url });
  const removed = await remove();
  assert.equal(removed.code, 0, removed.err);
  assert.match(
    removed.err,
    /^Removed ida@example\.com\. Ended[\s\S]*\nEnded 1 refresh token of the service before Gatehouse\.$/m,
  );
  assert.equal((await exchange(token)).body.error, "invalid_grant");
  assert.equal(await isActive(ours, String(body.access_token)), false);
  await theirs.mintRefreshToken(mcp.id, "ida@example.com");
  assert.deepEqual(JSON.parse((await remove("--json")).out), {
    removed: [],
    ended: [],
    original_refresh_tokens: 1,
  });
  assert.equal((await remove()).code, 1);
});
