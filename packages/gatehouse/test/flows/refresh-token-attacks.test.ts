import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  isActive,
  refresh,
  refreshed,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { isRefused } from "../support/refusals.ts";

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read", "notes:write": "Write" });
  await server.addResource("https://other.example.com/mcp");
  client = await aPublicClient(server);
});
after(() => server?.stop());

const next = (token: string) => refreshed(server, client, token);

test("G-n1 a thief who refreshes first and an owner who comes late end both without working tokens", async () => {
  const first = await tokensFor(server, client);
  const thiefs = await next(first.refresh_token);
  server.clock.advance(61); // past the replay window
  const owners = await next(first.refresh_token);
  await isRefused(refresh(server, client, thiefs.refresh_token));
  await isRefused(refresh(server, client, owners.refresh_token));
  for (const { access_token } of [first, thiefs, owners]) assert.ok(!(await isActive(server, access_token)));
});

test("G-n2 nothing but a refresh token refreshes", async () => {
  const tokens = await tokensFor(server, client);
  for (const token of [tokens.access_token, await aCode(server, client), client.id, client.verifier]) {
    await isRefused(refresh(server, client, token));
  }
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
});

test("G-n6 a tampered or forged refresh token harms nobody", async () => {
  const tokens = await tokensFor(server, client);
  await next(tokens.refresh_token); // so that generation 1 is an old one
  server.clock.advance(61);
  for (let at = "gatehouse_rt_".length; at < tokens.refresh_token.length; at += 5) {
    const replaced = tokens.refresh_token.charAt(at) === "A" ? "B" : "A";
    const forged = tokens.refresh_token.slice(0, at) + replaced + tokens.refresh_token.slice(at + 1);
    await isRefused(refresh(server, client, forged));
  }
  assert.ok(await isActive(server, tokens.access_token), "no forgery revoked the grant");
});

test("G-n7 a thief who is late, then the owner with the generation that was skipped: the grant ends for both", async () => {
  const stolen = await tokensFor(server, client);
  const owners = await next(stolen.refresh_token);
  server.clock.advance(3600);
  const thiefs = await next(stolen.refresh_token);
  assert.notEqual(thiefs.refresh_token, owners.refresh_token);
  assert.ok(await isActive(server, thiefs.access_token));
  await isRefused(refresh(server, client, owners.refresh_token));
  await isRefused(refresh(server, client, thiefs.refresh_token));
  for (const { access_token } of [stolen, owners, thiefs]) assert.ok(!(await isActive(server, access_token)));
});

test("G-n8 a thief one step behind for twenty rounds, always late, is noticed at the owner's first refresh", async () => {
  // Whether the thief presents the same token again and again, or goes on with what it is answered.
  for (const greedy of [false, true]) {
    const stolen = await tokensFor(server, client);
    const owners = await next(stolen.refresh_token);
    let behind = stolen.refresh_token;
    let newest = "";
    for (let round = 0; round < 20; round++) {
      server.clock.advance(61);
      newest = (await next(behind)).refresh_token;
      if (greedy) {
        behind = newest;
        newest = (await next(behind)).refresh_token;
      }
      assert.match(newest, /^gatehouse_rt_/, `round ${round}`);
    }
    await isRefused(refresh(server, client, owners.refresh_token));
    assert.match(server.log.findLast((line) => line.includes("refresh_reused")) ?? "", /"reason":"skipped"/);
    await isRefused(refresh(server, client, newest));
    await isRefused(refresh(server, client, behind));
  }
});

test("G-n10 a forged generation ahead of the live one is refused and changes nothing", async () => {
  const tokens = await tokensFor(server, client);
  const [, encoded = ""] = tokens.refresh_token.split("gatehouse_rt_");
  for (const generation of [2, 9, 0x7fffffff, 0xffffffff]) {
    const bytes = Buffer.from(encoded, "base64url");
    bytes.writeUInt32BE(generation, 16);
    await isRefused(refresh(server, client, `gatehouse_rt_${bytes.toString("base64url")}`));
  }
  assert.ok(await isActive(server, tokens.access_token));
  const { refresh_token } = await next(tokens.refresh_token);
  assert.equal(Buffer.from(refresh_token.slice(13), "base64url").readUInt32BE(16), 2, "the next generation");
});

test("G-n11 the name of a known client buys nothing where its answers go to other places than that client's", async () => {
  for (const [name, redirectUris] of [
    ["Codex", ["https://evil.example/callback"]],
    ["Codex", ["http://127.0.0.1:4000/elsewhere"]],
    ["Codex", ["http://127.0.0.1:4000/callback", "https://evil.example/callback"]],
    ["Claude", ["https://claude.ai.evil.example/api/mcp/auth_callback"]],
    ["ChatGPT", ["http://127.0.0.1:4000/connector/oauth/x"]],
  ] as const) {
    const pretender = await aPublicClient(server, { client_name: name, redirect_uris: redirectUris });
    const { refresh_token: old } = await tokensFor(server, pretender);
    let live = old;
    for (let round = 0; round < 10; round++)
      live = String((await refresh(server, pretender, live)).body.refresh_token);
    await isRefused(refresh(server, pretender, old));
    await isRefused(refresh(server, pretender, live));
  }
});
