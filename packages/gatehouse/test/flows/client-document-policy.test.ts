import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startDocumentServer } from "../support/document-server.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { authorizationUrl, pkce, resource, tokensFor } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

const redirectUri = "http://localhost:3118/callback";

async function start(t: TestContext, environment: Record<string, string> = {}, mode?: "dev") {
  const server = await startTestGatehouse(environment, mode);
  t.after(() => server.stop());
  await server.addResource(resource);
  return server;
}

async function metadataOf(server: TestGatehouse): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/.well-known/oauth-authorization-server`);
  return (await response.json()) as Record<string, unknown>;
}

const open = (server: TestGatehouse, id: string, redirect = redirectUri) =>
  new UserAgent().follow(authorizationUrl(server, { id, redirectUri: redirect, ...pkce() }));

test("I01 only an https URL with a path, written plainly, is looked for on the web", async (t) => {
  const server = await start(t);
  for (const id of [
    "http://app.example.com/client.json",
    "http://127.0.0.1/client.json",
    "https://app.example.com",
    "https://app.example.com?client",
    "https://app.example.com/client.json#x",
    "https://user@app.example.com/client.json",
    "https://app.example.com/a/../client.json",
    "https://app.example.com/%2e/client.json",
    "https://app.example.com/a/%2E%2E/client.json",
    "HTTPS:/app.example.com/client.json",
    "https:/app.example.com/client.json",
    "https:\\\\app.example.com\\client.json",
    "https://app.example.com\\client.json",
    "https://app.example.com/cli ent.json",
    "ftp://app.example.com/client.json",
    "https://app.example.com./client.json",
    "https://app.example.com..:8443/client.json",
    "https://8.8.8.8/client.json",
    "https://0x8080808/client.json",
    "https://[2001:4860:4860::8888]/client.json",
  ]) {
    assert.match((await open(server, id)).html, /does not know/, id);
  }
  assert.ok(!server.log.some((line) => line.includes("client_document_unavailable")));
});

test("I18 domains can be allowed and denied, before anything is fetched", async (t) => {
  const allowing = await start(t, {
    CIMD_ALLOWED_DOMAINS: "good.example,other.example",
    CIMD_DENIED_DOMAINS: "bad.good.example",
  });
  const denying = await start(t, { CIMD_DENIED_DOMAINS: "Evil.example.,bücher.example" });
  for (const [server, id] of [
    [allowing, "https://elsewhere.example/c"],
    [allowing, "https://notgood.example/c"],
    [allowing, "https://bad.good.example/c"],
    [denying, "https://evil.example/c"],
    [denying, "https://a.evil.example/c"],
    [denying, "https://EVIL.example:8443/c"],
    [denying, "https://%65vil.example/c"],
    [denying, "https://b%C3%BCcher.example/c"],
    [denying, "https://xn--bcher-kva.example/c"],
  ] as const) {
    assert.match((await open(server, id)).html, /not accepted here/, id);
    assert.ok(!server.log.some((line) => line.includes("client_document_unavailable")));
  }
  assert.match((await open(allowing, "https://app.good.example/c")).html, /cannot check who/);
});

test("a denied domain is not reached by a dot after its name, and what an earlier version stored of it opens nothing", async (t) => {
  const server = await start(t, { CIMD_DENIED_DOMAINS: "evil.example" });
  for (const host of ["evil.example.", "a.evil.example.", "evil。example。"]) {
    const id = `https://${host}/c`;
    await server.addClient({
      id,
      authMethod: "none",
      redirectUris: [redirectUri],
      metadata: { name: "Evil" },
      dynamicallyRegistered: true,
    });
    assert.match((await open(server, id)).html, /does not know/, id);
  }
});

test("client identifiers are compared as they stand: neither case nor a default port is folded", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "documents-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const id = "https://app.example.com/client.json";
  const document = { client_id: id, client_name: "Pinned", redirect_uris: ["http://localhost/callback"] };
  writeFileSync(join(folder, "app.json"), JSON.stringify(document));
  const withPort = "https://ports.example.com:443/client.json";
  writeFileSync(join(folder, "port.json"), JSON.stringify({ ...document, client_id: withPort }));
  const server = await start(t, { CIMD_DOCUMENTS: folder });
  assert.match((await open(server, id)).html, /name="decision"/);
  assert.match((await open(server, withPort)).html, /name="decision"/);
  for (const other of [
    "https://app.example.com:443/client.json",
    "https://APP.example.com/client.json",
    "https://app.example.com/%63lient.json",
    "https://ports.example.com/client.json",
  ]) {
    assert.match((await open(server, other)).html, /cannot check who/, other);
    assert.equal(await server.store.findClient(other), undefined, other);
  }
});

test("pinned documents are used instead of fetched ones", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "documents-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const id = "https://app.example.com/client.json";
  const document = { client_id: id, client_name: "Pinned", redirect_uris: ["http://localhost/callback"] };
  writeFileSync(join(folder, "app.json"), JSON.stringify(document));
  const server = await start(t, { CIMD_DOCUMENTS: folder });
  const tokens = await tokensFor(server, { id, redirectUri, ...pkce() });
  assert.ok(tokens.access_token);
});

test("well-known clients get in though their documents cannot be fetched", async (t) => {
  const server = await start(t);
  const clients = [
    ["https://claude.ai/oauth/claude-code-client-metadata", redirectUri, "Claude Code"],
    [
      "https://claude.ai/oauth/mcp-oauth-client-metadata",
      "https://claude.ai/api/mcp/auth_callback",
      "Claude",
    ],
    ["https://vscode.dev/oauth/client-metadata.json", "https://vscode.dev/redirect", "Visual Studio Code"],
    ["https://chatgpt.com/oauth/abc123/client.json", "https://chatgpt.com/connector/oauth/abc123", "ChatGPT"],
    ["https://chatgpt.com/oauth/codex/client.json", "http://127.0.0.1:40000/callback", "Codex"],
    ["https://chatgpt.com/oauth/codex/a1B_2/client.json", "http://127.0.0.1:40000/callback/a1B_2", "Codex"],
  ] as const;
  for (const [id, redirect, name] of [...clients, ...clients]) {
    const { html } = await open(server, id, redirect);
    assert.match(html, /name="decision"/, `${id}: ${html}`);
    assert.match(html, new RegExp(`class="name">${name}`), id);
    assert.ok(html.includes(`Published by <bdi><span class="subdomain"></span>${new URL(id).host}</bdi>`));
  }
  // Told once for each document, and as no warning: offline that is how it is.
  const told = server.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ client }) => client);
  const copies = told.filter(({ event }) => event === "client_document_copy_used");
  assert.deepEqual(
    copies.map(({ client }) => client),
    clients.map(([id]) => id),
  );
  assert.match(
    String(copies[0]?.detail),
    /^used the copy that ships with Gatehouse until claude\.ai can be asked/,
  );
  assert.deepEqual(
    told.filter(({ level }) => level === "warn"),
    [],
  );
});

test("switched off, documents are neither advertised nor fetched, but who has a record stays", async (t) => {
  const web = await startDocumentServer();
  t.after(() => web.close());
  assert.equal((await metadataOf(await start(t))).client_id_metadata_document_supported, true);
  const off = await start(t, { CIMD: "off" }, "dev");
  assert.equal("client_id_metadata_document_supported" in (await metadataOf(off)), false);
  web.publish("/c", { client_id: `${web.url}/c`, client_name: "C", redirect_uris: [redirectUri] });
  assert.match((await open(off, `${web.url}/c`)).html, /does not know/);
  assert.equal(web.fetches("/c"), 0);
});
