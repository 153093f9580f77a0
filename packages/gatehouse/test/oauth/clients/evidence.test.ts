import assert from "node:assert/strict";
import { test } from "node:test";
import { certainName, destinationOf, suspicionOf } from "../../../src/oauth/clients/evidence.ts";
import type { Client } from "../../../src/oauth/records.ts";
import { type ClientId, seconds } from "../../../src/oauth/values.ts";

const claudeCallback = "https://claude.ai/api/mcp/auth_callback";

const aClient = (over: { id?: string; name?: string; dynamicallyRegistered?: boolean } = {}): Client => ({
  id: (over.id ?? "dyn_1") as ClientId,
  authMethod: "none",
  secretHash: undefined,
  clearSecret: undefined,
  keys: undefined,
  redirectUris: [],
  grantTypes: ["authorization_code"],
  scope: undefined,
  metadata: { name: over.name ?? "Notebook" },
  dynamicallyRegistered: over.dynamicallyRegistered ?? true,
  shared: false,
  createdAt: seconds(1_795_000_000),
  lastUsedAt: undefined,
});

test("an answer goes to the operator's client, a known one's website, this computer, or a stranger", () => {
  for (const [redirectUri, destination] of [
    [claudeCallback, "known"],
    ["https://chatgpt.com/connector/oauth/abc", "known"],
    ["https://vscode.dev/redirect", "known"],
    ["http://localhost:3118/callback", "local"],
    ["cursor://anysphere.cursor-mcp/oauth/callback", "local"],
    ["https://app.example.com/cb", "stranger"],
    ["https://claude.ai/elsewhere", "stranger"],
    ["https://claude.ai:8443/api/mcp/auth_callback", "stranger"],
    ["https://claude.ai.evil.example/api/mcp/auth_callback", "stranger"],
    ["https://evil.example/oauth/callback/debug", "stranger"],
  ] as const) {
    assert.equal(destinationOf(aClient(), redirectUri), destination, redirectUri);
    assert.equal(destinationOf(aClient({ dynamicallyRegistered: false }), redirectUri), "operator");
  }
});

test("a name is certain by the client's own document or its own website, never by what it says of itself", () => {
  const document = "https://claude.ai/oauth/claude-code-client-metadata";
  assert.equal(certainName(aClient({ id: document }), "http://localhost:1/callback"), "Claude Code");
  assert.equal(certainName(aClient({ name: "Anything" }), claudeCallback), "Claude");
  assert.equal(certainName(aClient({ id: document }), claudeCallback), "Claude", "whoever gets access");
  for (const redirectUri of [
    "http://localhost:3118/callback",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://evil.example/cb",
  ]) {
    assert.equal(certainName(aClient({ name: "Claude Code" }), redirectUri), undefined, redirectUri);
  }
  const published = aClient({ id: "https://evil.example/claude.json", name: "Claude" });
  assert.equal(certainName(published, "http://localhost:1/callback"), undefined);
});

test("a stranger that calls itself like a known client, looks like one or hides in punycode is suspected", () => {
  const evil = "https://evil.example/cb";
  assert.deepEqual(suspicionOf(aClient({ name: "Claude Code" }), evil), {
    kind: "name",
    host: "evil.example",
    imitates: "Claude Code",
  });
  assert.deepEqual(suspicionOf(aClient(), "https://claude.ai.evil.example/cb"), {
    kind: "host",
    host: "claude.ai.evil.example",
    imitates: "claude.ai",
  });
  assert.deepEqual(suspicionOf(aClient(), "https://login.xn--pple-43d.example/cb"), {
    kind: "punycode",
    host: "login.xn--pple-43d.example",
  });
});

test("so is a document that somebody else publishes, wherever the answer goes", () => {
  const local = "http://localhost:3118/callback";
  const claims = aClient({ id: "https://evil.example/c.json", name: "Claude" });
  assert.equal(suspicionOf(claims, local)?.kind, "name");
  assert.equal(suspicionOf(aClient({ id: "https://claude-ai.example/c.json" }), local)?.kind, "host");
  assert.equal(suspicionOf(aClient({ id: "https://xn--pple-43d.example/c.json" }), local)?.kind, "punycode");
});

test("nobody else is", () => {
  for (const [client, redirectUri] of [
    [aClient(), "https://app.example.com/cb"],
    [aClient({ name: "Claude" }), claudeCallback],
    [aClient({ name: "Claude" }), "https://claude.ai/elsewhere"],
    [aClient({ name: "Claude Code" }), "http://localhost:3118/callback"],
    [
      aClient({ name: "Codex", id: "https://chatgpt.com/oauth/codex/client.json" }),
      "http://127.0.0.1:1/callback",
    ],
    [
      aClient({ name: "Claude", id: "https://claude.ai/oauth/mcp-oauth-client-metadata" }),
      "https://new.example/cb",
    ],
    [aClient({ id: "https://app.example.com/c.json" }), "http://localhost:1/callback"],
    [aClient({ name: "Claude", dynamicallyRegistered: false }), "https://chat.example.com/cb"],
  ] as const) {
    assert.equal(suspicionOf(client, redirectUri), undefined, `${client.metadata.name} ${redirectUri}`);
  }
});
