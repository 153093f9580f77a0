import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { exchange } from "../support/raw-exchange.ts";
import { aDoor, aProcessBefore, aServerBehind } from "./support/door.ts";

const scopes = `    scopes:
      - { name: "notes:read", default: true }
      - { name: "notes:write" }
      - { name: "offline_access" }
`;

async function aNotesDoor(t: TestContext) {
  const behind = await aServerBehind(t);
  return { behind, door: await aDoor(t, behind.url, scopes) };
}

/** The parameters of a Bearer challenge. */
function challengeOf(answer: Response): Record<string, string> {
  const header = answer.headers.get("www-authenticate") ?? "";
  assert.match(header, /^Bearer /);
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

test("W31 every method needs a token, and is refused before its body arrives and without a word to the server", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const metadata = `${door.server.issuer}/.well-known/oauth-protected-resource/mcp`;
  for (const method of ["GET", "POST", "DELETE"]) {
    for (const headers of [
      {},
      { "last-event-id": "7", "mcp-session-id": "abc" },
      { authorization: "DPoP x" },
    ]) {
      const answer = await fetch(door.address, { method, headers });
      assert.equal(answer.status, 401);
      assert.deepEqual(challengeOf(answer), { resource_metadata: metadata, scope: "notes:read" });
      assert.equal(answer.headers.get("cache-control"), "no-store");
    }
  }
  // The body never comes: the answer does not wait for it.
  const { host, port } = new URL(door.server.url);
  const unsent = await exchange(Number(port), {
    method: "POST",
    target: "/mcp",
    headers: [
      ["Host", host],
      ["Content-Length", "9000000"],
    ],
    body: "",
  });
  assert.deepEqual([unsent.status, unsent.headers.connection], [401, "close"]);
  assert.equal(behind.received.length, 0);
});

test("a door tells a bad token from none, and refuses two in one request", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  for (const token of ["nonsense", "two words", "a".repeat(9000), ""]) {
    const answer = await door.call({ token });
    assert.equal(answer.status, 401, token.slice(0, 20));
    assert.equal(challengeOf(answer).error, "invalid_token");
    assert.equal(challengeOf(answer).resource_metadata?.endsWith("/mcp"), true);
  }
  const { access_token: token } = await door.token();
  const query = `${door.address}?access_token=${token}`;
  assert.equal((await fetch(query, { method: "POST" })).status, 401);
  const twice = await fetch(query, { method: "POST", headers: { authorization: `Bearer ${token}` } });
  assert.equal(twice.status, 400);
  assert.equal(challengeOf(twice).error, "invalid_request");
  const { host, port } = new URL(door.server.url);
  const doubled = await exchange(Number(port), {
    method: "GET",
    target: "/mcp",
    headers: [
      ["Host", host],
      ["Authorization", `Bearer ${token}`],
      ["authorization", `Bearer ${token}`],
      ["Connection", "close"],
    ],
    body: "",
  });
  assert.equal(doubled.status, 400);
  assert.equal(behind.received.length, 0);
  assert.equal(
    (await door.call({ headers: { authorization: `BEARER ${token}` } })).status,
    200,
    "the scheme's name is case-insensitive",
  );
});

test("a door that cannot ask its store lets nobody through, and says that it is worth another try", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  await door.call();
  const { findGrantAndAccount, findAccessTokenAndAccount } = door.server.store;
  const fails = () => Promise.reject(new StoreUnavailableError("the database is gone"));
  Object.assign(door.server.store, { findGrantAndAccount: fails, findAccessTokenAndAccount: fails });
  const answer = await door.call();
  Object.assign(door.server.store, { findGrantAndAccount, findAccessTokenAndAccount });
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get("retry-after"), "5");
  assert.equal(answer.headers.get("www-authenticate"), null);
  assert.equal(behind.received.length, 1);
  assert.equal((await door.call()).status, 200);
});

