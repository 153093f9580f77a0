import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createGuard, type ProtectionOptions } from "../src/index.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { listen } from "./support/listening.ts";
import { aliceMay, resource, StandingClock, startNotesServer } from "./support/notes-server.ts";

async function start(t: TestContext, options: Partial<ProtectionOptions> = {}, issuerPath = "") {
  const authorizationServer = await AuthorizationServer.start(issuerPath);
  t.after(authorizationServer.close);
  authorizationServer.tokens.set("alice", aliceMay("notes:read"));
  const server = await startNotesServer(authorizationServer, options);
  t.after(server.close);
  return { authorizationServer, server };
}

test("U04 a token for somebody else is refused, however good it is otherwise", async (t) => {
  const { authorizationServer, server } = await start(t, { requiredScopes: ["notes:read"] });
  const others = [
    undefined,
    null,
    "",
    [],
    "https://mail.example.com/mcp",
    ["https://mail.example.com/mcp"],
    "agent",
    7,
  ];
  for (const aud of others) {
    authorizationServer.tokens.set(
      "foreign",
      aliceMay("notes:read", { aud, iss: authorizationServer.issuer }),
    );
    const response = await server.call("foreign");
    assert.equal(response.status, 401, String(aud));
    assert.equal(challengeOf(response).error, "invalid_token");
  }
  for (const aud of [
    resource,
    "HTTPS://Notes.Example.com:443/mcp",
    ["https://mail.example.com/mcp", resource],
  ]) {
    authorizationServer.tokens.set("ours", aliceMay("notes:read", { aud }));
    assert.equal((await server.call("ours")).status, 200, String(aud));
  }
});

test("U-n1 a token for a sibling path, another port or host, or the bare origin is refused", async (t) => {
  const { authorizationServer, server } = await start(t);
  for (const aud of [
    "https://notes.example.com/mcp2",
    "https://notes.example.com/mcp/",
    "https://notes.example.com/mcp/admin",
    "https://notes.example.com/MCP",
    "https://notes.example.com/mcp?tenant=a",
    "https://notes.example.com/mcp#a",
    "https://notes.example.com:8443/mcp",
    "http://notes.example.com/mcp",
    "https://notes.example.com.evil.test/mcp",
    "https://evil.test@notes.example.com/mcp",
    "https://mail.example.com/mcp",
    "https://notes.example.com",
    "https://notes.example.com/",
  ]) {
    authorizationServer.tokens.set("near", aliceMay("notes:read", { aud }));
    assert.equal((await server.call("near")).status, 401, aud);
  }
  assert.equal((await server.call("alice")).status, 200);
});

test("a resource is the same with a dot after its host, as for the authorization server", async (t) => {
  for (const [resource, aud] of [
    ["https://notes.example.com.:8443/mcp", "https://notes.example.com:8443/mcp"],
    ["https://notes.example.com/mcp", "https://Notes.example.com./mcp"],
  ] as const) {
    const { authorizationServer, server } = await start(t, { resource });
    authorizationServer.tokens.set("dotted", aliceMay("notes:read", { aud }));
    assert.equal((await server.call("dotted")).status, 200, aud);
  }
});

test("a resource without path is the same with and without its slash", async (t) => {
  const { authorizationServer, server } = await start(t, { resource: "https://notes.example.com/" });
  authorizationServer.tokens.set("origin", aliceMay("", { aud: "https://notes.example.com" }));
  assert.equal((await server.call("origin")).status, 200);
});

test("a token of another issuer or another kind, or without expiry, is refused", async (t) => {
  const { authorizationServer, server } = await start(t);
  for (const change of [
    { iss: "https://login.evil.test" },
    { token_type: "DPoP" },
    { cnf: { jkt: "thumbprint" } },
    { exp: undefined },
    { exp: "never" },
  ]) {
    authorizationServer.tokens.set("odd", aliceMay("", change));
    assert.equal((await server.call("odd")).status, 401, JSON.stringify(change));
  }
});

