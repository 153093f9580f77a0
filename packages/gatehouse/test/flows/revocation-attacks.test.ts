import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyClient, revokeByLink } from "../support/legacy-client.ts";
import {
  aPublicClient,
  isActive,
  post,
  postBody,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse({ HOME_URL: "https://home.example.com/welcome" });
  await server.addResource(resource);
  client = await aPublicClient(server);
  await aLegacyClient(server);
});
after(() => server?.stop());

const revoke = (form: Record<string, string | undefined>) =>
  post(server, "/revoke", { client_id: client.id, ...form });
const revokeJson = (body: string) => postBody(server, "/revoke", body, "application/json");

test("K-n1 a sign-out link leads nowhere else", async () => {
  for (const callback of [
    "https://evil.example",
    "//evil",
    "https:\\\\evil",
    "javascript:alert(1)",
    "https://app.example.com.evil.example/",
    "https://app.example.com@evil.example/",
    "http://app.example.com/auth/",
    "https://app.example.com:8443/auth/",
    "/relative",
  ]) {
    const answer = await revokeByLink(server, { token: "x", callback });
    assert.equal(answer.headers.get("location"), "https://home.example.com/welcome", callback);
  }
});

test("K-n3 who holds no token ends none: neither a part of it, nor a forged one, nor what its grant is called", async () => {
  const { access_token, refresh_token } = await tokensFor(server, client);
  const other = await tokensFor(server, client);
  const forged = Buffer.from(refresh_token.slice("gatehouse_rt_".length), "base64url");
  forged.writeUInt8(forged.readUInt8(51) ^ 1, 51);
  for (const token of [
    access_token.slice(0, -1),
    `${access_token}x`,
    access_token.toUpperCase(),
    hash("sha256", access_token, "base64url"),
    `gatehouse_rt_${forged.toString("base64url")}`,
    refresh_token.slice(0, -4),
    client.id,
    "alice@example.com",
    "%",
    "' or '1'='1",
  ]) {
    assert.equal((await revokeJson(JSON.stringify({ token }))).status, 200, token);
    await revokeByLink(server, { token });
  }
  for (const token of [[access_token], "\u0000"]) {
    assert.equal((await revokeJson(JSON.stringify({ token }))).status, 400);
  }
  // Nor does one token take another grant's along.
  await revokeJson(JSON.stringify({ token: other.refresh_token }));
  assert.ok(await isActive(server, access_token));
  assert.equal((await refresh(server, client, refresh_token)).status, 200);
});

test("K-n4 a callback parameter never makes the answer a script", async () => {
  const response = await fetch(`${server.url}/revoke?callback=alert`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"token":"x"}',
  });
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(await response.text(), '{"ok":true,"result":{}}');
});

test("K-n5 a revocation during refreshes leaves no live descendant", async () => {
  const tokens = await tokensFor(server, client);
  const answers = await Promise.all([
    ...Array.from({ length: 10 }, () => refresh(server, client, tokens.refresh_token)),
    revoke({ token: tokens.refresh_token }),
    ...Array.from({ length: 10 }, () => refresh(server, client, tokens.refresh_token)),
  ]);
  for (const { body } of answers) {
    if (typeof body.access_token !== "string") continue;
    assert.ok(!(await isActive(server, body.access_token)));
    assert.equal((await refresh(server, client, String(body.refresh_token))).body.error, "invalid_grant");
  }
});
