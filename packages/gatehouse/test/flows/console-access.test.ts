import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { openConsole, signInAtHome } from "../support/console.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { resource } from "../support/oauth-client.ts";
import type { UserAgent } from "../support/user-agent.ts";

/* Asking the rules of access, in the console. */

let server: TestGatehouse;
let boss: UserAgent;
const id = shortIdOf(canonicalResource(resource));
before(async () => {
  server = await startTestGatehouse({ ADMINS: "boss@example.com", ACCESS_TOKEN_TTL: "10m" });
  await server.addResource(resource, { "notes:read": "Read your notes", "notes:write": "Change them" });
  await signInAtHome(server, "ada");
  await signInAtHome(server, "eve");
  boss = await signInAtHome(server, "boss");
});
after(() => server.stop());

const ask = (about: Readonly<Record<string, string>>) =>
  openConsole(server, boss, `/access?${new URLSearchParams(about)}`);

test("whether somebody may use an MCP server is told rule by rule, by the rules in force, as the command tells it", async () => {
  const without = await ask({ person: "ada@example.com", resource });
  assert.match(without.html, /Allowed: notes:read notes:write/);
  assert.match(without.html, /there are no rules, so whoever the provider may speak for/);
  assert.match(without.html, /A changed rule ends access within 10 minutes\./);

  await server.reload(`access:
  sign_in:
    - allow: { domain: [example.com] }
    - deny: { address: [eve@example.com] }
  resources:
    ${id}:
      - allow: { address: [ada@example.com] }
      - deny: { everyone: true }
        scopes: ["notes:write"]
`);
  const [ada] = await server.store.findAccounts("ada@example.com");
  const allowed = await ask({ person: ada?.subject ?? "", resource: id });
  for (const told of [
    /class="state ok">Allowed: notes:read</,
    /Not allowed: notes:write/,
    /<strong>matched<\/strong> <span>allow <bdi>domain example\.com<\/bdi><\/span> <code>access\.sign_in\[0\]/,
    /<strong>not: address<\/strong> <span>deny <bdi>address eve@example\.com<\/bdi>/,
    /deny <bdi>everyone, scopes notes:write<\/bdi>/,
    new RegExp(`href="/console/person\\?subject=${ada?.subject}"><bdi>ada@example\\.com`),
  ]) {
    assert.match(allowed.html, told);
  }
  const narrow = await ask({ person: "ada@example.com", resource, scope: "notes:write" });
  assert.match(narrow.html, /class="state refused">Refused: nothing of what is asked for is left\./);
  const denied = await ask({ person: "EVE@example.com", resource });
  assert.match(denied.html, /Refused: a deny rule is about them\./);

  await server.store.blockAccount(ada?.subject ?? assert.fail(), server.clock.now());
  assert.match((await ask({ person: "ada@example.com", resource })).html, /Refused: blocked since/);
  await server.store.unblockAccount(ada?.subject ?? assert.fail());
});

test("who or what is not there, and what no scope is, is said in place of an answer, and whatever was typed is harmless", async () => {
  const evil = '"><script>alert(1)</script>\u202E';
  for (const [about, told] of [
    [{ person: "nobody@example.com", resource }, /nobody signed in here as nobody@example\.com/],
    [{ person: "user_nobody", resource: id }, /nobody signed in here as user_nobody/],
    [{ person: "ada@example.com", resource: "https://other.example/mcp" }, /there is no resource https:/],
    [{ person: "ada@example.com", resource, scope: 'a"b' }, /a character that is not allowed/],
    [{ person: evil, resource: evil, scope: evil }, /nobody signed in here as &quot;&gt;&lt;script&gt;/],
    [{ person: "ada@example.com", resource: evil }, /there is no resource &quot;&gt;&lt;script&gt;/],
  ] as const) {
    const page = await ask(about);
    assert.equal(page.response.status, 200);
    assert.match(page.html, told);
    assert.doesNotMatch(page.html, /<script|Allowed:|Refused:/);
  }
  const half = await ask({ person: "ada@example.com" });
  assert.match(half.html, /value="ada@example\.com"/);
  assert.doesNotMatch(half.html, /role="alert"|Allowed:|Refused:/);
  assert.equal((await boss.request(`${server.url}/console/access?person=%00&resource=x`)).status, 400);
});

test("the page changes nothing, and is an unknown path to who is no administrator", async () => {
  const answer = await boss.request(`${server.url}/console/access`, {
    method: "POST",
    body: new URLSearchParams({ person: "ada@example.com", resource }),
    headers: { origin: server.issuer, "sec-fetch-site": "same-origin" },
  });
  assert.equal(answer.status, 405);
  const ada = await signInAtHome(server, "ada");
  const path = `/console/access?${new URLSearchParams({ person: "ada@example.com", resource })}`;
  assert.equal((await ada.request(server.url + path)).status, 404);
  assert.equal((await fetch(server.url + path)).status, 404);
});