test("U09 active must be true, the rest is still looked at, no cache outlives exp, and without an answer nobody passes", async (t) => {
  const { authorizationServer, server } = await start(t, {
    cacheSeconds: 10,
    requiredScopes: ["notes:read"],
  });
  for (const active of ["true", 1, undefined, false]) {
    authorizationServer.tokens.set("odd", aliceMay("notes:read", { active }));
    assert.equal((await server.call("odd")).status, 401, String(active));
  }
  for (const [change, status] of [
    [{ aud: "https://mail.example.com/mcp" }, 401],
    [{ exp: server.clock.now }, 401],
    [{ scope: "notes:other" }, 403],
  ] as const) {
    authorizationServer.tokens.set(`odd-${status}-${Object.keys(change)}`, aliceMay("notes:read", change));
    assert.equal((await server.call(`odd-${status}-${Object.keys(change)}`)).status, status);
  }

  authorizationServer.tokens.set("short", aliceMay("notes:read", { exp: server.clock.now + 3 }));
  assert.equal((await server.call("short")).status, 200);
  server.clock.advance(3);
  assert.equal((await server.call("short")).status, 401, "within the 10 seconds, but past its expiry");

  await authorizationServer.close();
  const unanswered = await server.call("alice");
  assert.equal(unanswered.status, 503);
  assert.ok(Number(unanswered.headers.get("retry-after")) > 0);
  assert.match(server.failures.join(), /ECONNREFUSED/);
});

test("whatever else the authorization server answers, nobody passes and nothing is told of the token", async (t) => {
  const { authorizationServer, server } = await start(t);
  const good = JSON.stringify(aliceMay("notes:read"));
  const answers: [number, string][] = [
    [500, good],
    [404, good],
    [201, good],
    [401, good],
    [200, "<html>alice</html>"],
    [200, "[]"],
    [200, "null"],
    [200, ""],
    [200, good + " ".repeat(70_000)],
  ];
  for (const [status, body] of answers) {
    authorizationServer.misbehave = (response) => void response.writeHead(status).end(body);
    assert.equal((await server.call("alice")).status, 503, `${status} ${body.slice(0, 20)}`);
  }
  assert.equal(server.failures.length, answers.length);
  assert.doesNotMatch(server.failures.join(), /alice|gatehouse_rs_credential/);
});

test("an authorization server that never answers is given up", async (t) => {
  const { authorizationServer, server } = await start(t, { timeoutSeconds: 0.05 });
  authorizationServer.misbehave = () => undefined;
  assert.equal((await server.call("alice")).status, 503);
  authorizationServer.misbehave = (response) => void response.writeHead(200).write("{");
  assert.equal((await server.call("alice")).status, 503);
  assert.match(server.failures.join(), /too long/);
});

test("a connection that was closed meanwhile is no failure: the question is asked once more", async (t) => {
  const { authorizationServer, server } = await start(t);
  assert.equal((await server.call("alice")).status, 200);
  authorizationServer.misbehave = (response) => {
    authorizationServer.misbehave = undefined;
    response.destroy();
  };
  assert.equal((await server.call("alice")).status, 200);
});

test("U10 the token goes to the issuer's introspection endpoint, in a form, and nowhere else", async (t) => {
  const { authorizationServer, server } = await start(t);
  assert.equal((await server.call("alice")).status, 200);
  assert.deepEqual(authorizationServer.seen, [
    { method: "GET", url: "/.well-known/oauth-authorization-server", authorization: undefined, body: "" },
    {
      method: "POST",
      url: "/introspect",
      authorization: `Bearer ${authorizationServer.credential}`,
      body: "token=alice&token_type_hint=access_token",
    },
  ]);

  let strangers = 0;
  const stranger = await listen((_request, response) => {
    strangers++;
    response.end(JSON.stringify(aliceMay("notes:read")));
  });
  t.after(stranger.close);
  for (const status of [302, 307, 308]) {
    authorizationServer.misbehave = (response) =>
      void response.writeHead(status, { Location: `${stranger.origin}/introspect` }).end();
    assert.equal((await server.call("alice")).status, 503);
  }
  assert.equal(strangers, 0);
});

test("U-n5 a revoked token is refused once the cache's seconds are over, and at once without a cache", async (t) => {
  const { authorizationServer, server } = await start(t, { cacheSeconds: 10 });
  assert.equal((await server.call("alice")).status, 200);
  authorizationServer.tokens.set("alice", { active: false });
  server.clock.advance(9);
  assert.equal((await server.call("alice")).status, 200, "believed: the documented bound is not over");
  server.clock.advance(1);
  assert.equal((await server.call("alice")).status, 401);

  const strict = await start(t, { cacheSeconds: 0 });
  assert.equal((await strict.server.call("alice")).status, 200);
  strict.authorizationServer.tokens.delete("alice");
  assert.equal((await strict.server.call("alice")).status, 401);
});