test("each server behind the door has its metadata where RFC 9728 puts them, and at the root's place while it is alone", async (t) => {
  const { door } = await aNotesDoor(t);
  const { issuer } = door.server;
  const expected = {
    resource: door.address,
    authorization_servers: [issuer],
    bearer_methods_supported: ["header"],
    scopes_supported: ["notes:read", "notes:write"],
  };
  const place = `${issuer}/.well-known/oauth-protected-resource`;
  for (const url of [`${place}/mcp`, `${place}/mcp/`, place]) {
    const answer = await fetch(url, { headers: { "x-forwarded-host": "evil.example" } });
    assert.deepEqual(await answer.json(), expected);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
    assert.equal((await fetch(url, { method: "OPTIONS" })).status, 204);
    const head = await fetch(url, { method: "HEAD" });
    assert.equal(head.headers.get("content-length"), answer.headers.get("content-length"));
  }
  assert.equal((await fetch(`${place}/mcp2`)).status, 404);
  const another = "  - name: other\n    path: /other\n    upstream: http://127.0.0.1:9/mcp\n";
  await door.server.reload(
    `servers:\n  - name: notes\n    path: /mcp\n    upstream: http://127.0.0.1:9/\n${another}`,
  );
  assert.equal((await fetch(place)).status, 404);
  assert.equal(
    ((await (await fetch(`${place}/other`)).json()) as { resource: string }).resource,
    `${issuer}/other`,
  );
});

test("the authorization server's metadata stand also where older clients look for them", async (t) => {
  const { door } = await aNotesDoor(t);
  const { issuer } = door.server;
  const document = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json();
  for (const path of [
    "/.well-known/oauth-authorization-server/mcp",
    "/mcp/.well-known/oauth-authorization-server",
  ]) {
    assert.deepEqual(await (await fetch(issuer + path)).json(), document, path);
  }
  // No OpenID provider: a plain 404, no challenge, so that clients look on.
  for (const path of ["/.well-known/openid-configuration/mcp", "/mcp/.well-known/openid-configuration"]) {
    const answer = await fetch(issuer + path);
    assert.deepEqual([answer.status, answer.headers.get("www-authenticate")], [404, null], path);
  }
});

test("servers with a host name each have their metadata at the root's place of their own, and the challenge names them", async (t) => {
  const more = `  - { name: files, host: files.example.com, path: /mcp, upstream: "http://127.0.0.1:9/mcp" }
  - { name: crm, host: crm.example.com, path: /mcp, upstream: "http://127.0.0.1:9/mcp" }
`;
  const environment = { BASE_URL: "https://auth.example.com" };
  const server = await aProcessBefore(t, "http://127.0.0.1:9/mcp", more, environment);
  const { port } = new URL(server.url);
  const ask = (host: string, target: string) =>
    exchange(Number(port), {
      method: "GET",
      target,
      headers: [
        ["Host", host],
        ["Connection", "close"],
      ],
      body: "",
    });
  for (const host of ["auth.example.com", "files.example.com", "crm.example.com"]) {
    for (const end of ["/mcp", ""]) {
      const { body } = await ask(host, `/.well-known/oauth-protected-resource${end}`);
      assert.equal((JSON.parse(body) as { resource: string }).resource, `https://${host}/mcp`);
    }
    const { headers, status } = await ask(host, "/mcp");
    assert.equal(status, 401);
    const named = `resource_metadata="https://${host}/.well-known/oauth-protected-resource/mcp"`;
    assert.ok(headers["www-authenticate"]?.includes(named), String(headers["www-authenticate"]));
    const issuer = await ask(host, "/.well-known/oauth-authorization-server");
    assert.equal((JSON.parse(issuer.body) as { issuer: string }).issuer, "https://auth.example.com");
  }
  const elsewhere = await ask("evil.example", "/.well-known/oauth-protected-resource");
  assert.ok(!elsewhere.body.includes("evil"), "nothing of a request has a say");
});
