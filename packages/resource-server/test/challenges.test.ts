import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { createGuard, type ProtectionOptions } from "../src/index.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { aliceMay, metadataUrl, resource, startNotesServer } from "./support/notes-server.ts";

let authorizationServer: AuthorizationServer;
before(async () => {
  authorizationServer = await AuthorizationServer.start();
  authorizationServer.tokens.set("alice", aliceMay("notes:read"));
});
after(() => authorizationServer.close());

async function start(t: TestContext, options: Partial<ProtectionOptions> = {}) {
  const server = await startNotesServer(authorizationServer, { requiredScopes: ["notes:read"], ...options });
  t.after(server.close);
  return server;
}

test("U02 whoever comes without a token learns where to get one, and of no error", async (t) => {
  const server = await start(t);
  for (const headers of [{}, { Authorization: "Basic YTpi" }]) {
    for (const method of ["GET", "POST", "DELETE"]) {
      const response = await fetch(`${server.origin}/mcp`, { method, headers });
      assert.equal(response.status, 401);
      assert.deepEqual(challengeOf(response), { resource_metadata: metadataUrl, scope: "notes:read" });
      assert.equal(response.headers.get("cache-control"), "no-store");
    }
  }
});

test("a good token passes, and the server knows who calls", async (t) => {
  const server = await start(t);
  const response = await server.call("alice");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    auth: {
      token: "alice",
      clientId: "agent",
      scopes: ["notes:read"],
      expiresAt: server.clock.now + 3600,
      resource,
      resourceMetadataUrl: metadataUrl,
      extra: { subject: "subject-of-alice", username: "alice@example.com" },
    },
  });
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
});

test("name and groups are there where the authorization server says them, and only as what they must be", async (t) => {
  const server = await start(t);
  const auth = async (changes: Record<string, unknown>) => {
    const token = Buffer.from(JSON.stringify(changes)).toString("hex");
    authorizationServer.tokens.set(token, aliceMay("notes:read", changes));
    const answer = (await (await server.call(token)).json()) as {
      auth: Record<string, unknown>;
    };
    return ["name", "groups"].map((member) => answer.auth[member]);
  };
  assert.deepEqual(await auth({ name: "Alice", groups: ["work:admins", "work:a b"] }), [
    "Alice",
    ["work:admins", "work:a b"],
  ]);
  assert.deepEqual(await auth({ name: "", groups: [] }), [undefined, []]);
  for (const groups of ["admins", ["admins", 1], { admins: true }, null]) {
    assert.deepEqual(await auth({ name: ["Alice"], groups }), [undefined, undefined]);
  }
});

test("U03 an unknown, expired, revoked or malformed token is invalid_token, and the way to a new one is named", async (t) => {
  const server = await start(t);
  authorizationServer.tokens.set("expired", aliceMay("notes:read", { exp: server.clock.now }));
  authorizationServer.tokens.set("revoked", { active: false });
  for (const token of ["unknown", "expired", "revoked", "mal{formed", "two words", "", "x".repeat(8193)]) {
    const response = await server.call(token);
    assert.equal(response.status, 401, token);
    const { error, resource_metadata: metadata } = challengeOf(response);
    assert.deepEqual({ error, metadata }, { error: "invalid_token", metadata: metadataUrl }, token);
  }
  const asked = authorizationServer.seen.map(({ body }) => new URLSearchParams(body).get("token"));
  assert.ok(!asked.includes("mal{formed"), "nobody is asked about what cannot be a token");
});

test("U05 a token with too little scope is told all that the operation needs", async (t) => {
  const server = await start(t);
  authorizationServer.tokens.set("nothing", aliceMay(""));
  for (const [token, path, needed] of [
    ["nothing", "/mcp", "notes:read"],
    ["nothing", "/mcp/write", "notes:read"],
    ["alice", "/mcp/write", "notes:read notes:write"],
  ] as const) {
    const response = await server.call(token, path);
    assert.equal(response.status, 403);
    const { error, scope, resource_metadata: metadata } = challengeOf(response);
    assert.deepEqual(
      { error, scope, metadata },
      { error: "insufficient_scope", scope: needed, metadata: metadataUrl },
    );
  }
  authorizationServer.tokens.set("both", aliceMay("notes:write notes:read"));
  assert.equal((await server.call("both", "/mcp/write")).status, 200);
});

