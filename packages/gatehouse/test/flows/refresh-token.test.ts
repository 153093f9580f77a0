import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Subject } from "../../src/oauth/values.ts";
import { eventsOf } from "../support/audit-events.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  introspect,
  isActive,
  post,
  redeem,
  refresh,
  refreshed,
  resource,
  type TestClient,
  tokensFor,
  tokensOf,
} from "../support/oauth-client.ts";
import { aCodeUnasked, aConfidentialClient } from "../support/provisioned-clients.ts";
import { isRefused } from "../support/refusals.ts";

let server: TestGatehouse;
let client: TestClient;
/** The operator's confidential client that refreshes. */
let own: TestClient;
let credential: string;

before(async () => {
  server = await startTestGatehouse();
  credential = await server.addResource(resource, { "notes:read": "Read", "notes:write": "Write" });
  await server.addResource("https://other.example.com/mcp");
  client = await aPublicClient(server);
  own = await aConfidentialClient(server);
});
after(() => server?.stop());

const ownTokens = async () => tokensOf(await redeem(server, own, await aCodeUnasked(server, own)));
const next = (token: string) => refreshed(server, client, token);

test("G01 a refresh token must be there, known and alive", async () => {
  await isRefused(refresh(server, client, ""), "invalid_request");
  for (const token of ["x", "gatehouse_rt_", `gatehouse_rt_${"A".repeat(70)}`, "a".repeat(3000)]) {
    await isRefused(refresh(server, client, token));
  }
  const { refresh_token } = await tokensFor(server, client);
  await post(server, "/revoke", { client_id: client.id, token: refresh_token });
  await isRefused(refresh(server, client, refresh_token));
});

test("G02 G-n4 a refresh token is worth nothing to another client, and a confidential one must prove itself", async () => {
  const { refresh_token } = await tokensFor(server, client);
  await isRefused(refresh(server, await aPublicClient(server), refresh_token));
  await isRefused(refresh(server, own, refresh_token));
  assert.equal((await refresh(server, client, refresh_token)).status, 200);
  const owns = await ownTokens();
  const answer = await refresh(server, own, owns.refresh_token, { client_secret: undefined });
  assert.equal(answer.body.error, "invalid_client");
  assert.equal((await refresh(server, own, owns.refresh_token)).status, 200);
});

test("G03 each use gives a new refresh token, and the old one stops working", async () => {
  const first = await tokensFor(server, client);
  const second = await next(first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.notEqual(second.access_token, first.access_token);
  const third = await next(second.refresh_token);
  assert.ok(third.refresh_token);
  await isRefused(refresh(server, client, first.refresh_token));
});

test("G04 a generation older than the preceding one is theft: the grant and all its tokens end", async () => {
  const first = await tokensFor(server, client);
  const second = await next(first.refresh_token);
  const third = await next(second.refresh_token);
  await isRefused(refresh(server, client, first.refresh_token));
  await isRefused(refresh(server, client, third.refresh_token));
  for (const { access_token } of [first, second, third]) assert.ok(!(await isActive(server, access_token)));
  assert.equal(eventsOf(server, "refresh_reused").at(-1)?.reason, "superseded");
});

test("G05 an answer that got lost can be asked for again: the very same successor, while it is unused", async () => {
  const first = await tokensFor(server, client);
  const lost = await next(first.refresh_token);
  server.clock.advance(59);
  const again = await next(first.refresh_token);
  assert.equal(again.refresh_token, lost.refresh_token);
  assert.ok(await isActive(server, again.access_token));
  const third = await next(lost.refresh_token);
  await isRefused(refresh(server, client, first.refresh_token));
  await isRefused(refresh(server, client, third.refresh_token));
});

test("G06 fifty at once with one refresh token: no error, one successor, one lineage", async () => {
  const first = await tokensFor(server, client);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => refresh(server, client, first.refresh_token)),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1);
  const successor = tokensOf(answers[0] ?? assert.fail()).refresh_token;
  assert.equal((await refresh(server, client, successor)).status, 200);
});

test("G07 the scope of a refresh is part of what was granted, all of it when not named", async () => {
  const { refresh_token } = await tokensFor(server, client, { scope: "notes:read" });
  await isRefused(
    refresh(server, client, refresh_token, { scope: "notes:read notes:write" }),
    "invalid_scope",
  );
  const answer = await refresh(server, client, refresh_token);
  assert.equal(answer.body.scope, "notes:read");
});

test("G08 G-n3 a narrowed access token leaves the refresh token its scope, and opens no way up", async () => {
  const { refresh_token } = await tokensFor(server, client, { scope: "notes:read notes:write" });
  const narrow = await refresh(server, client, refresh_token, { scope: "notes:read" });
  assert.equal((await introspect(server, String(narrow.body.access_token))).scope, "notes:read");
  const token = String(narrow.body.refresh_token);
  await isRefused(refresh(server, client, token, { scope: "admin" }), "invalid_scope");
  assert.equal((await refresh(server, client, token)).body.scope, "notes:read notes:write");
});

test("G09 another resource is refused without a rotation, the granted one or none keeps the audience", async () => {
  const { refresh_token } = await tokensFor(server, client);
  await isRefused(
    refresh(server, client, refresh_token, { resource: "https://other.example.com/mcp" }),
    "invalid_target",
  );
  const named = await refresh(server, client, refresh_token, { resource });
  assert.equal((await introspect(server, String(named.body.access_token))).aud, resource);
  const unnamed = await next(String(named.body.refresh_token));
  assert.equal((await introspect(server, unnamed.access_token)).aud, resource);
});

