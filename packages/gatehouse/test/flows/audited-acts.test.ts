import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import type { Access } from "../../src/oauth/ports.ts";
import { allow } from "../access/people.ts";
import { runCommand } from "../commands/command-line.ts";
import { aDoor, aServerBehind } from "../gateway/support/door.ts";
import { aTestDatabase } from "../support/database.ts";
import type { TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  authorizationUrl,
  authorize,
  post,
  postBody,
  redeem,
  refresh,
  refreshed,
  tokensOf,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/* What the audit trail has of what people, apps and operators do. */

const day = 86_400;
const settings = { SECRET_KEY: "a secret key of the tests of at least 32 characters" };

const recordsOf = async ({ store }: TestGatehouse) =>
  (await store.findAudit({}, { order: "oldest", limit: 1000 })).records;

const formOf = (html: string, path: string) => {
  const form = new RegExp(`action="[^"]*${path}">\\s*<input type="hidden" name="csrf" value="([^"]+)"`);
  return form.exec(html)?.[1] ?? assert.fail(`no form for ${path}`);
};

const sameOrigin = (server: TestGatehouse) => ({
  origin: server.issuer,
  "sec-fetch-site": "same-origin",
});

test("Z15 the audit trail has exactly one event of each act of people, apps and operators, of refreshes one a day and grant with their number, and what is refused as well", async (t) => {
  const database = await aTestDatabase();
  t.after(database.remove);
  let access: Access | undefined;
  const behind = await aServerBehind(t);
  const env = { SQL_URL: database.url, ...settings, RATE_LIMITS: "on" };
  const door = await aDoor(t, behind.url, "", env, () => access);
  const { server, client, address } = door; // signed in, let in and redeemed once
  const parameters = { resource: address };
  const agent = new UserAgent();

  // Refreshes: two on the first day, two on the next, one of them of a grant that is then reused.
  const first = tokensOf(await redeem(server, client, await aCode(server, client, parameters)));
  const second = await refreshed(server, client, first.refresh_token);
  const third = await refreshed(server, client, second.refresh_token);
  assert.equal((await refresh(server, client, second.refresh_token)).status, 200); // replayed
  server.clock.advance(day);
  assert.equal((await refresh(server, client, second.refresh_token)).status, 200); // late
  assert.equal((await refresh(server, client, third.refresh_token)).status, 400); // reused: skipped
  const other = tokensOf(await redeem(server, client, await aCode(server, client, parameters)));
  const next = await refreshed(server, client, other.refresh_token);
  server.clock.advance(day);
  const after = await refreshed(server, client, next.refresh_token);
  await refreshed(server, client, after.refresh_token);

  // A code twice; consent denied; a sign-in that is refused.
  const code = await aCode(server, client, parameters);
  await redeem(server, client, code);
  assert.equal((await redeem(server, client, code)).status, 400);
  await authorize(server, client, { decision: "deny", parameters, agent });
  server.upstream.account = { sub: "eve", email: "eve@example.com", email_verified: false };
  await new UserAgent().follow(authorizationUrl(server, client, parameters));
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };

  // Registrations, and their changes.
  const sent = { client_name: "Mine", redirect_uris: ["https://mine.example/cb"] };
  const { body } = await postBody(server, "/register", JSON.stringify(sent), "application/json");
  const manage = (method: string, change?: object) =>
    fetch(String(body.registration_client_uri), {
      method,
      headers: {
        authorization: `Bearer ${body.registration_access_token}`,
        "content-type": "application/json",
      },
      ...(change && { body: JSON.stringify({ ...sent, ...change, client_id: body.client_id }) }),
    });
  assert.equal((await manage("PUT", { client_name: "Mine now" })).status, 200);
  assert.equal((await manage("DELETE")).status, 204);

  // A tool, and the rules.
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "look", arguments: {} } };
  const live = await door.token();
  assert.equal((await door.call({ token: live.access_token, body: JSON.stringify(call) })).status, 200);
  access = createAccess({ signIn: [allow({ address: ["nobody@example.com"] })], resources: new Map() }, [
    "default",
  ]);
  assert.equal((await refresh(server, client, live.refresh_token)).status, 400);
  const { response } = await agent.follow(authorizationUrl(server, client, parameters));
  assert.equal(response.status, 403);
  access = undefined;

  // An app is disconnected, everywhere signed out; of an operator; too many requests.
  const home = await agent.follow(`${server.url}/`);
  const csrf = formOf(home.html, "/apps");
  const [, grant = ""] = /name="grant" value="([^"]+)"/.exec(home.html) ?? [];
  const headers = sameOrigin(server);
  const fields = { csrf, act: "disconnect", grant };
  await agent.request(`${server.url}/apps`, { method: "POST", body: new URLSearchParams(fields), headers });
  const out = new URLSearchParams({ csrf: formOf(home.html, "/sign-out") });
  await agent.request(`${server.url}/sign-out`, { method: "POST", body: out, headers });
  const environment = { ...settings, SQL_URL: database.url };
  assert.equal((await runCommand(["clients", "remove", "nobody", "--yes"], environment)).code, 1);
  assert.equal((await runCommand(["people", "block", "alice@example.com", "--yes"], environment)).code, 0);
  assert.equal((await runCommand(["people", "unblock", "alice@example.com"], environment)).code, 0);
  const last = await door.token();
  while ((await post(server, "/consent", {})).status !== 429);
  for (let more = 0; more < 20; more++) await post(server, "/consent", {});

  // A revocation is answered when it is in the trail, and so is all before it.
  for (const _ of ["once", "twice"])
    await post(server, "/revoke", { client_id: client.id, token: last.refresh_token });

  const records = await recordsOf(server);
  const count = (name: string) => records.filter((record) => record.name === name).length;
  const once = [
    ...["refresh_replayed", "refresh_late", "refresh_reused", "code_replayed", "consent_denied"],
    ...["sign_in_denied", "client_updated", "client_removed", "tool_called", "access_lost", "access_refused"],
    ...["app_disconnected", "sign_out", "limit_reached", "token_revoked", "configuration_applied"],
    ...["command_refused", "person_blocked", "person_unblocked"],
  ];
  assert.deepEqual(
    once.map((name) => [name, count(name)]),
    once.map((name) => [name, 1]),
    records.map(({ name }) => name).join(" "),
  );
  // The door's own client registered as well; each code was redeemed by one who had been asked first.
  assert.equal(count("client_registered"), 2);
  assert.equal(count("code_redeemed"), 6);
  assert.equal(count("consent_approved"), count("code_redeemed"));
  assert.equal(count("consent_shown"), count("consent_approved") + count("consent_denied"));
  const refreshes = records.filter(({ name }) => name === "token_refreshed");
  assert.deepEqual(
    refreshes.map(({ facts }) => facts.count),
    [1, 1, 2],
  );
  const [first1, next1, next2] = refreshes.map(({ grant }) => grant);
  assert.ok(first1 !== next1 && next1 === next2, "two grants, one of them on two days");

  const of = (name: string) => records.find((record) => record.name === name) ?? assert.fail(name);
  const { subject } = of("sign_in");
  assert.deepEqual(of("consent_approved").actor, { kind: "person", id: subject });
  assert.deepEqual(of("token_revoked").actor, { kind: "client", id: client.id });
  for (const name of ["sign_in", "consent_denied", "code_redeemed", "token_revoked", "app_disconnected"]) {
    const { address, userAgent, client: app, reference } = of(name);
    assert.equal(address, "127.0.0.1", name);
    assert.ok(userAgent && reference, name);
    assert.equal(app, client.id, name);
  }
});

