import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import type { ProtectionOptions } from "../src/index.ts";
import { adapters } from "./support/adapters.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { aliceMay, metadataUrl, resource, StandingClock } from "./support/notes-server.ts";

const alice = { Authorization: "Bearer alice" };
const challenge = { resource_metadata: metadataUrl, scope: "notes:read" };
const tooLittle = { error: "insufficient_scope", resource_metadata: metadataUrl };
const wellKnown = "/.well-known/oauth-protected-resource";
const preflight = {
  method: "OPTIONS",
  headers: { Origin: "http://localhost:6274", "Access-Control-Request-Method": "POST" },
};

interface Scenario {
  readonly path?: string;
  readonly init?: RequestInit;
  readonly status: number;
  /** These parameters at least. Without it there must be no challenge. */
  readonly challenge?: Readonly<Record<string, string>>;
  /** The body holds this. */
  readonly body?: string;
}

const scenarios: Readonly<Record<string, Scenario>> = {
  "metadata at the path-inserted place": {
    path: `${wellKnown}/mcp`,
    init: { method: "GET" },
    status: 200,
    body: resource,
  },
  "metadata at the root": { path: wellKnown, init: { method: "GET" }, status: 200, body: resource },
  "metadata, head only": { path: wellKnown, init: { method: "HEAD" }, status: 200 },
  "metadata written to": { path: wellKnown, status: 405 },
  "no token": { status: 401, challenge },
  "no token, where there is nothing": { path: "/elsewhere", init: { method: "GET" }, status: 401, challenge },
  "no token, and a body that is not JSON": {
    init: { body: "{", headers: { "Content-Type": "application/json" } },
    status: 401,
    challenge,
  },
  "a token in the query": { path: "/mcp?access_token=alice", status: 401, challenge },
  "an unknown token": {
    init: { headers: { Authorization: "Bearer unknown" } },
    status: 401,
    challenge: { ...challenge, error: "invalid_token" },
  },
  "a malformed token": {
    init: { headers: { Authorization: "Bearer a{b" } },
    status: 401,
    challenge: { ...challenge, error: "invalid_token" },
  },
  "a token for another server": {
    init: { headers: { Authorization: "Bearer foreign" } },
    status: 401,
    challenge: { ...challenge, error: "invalid_token" },
  },
  "an expired token": {
    init: { headers: { Authorization: "Bearer expired" } },
    status: 401,
    challenge: { ...challenge, error: "invalid_token" },
  },
  "too little scope": {
    init: { headers: { Authorization: "Bearer poor" } },
    status: 403,
    challenge: { ...tooLittle, scope: "notes:read" },
  },
  "a second token in the query": {
    path: "/mcp?access_token=alice",
    init: { headers: alice },
    status: 400,
    challenge: { error: "invalid_request", resource_metadata: metadataUrl },
  },
  "a second token in a form": {
    init: { headers: alice, body: new URLSearchParams({ access_token: "alice" }) },
    status: 400,
    challenge: { error: "invalid_request", resource_metadata: metadataUrl },
  },
  "a huge form": {
    init: { headers: alice, body: new URLSearchParams({ note: "x".repeat(70_000) }) },
    status: 413,
  },
  "a good token": { init: { headers: alice }, status: 200, body: "subject-of-alice" },
  "a good token and a form": {
    init: { headers: alice, body: new URLSearchParams({ note: "milk & honey" }) },
    status: 200,
    body: '"form":{"note":"milk & honey"}',
  },
  "step-up": {
    path: "/mcp/write",
    init: { headers: alice },
    status: 403,
    challenge: { ...tooLittle, scope: "notes:read notes:write" },
  },
  "stepped up": {
    path: "/mcp/write",
    init: { headers: { Authorization: "Bearer writer" } },
    status: 200,
    body: "written",
  },
  "a preflight": { init: preflight, status: 204 },
  "a preflight for the metadata": { path: wellKnown, init: preflight, status: 204 },
  "a preflight, where there is nothing": { path: "/elsewhere", init: preflight, status: 204 },
};