test("the cache's seconds count from the question, not from a late answer", async (t) => {
  const { authorizationServer, server } = await start(t, { cacheSeconds: 10 });
  assert.equal((await server.call("alice")).status, 200);
  server.clock.advance(10);
  authorizationServer.misbehave = (response) => {
    authorizationServer.misbehave = undefined;
    server.clock.advance(8);
    response.end(JSON.stringify(aliceMay("notes:read")));
  };
  assert.equal((await server.call("alice")).status, 200);
  authorizationServer.tokens.delete("alice");
  server.clock.advance(2);
  assert.equal((await server.call("alice")).status, 401);
});

test("a good answer is asked for once in its seconds, a bad one once in five", async (t) => {
  const { authorizationServer, server } = await start(t, { cacheSeconds: 10 });
  for (let i = 0; i < 5; i++) assert.equal((await server.call("alice")).status, 200);
  assert.equal(authorizationServer.questions, 1);
  for (let i = 0; i < 3; i++) assert.equal((await server.call("early")).status, 401);
  server.clock.advance(4);
  assert.equal((await server.call("early")).status, 401);
  assert.equal(authorizationServer.questions, 2);
  authorizationServer.tokens.set("early", aliceMay(""));
  server.clock.advance(1);
  assert.equal(
    (await server.call("early")).status,
    200,
    "a token introspected too early is not shut out for long",
  );
});

test("a clock that is set back does not lengthen what is believed", async (t) => {
  const { authorizationServer, server } = await start(t, { cacheSeconds: 10 });
  assert.equal((await server.call("alice")).status, 200);
  authorizationServer.tokens.delete("alice");
  server.clock.advance(-3600);
  assert.equal((await server.call("alice")).status, 401);
});

test("requests that bring one token at one time share one question, and one look at the metadata", async (t) => {
  const { authorizationServer } = await start(t);
  const { issuer, credential } = authorizationServer;
  authorizationServer.tokens.set("bob", aliceMay("", { username: "bob@example.com" }));
  const { now } = new StandingClock();
  const guard = createGuard({ issuer, resource, credential, cacheSeconds: 0, clock: () => now });
  const people = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? "alice" : "bob"));
  const verdicts = await Promise.all(
    people.map((name) => guard.check({ method: "POST", url: "/mcp", authorization: [`Bearer ${name}`] })),
  );
  assert.deepEqual(
    verdicts.map((verdict) => verdict.ok && verdict.auth.extra.username),
    people.map((name) => `${name}@example.com`),
  );
  assert.equal(authorizationServer.questions, 2);
  assert.equal(authorizationServer.seen.length, 3, "two questions, and one look at the metadata");
});

test("an issuer with a path has its metadata at the path-inserted place", async (t) => {
  const { authorizationServer, server } = await start(t, {}, "/login");
  assert.equal((await server.call("alice")).status, 200);
  assert.deepEqual(
    authorizationServer.seen.map(({ url }) => url),
    ["/.well-known/oauth-authorization-server/login", "/login/introspect"],
  );
});

test("metadata of another issuer, or without a safe endpoint, are not believed; mended ones are, at once", async (t) => {
  const { authorizationServer, server } = await start(t);
  for (const metadata of [
    { issuer: `${authorizationServer.issuer}/` },
    { issuer: "https://login.evil.test" },
    { introspection_endpoint: undefined },
    { introspection_endpoint: "http://login.example.com/introspect" },
    { introspection_endpoint: "/introspect" },
  ]) {
    authorizationServer.metadata = metadata;
    assert.equal((await server.call("alice")).status, 503, JSON.stringify(metadata));
  }
  assert.equal(authorizationServer.questions, 0);
  authorizationServer.metadata = {};
  assert.equal((await server.call("alice")).status, 200);
});

test("the metadata are looked at again after an hour", async (t) => {
  const { authorizationServer, server } = await start(t);
  const looks = () => authorizationServer.seen.filter(({ method }) => method === "GET").length;
  await server.call("alice");
  server.clock.advance(3599);
  await server.call("alice");
  assert.equal(looks(), 1);
  server.clock.advance(1);
  await server.call("alice");
  assert.equal(looks(), 2);
});

test("a configured introspection endpoint needs no metadata", async (t) => {
  const { authorizationServer } = await start(t);
  const introspectionEndpoint = `${authorizationServer.issuer}/introspect`;
  const inside = await startNotesServer(
    { issuer: "https://login.example.com", credential: authorizationServer.credential },
    { introspectionEndpoint },
  );
  t.after(inside.close);
  assert.equal((await inside.call("alice")).status, 200);
  assert.equal(authorizationServer.seen.length, 1);
});