test("U06 a broader scope does for the narrower ones it implies, never the other way round", async (t) => {
  const implies = { admin: ["notes:write"], "notes:write": ["notes:read"], "notes:read": ["notes:read"] };
  const server = await start(t, { implies });
  authorizationServer.tokens.set("admin", aliceMay("admin"));
  assert.equal((await server.call("admin", "/mcp/write")).status, 200);
  assert.equal((await server.call("alice", "/mcp/write")).status, 403);
  authorizationServer.tokens.set("odd", aliceMay("constructor __proto__"));
  assert.equal((await server.call("odd")).status, 403);
});

test("U07 a query token counts for nothing, two tokens are refused, and bearer may be written in any case", async (t) => {
  const server = await start(t);
  const inQuery = await fetch(`${server.origin}/mcp?access_token=alice`);
  assert.equal(inQuery.status, 401);
  assert.equal(challengeOf(inQuery).error, undefined);

  const twice = await server.call("alice", "/mcp?access_token=alice");
  assert.equal(twice.status, 400);
  assert.equal(challengeOf(twice).error, "invalid_request");

  for (const scheme of ["bearer", "BEARER", "bEaReR"]) {
    const response = await fetch(`${server.origin}/mcp`, { headers: { Authorization: `${scheme} alice` } });
    assert.equal(response.status, 200, scheme);
  }
});

test("U-n3 a token in the query alone is no token, one in the header and one in a form body are too many", async (t) => {
  const server = await start(t);
  const asked = authorizationServer.questions;
  const inQuery = await fetch(`${server.origin}/mcp?x=1&access_token=alice`, { method: "POST" });
  assert.equal(inQuery.status, 401);
  const inForm = await fetch(`${server.origin}/mcp`, {
    method: "POST",
    body: new URLSearchParams({ access_token: "alice" }),
  });
  assert.equal(inForm.status, 401);
  const inBoth = await fetch(`${server.origin}/mcp`, {
    method: "POST",
    headers: { Authorization: "Bearer alice" },
    body: new URLSearchParams({ note: "x", access_token: "alice" }),
  });
  assert.equal(inBoth.status, 400);
  assert.equal(challengeOf(inBoth).error, "invalid_request");
  assert.equal(authorizationServer.questions, asked);
});

test("two Authorization headers are two tokens", async (t) => {
  const server = await start(t);
  const { host, port, hostname } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  t.after(() => socket.destroy());
  socket.write(
    `GET /mcp HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer alice\r\nAuthorization: Bearer alice\r\nConnection: close\r\n\r\n`,
  );
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  assert.match(answer, /^HTTP\/1\.1 400 /);
});

test("an ordinary form passes on to the server it is for; a huge one is refused", async (t) => {
  const server = await start(t);
  const post = (body: URLSearchParams) =>
    fetch(`${server.origin}/mcp`, { method: "POST", headers: { Authorization: "Bearer alice" }, body });
  const small = await post(new URLSearchParams({ note: "buy milk" }));
  assert.equal(small.status, 200);
  assert.match(await small.text(), /"body":\{"note":"buy milk"\}/);
  assert.equal((await post(new URLSearchParams({ note: "x".repeat(70_000) }))).status, 413);
});

test("U-n4 neither the path nor a scope can break out of the challenge", async (t) => {
  const server = await start(t);
  for (const path of ["/mcp/%22,%20error=%22none%22", "/mcp/%0d%0aSet-Cookie:%20a=b", "/mcp/\\%22"]) {
    const response = await fetch(server.origin + path);
    assert.equal(response.status, 401);
    assert.deepEqual(challengeOf(response), { resource_metadata: metadataUrl, scope: "notes:read" });
    assert.equal(response.headers.get("set-cookie"), null);
  }
  // Scopes that a server makes up from what it is asked for, e.g. from a tool's name.
  const guard = createGuard({ issuer: authorizationServer.issuer, resource, credential: "c" });
  for (const scope of ['a", error="none', "a\r\nSet-Cookie: a=b", "a\\", "ä"]) {
    const answer = guard.demand({ scopes: [] }, [scope]);
    const headers = new Headers(answer?.headers);
    assert.equal(challengeOf({ headers }).scope, scope.replace(/[^ -~]/g, ""));
    assert.equal(challengeOf({ headers }).error, "insufficient_scope");
    assert.doesNotMatch(answer?.headers["WWW-Authenticate"] ?? "", /[\r\n]/);
  }
});