for (const [name, start] of Object.entries(adapters)) {
  test(`${name}: every request is judged and answered as everywhere else`, async (t) => {
    const { origin } = await begin(t, start);
    for (const [title, scenario] of Object.entries(scenarios)) {
      const { path = "/mcp", init, status } = scenario;
      const response = await fetch(origin + path, { method: "POST", ...init });
      const body = await response.text();
      assert.equal(response.status, status, title);
      const found = response.headers.has("www-authenticate") ? challengeOf(response) : undefined;
      const { error_description: _, ...parameters } = found ?? {};
      assert.deepEqual(parameters, scenario.challenge ?? {}, title);
      assert.ok(body.includes(scenario.body ?? ""), `${title}: ${body}`);
      assert.equal(response.headers.get("access-control-allow-origin"), "*", title);
      assert.deepEqual(list(response, "access-control-expose-headers"), [
        "www-authenticate",
        "mcp-session-id",
      ]);
      if (init?.method === "OPTIONS") assertAllowsMcp(response);
    }
    const open = await fetch(`${origin}/health`);
    assert.equal(await open.text(), "fine", "what was left open stays so");
  });

  test(`${name}: two Authorization headers are two tokens`, async (t) => {
    const { origin } = await begin(t, start);
    const { host, port, hostname } = new URL(origin);
    const socket = connect(Number(port), hostname);
    t.after(() => socket.destroy());
    const header = "Authorization: Bearer alice\r\n";
    socket.write(`POST /mcp HTTP/1.1\r\nHost: ${host}\r\n${header}${header}Connection: close\r\n\r\n`);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    assert.match(answer, /^HTTP\/1\.1 400 /);
  });

  test(`${name}: who calls is known in full`, async (t) => {
    const { origin } = await begin(t, start);
    const response = await fetch(`${origin}/mcp`, { method: "POST", headers: alice });
    const { auth } = (await response.json()) as { auth: unknown };
    assert.deepEqual(auth, {
      token: "alice",
      clientId: "agent",
      scopes: ["notes:read"],
      expiresAt: new StandingClock().now + 3600,
      resource,
      resourceMetadataUrl: metadataUrl,
      extra: { subject: "subject-of-alice", username: "alice@example.com" },
    });
  });

  test(`${name}: nobody passes while the authorization server cannot be asked`, async (t) => {
    const { origin, authorizationServer } = await begin(t, start, { onFailure: () => undefined });
    await authorizationServer.close();
    const response = await fetch(`${origin}/mcp`, { method: "POST", headers: alice });
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "5");
  });
}

async function begin(
  t: TestContext,
  start: (typeof adapters)[string],
  options: Partial<ProtectionOptions> = {},
) {
  const authorizationServer = await AuthorizationServer.start();
  t.after(authorizationServer.close);
  const { issuer, credential, tokens } = authorizationServer;
  const clock = new StandingClock();
  tokens.set("alice", aliceMay("notes:read"));
  tokens.set("writer", aliceMay("notes:read notes:write"));
  tokens.set("poor", aliceMay("notes:other"));
  tokens.set("foreign", aliceMay("notes:read", { aud: "https://mail.example.com/mcp" }));
  tokens.set("expired", aliceMay("notes:read", { exp: clock.now }));
  const requiredScopes = ["notes:read"];
  const server = await start({
    issuer,
    resource,
    credential,
    requiredScopes,
    clock: () => clock.now,
    ...options,
  });
  t.after(server.close);
  return { origin: server.origin, authorizationServer };
}

function assertAllowsMcp(response: Response): void {
  const allowed = list(response, "access-control-allow-headers");
  for (const header of [
    "authorization",
    "content-type",
    "mcp-protocol-version",
    "mcp-session-id",
    "last-event-id",
  ]) {
    assert.ok(allowed.includes(header), header);
  }
  assert.deepEqual(list(response, "access-control-allow-methods"), ["get", "post", "delete", "options"]);
}

function list(response: Response, header: string): string[] {
  return (response.headers.get(header) ?? "").toLowerCase().split(/, */);
}