test("G10 G-n5 nothing refreshes after the client, the person or the grant is gone", async () => {
  const doomed = await aPublicClient(server);
  const byClient = await tokensFor(server, doomed);
  await server.store.removeClient(doomed.id);
  assert.equal((await refresh(server, doomed, byClient.refresh_token)).body.error, "invalid_client");

  server.upstream.account = { sub: "leaver", email: "leaver@example.com", email_verified: true };
  const byPerson = await tokensFor(server, client);
  server.upstream.account = { sub: "alice", email: "alice@example.com", email_verified: true };
  const { sub } = await introspect(server, byPerson.access_token, credential);
  assert.ok(await server.store.removeAccount(sub as Subject));
  await isRefused(refresh(server, client, byPerson.refresh_token));

  const code = await aCode(server, client);
  const byReplay = tokensOf(await redeem(server, client, code));
  await redeem(server, client, code);
  await isRefused(refresh(server, client, byReplay.refresh_token));
});

test("G11 a grant ends when it was not used for a month, and half a year after the approval", async () => {
  let tokens = await tokensFor(server, client);
  const day = 86_400;
  for (let age = 0; age < 174; age += 29) {
    server.clock.advance(29 * day);
    tokens = await next(tokens.refresh_token);
    assert.ok(tokens.access_token, `after ${age + 29} days`);
  }
  server.clock.advance(6 * day);
  await isRefused(refresh(server, client, tokens.refresh_token));
  const idle = await tokensFor(server, client);
  server.clock.advance(30 * day);
  await isRefused(refresh(server, client, idle.refresh_token));
});

test("G12 whatever fails before the rotation leaves the refresh token as it was", async () => {
  const { refresh_token } = await ownTokens();
  assert.equal((await refresh(server, own, refresh_token, { client_secret: "wrong" })).status, 401);
  await isRefused(refresh(server, own, refresh_token, { scope: "admin" }), "invalid_scope");
  await isRefused(
    refresh(server, own, refresh_token, { resource: "https://other.example.com/mcp" }),
    "invalid_target",
  );
  await isRefused(
    refresh(server, own, refresh_token, { refresh_token: [refresh_token, refresh_token] }),
    "invalid_request",
  );
  server.clock.advance(3600); // had it rotated, this would be theft by now
  assert.equal((await refresh(server, own, refresh_token)).status, 200);
});

/** Refreshes so often, each time with the newest token. @returns all tokens, the first one first */
async function rotations(
  at: TestGatehouse,
  of: TestClient,
  first: string,
  count: number,
): Promise<[string, ...string[]]> {
  const tokens: [string, ...string[]] = [first];
  for (let round = 0; round < count; round++) {
    const { body } = await refresh(at, of, tokens.at(-1) ?? first);
    tokens.push(String(body.refresh_token));
  }
  return tokens;
}

test("G17 what a known client is forgiven ends with its window, and the audit event says for whom and how far back", async () => {
  const codex = await aPublicClient(server, { client_name: "Codex" });
  const { refresh_token: first } = await tokensFor(server, codex);
  const [, second] = await rotations(server, codex, first, 1);
  server.clock.advance(1800);
  const third = (await refresh(server, codex, second ?? "")).body;
  const stale = await refresh(server, codex, first);
  assert.equal(stale.status, 200);
  assert.equal(stale.body.refresh_token, third.refresh_token, "the live one: there is no second lineage");
  assert.equal(eventsOf(server, "refresh_replayed").at(-1)?.detail, "2 generations back, taken for Codex");
  server.clock.advance(1800);
  await isRefused(refresh(server, codex, first));
  await isRefused(refresh(server, codex, String(third.refresh_token)));
});

test("a known client is forgiven no more generations than its entry says, however quick it is", async () => {
  const codex = await aPublicClient(server, { client_name: "Codex" });
  const { refresh_token } = await tokensFor(server, codex);
  const [first, second, ...rest] = await rotations(server, codex, refresh_token, 17);
  const live = rest.at(-1) ?? "";
  const forgiven = await refresh(server, codex, second ?? "");
  assert.equal(forgiven.body.refresh_token, live, "16 generations back");
  await isRefused(refresh(server, codex, first));
  await isRefused(refresh(server, codex, live));
});

test("REPLAY_WINDOW=0s ends what known clients are forgiven as well", async (t) => {
  const strict = await startTestGatehouse({ REPLAY_WINDOW: "0s" });
  t.after(() => strict.stop());
  await strict.addResource(resource);
  const codex = await aPublicClient(strict, { client_name: "Codex" });
  const { refresh_token } = await tokensFor(strict, codex);
  const [first, , live] = await rotations(strict, codex, refresh_token, 2);
  await isRefused(refresh(strict, codex, first));
  await isRefused(refresh(strict, codex, live ?? ""));
});

test("a shared registration, stored without its ports, is known by its shape as well", async () => {
  const registration = { client_name: "Claude Code (notes)", software_id: "shared-by-two" };
  const at = (port: number) => ({ ...registration, redirect_uris: [`http://localhost:${port}/callback`] });
  await aPublicClient(server, at(3118));
  const client = await aPublicClient(server, at(51763));
  assert.deepEqual((await server.store.findClient(client.id))?.redirectUris, ["http://localhost/callback"]);
  const { refresh_token } = await tokensFor(server, {
    ...client,
    redirectUri: "http://localhost:51763/callback",
  });
  const [first, , live] = await rotations(server, client, refresh_token, 2);
  assert.equal((await refresh(server, client, first)).body.refresh_token, live);
});