test("Z-n14 whoever disconnects all with a stolen cookie leaves a record of each app with their own address and browser, and with the session of somebody who is blocked nothing can be done", async (t) => {
  const database = await aTestDatabase();
  t.after(database.remove);
  const env = { SQL_URL: database.url, ...settings, TRUSTED_PROXIES: "loopback" };
  const behind = await aServerBehind(t);
  const door = await aDoor(t, behind.url, "", env);
  const { server, client, address } = door;
  const owner = new UserAgent();
  for (const _ of ["one", "other"])
    await redeem(
      server,
      client,
      (
        await authorize(server, client, {
          agent: owner,
          parameters: { resource: address, prompt: "consent" },
        })
      ).searchParams.get("code") ?? "",
    );
  const { html } = await owner.follow(`${server.url}/`);
  const csrf = formOf(html, "/apps");
  const cookie = [...owner.cookiesOf(server.url)].map(([name, value]) => `${name}=${value}`).join("; ");
  const thief = (act: string) =>
    fetch(`${server.url}/apps`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ csrf, act, confirmed: "yes" }),
      headers: {
        ...sameOrigin(server),
        cookie,
        "x-forwarded-for": "203.0.113.66",
        "user-agent": "the thief's browser",
      },
    });
  assert.equal((await thief("disconnect_all")).status, 303);
  const ended = (await recordsOf(server)).filter(({ name }) => name === "app_disconnected");
  assert.equal(ended.length, 3, "the door's own grant, and two");
  for (const { address: from, userAgent, actor, outcome } of ended) {
    assert.deepEqual([from, userAgent, outcome], ["203.0.113.66", "the thief's browser", "success"]);
    assert.equal(actor.kind, "person");
  }
  const environment = { ...settings, SQL_URL: database.url };
  assert.equal((await runCommand(["people", "block", "alice@example.com", "--yes"], environment)).code, 0);
  const before = (await recordsOf(server)).length;
  const answer = await thief("sign_out_everywhere");
  assert.equal(answer.headers.get("location"), `${server.issuer}/`, "as of anybody who is not signed in");
  assert.equal((await recordsOf(server)).filter(({ name }) => name === "sign_out").length, 0);
  assert.ok((await recordsOf(server)).length >= before);
  assert.doesNotMatch((await owner.follow(`${server.url}/`)).html, /alice@example\.com/);
});
