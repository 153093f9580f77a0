import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import type { Rule } from "../../src/access/rules.ts";
import type { Access } from "../../src/oauth/ports.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { allow, deny } from "../access/people.ts";
import { eventsOf } from "../support/audit-events.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  introspect,
  redeem,
  refresh,
  refreshed,
  resource,
  type TestClient,
  tokensFor,
  tokensOf,
} from "../support/oauth-client.ts";

/* What the token endpoint makes of rules that change behind codes and grants. */

let server: TestGatehouse;
let client: TestClient;
let access: Access | undefined;

const everyone = allow({ everyone: true });
const nobody = allow({ domain: ["nowhere.example"] });
const onlyRead = allow({ everyone: true }, ["notes:read"]);

/** Puts rules for the resource in force. */
function rules(...list: Rule[]): void {
  access = createAccess({ signIn: undefined, resources: new Map([[canonicalResource(resource), list]]) }, [
    "default",
  ]);
}

before(async () => {
  server = await startTestGatehouse({}, "serve", () => access);
  await server.addResource(resource, { "notes:read": "Read notes", "notes:write": "Write notes" });
  client = await aPublicClient(server);
});
beforeEach(() => {
  access = undefined;
});
after(() => server.stop());

test("V44 a grant without access is suspended: no alarm, its refresh token stays, and is good again with the rules", async () => {
  rules(everyone);
  const tokens = await tokensFor(server, client);
  rules(nobody);
  for (const _ of [1, 2, 3]) {
    const refused = await refresh(server, client, tokens.refresh_token);
    assert.equal(refused.status, 400);
    assert.equal(refused.body.error, "invalid_grant");
    assert.doesNotMatch(refused.text, /nowhere|rule/);
    server.clock.advance(600);
  }
  const [event, ...more] = eventsOf(server, "access_lost");
  assert.equal(more.length, 2);
  assert.equal(event?.reason, "not_allowed");
  assert.equal(event?.resource, resource);
  assert.deepEqual(eventsOf(server, "refresh_reused"), []);
  rules(everyone);
  const again = await refreshed(server, client, tokens.refresh_token);
  assert.equal(again.scope, "notes:read notes:write");
  access = undefined;
  await refreshed(server, client, again.refresh_token);
});

test("what rules take from a scope is missing in the next answer, and a client that still names it is not refused", async () => {
  const tokens = await tokensFor(server, client, { scope: "notes:read notes:write" });
  rules(everyone, deny({ everyone: true }, ["notes:write"]));
  const narrowed = await refreshed(server, client, tokens.refresh_token);
  assert.equal(narrowed.scope, "notes:read");
  assert.equal((await introspect(server, narrowed.access_token)).scope, "notes:read");
  const repeated = await refresh(server, client, narrowed.refresh_token, { scope: "notes:read notes:write" });
  assert.equal(tokensOf(repeated).scope, "notes:read");
  const refused = await refresh(server, client, tokensOf(repeated).refresh_token, { scope: "notes:write" });
  assert.equal(refused.body.error, "invalid_scope");
  const beyond = await refresh(server, client, tokensOf(repeated).refresh_token, {
    scope: "notes:read notes:delete",
  });
  assert.equal(beyond.body.error, "invalid_scope");
  await refreshed(server, client, tokensOf(repeated).refresh_token);
});

test("V-n22 rules narrowed at one refresh and widened again leave the grant narrow until a new consent", async () => {
  const tokens = await tokensFor(server, client);
  rules(onlyRead);
  const narrowed = await refreshed(server, client, tokens.refresh_token);
  assert.equal(narrowed.scope, "notes:read");
  rules(everyone);
  const widened = await refreshed(server, client, narrowed.refresh_token);
  assert.equal(widened.scope, "notes:read");
  access = undefined;
  const without = await refreshed(server, client, widened.refresh_token);
  assert.equal(without.scope, "notes:read");
  assert.equal((await tokensFor(server, client)).scope, "notes:read notes:write");
});

test("a replayed refresh narrows the grant as well", async () => {
  const tokens = await tokensFor(server, client);
  const live = await refreshed(server, client, tokens.refresh_token);
  rules(onlyRead);
  const replayed = await refreshed(server, client, tokens.refresh_token);
  assert.equal(replayed.scope, "notes:read");
  access = undefined;
  assert.equal((await refreshed(server, client, live.refresh_token)).scope, "notes:read");
});

test("a code redeemed after the rules changed gives what they leave, and nothing where they leave nothing", async () => {
  const code = await aCode(server, client);
  rules(nobody);
  const refused = await redeem(server, client, code);
  assert.equal(refused.status, 400);
  assert.equal(refused.body.error, "invalid_grant");
  rules(onlyRead);
  const tokens = tokensOf(await redeem(server, client, code));
  assert.equal(tokens.scope, "notes:read");
  access = undefined;
  assert.equal((await refreshed(server, client, tokens.refresh_token)).scope, "notes:read");
});

test("a replayed code ends what came of it, whatever the rules say by then", async () => {
  const code = await aCode(server, client);
  const tokens = tokensOf(await redeem(server, client, code));
  rules(nobody);
  assert.equal((await redeem(server, client, code)).body.error, "invalid_grant");
  access = undefined;
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
});

test("a stolen refresh token says nothing of the rules, and of somebody without access no theft is reported", async () => {
  const tokens = await tokensFor(server, client);
  const second = await refreshed(server, client, tokens.refresh_token);
  await refreshed(server, client, second.refresh_token);
  server.clock.advance(3600);
  rules(nobody);
  assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  const other = await aPublicClient(server);
  const foreign = await refresh(server, other, second.refresh_token);
  assert.match(foreign.text, /unknown, expired or revoked/);
});
