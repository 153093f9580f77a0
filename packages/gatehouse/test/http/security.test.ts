import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { createAddressReader } from "../../src/http/client-address.ts";
import { createRateLimits } from "../../src/http/rate-limits.ts";
import { defaultBudgets } from "../../src/oauth/budgets.ts";
import type { ConsentPage } from "../../src/oauth/messages/page.ts";
import { page } from "../../src/oauth/messages/response.ts";
import { subscriberOf } from "../../src/oauth/subscriber.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { startEdge } from "./edge.ts";

const from = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as unknown as IncomingMessage;

test("S02 forwarding headers count only as far as configured proxies wrote them", () => {
  const behind = createAddressReader(["10.0.0.0/8", "loopback", "2001:db8::1"]);
  assert.equal(behind(from("10.0.0.1", "203.0.113.7")), "203.0.113.7");
  assert.equal(behind(from("::ffff:10.0.0.1", "203.0.113.7, 10.2.2.2")), "203.0.113.7");
  assert.equal(
    behind(from("::1", "198.51.100.1, 203.0.113.7")),
    "203.0.113.7",
    "what the client wrote itself",
  );
  assert.equal(behind(from("2001:db8::1", "203.0.113.7")), "203.0.113.7");
  assert.equal(behind(from("203.0.113.9", "198.51.100.1")), "203.0.113.9", "not a proxy of ours");
  assert.equal(behind(from("10.0.0.1", "garbage")), "10.0.0.1");
  assert.equal(behind(from("10.0.0.1", "203.0.113.7:4711")), "203.0.113.7", "a proxy that adds the port");
  assert.equal(behind(from("10.0.0.1", "[2001:db8::7]:4711")), "2001:db8::7");
  const alone = createAddressReader([]);
  assert.equal(alone(from("127.0.0.1", "198.51.100.1")), "127.0.0.1");
  assert.equal(alone(from("::ffff:127.0.0.1")), "127.0.0.1");
});

test("a forwarding header that is not believed is told once, with the peer's address", async (t) => {
  for (const trusted of [[], ["10.0.0.0/8"]]) {
    const told: string[] = [];
    const addressOf = createAddressReader(trusted, (peer) => told.push(peer));
    addressOf(from("192.0.2.1"));
    if (trusted.length > 0) assert.equal(addressOf(from("10.0.0.1", "198.51.100.1")), "198.51.100.1");
    assert.deepEqual(told, []);
    for (let more = 0; more < 3; more++)
      assert.equal(addressOf(from("::ffff:192.0.2.1", "198.51.100.1")), "192.0.2.1");
    assert.deepEqual(told, ["192.0.2.1"]);
  }
  const server = await startTestGatehouse();
  t.after(() => server.stop());
  for (let more = 0; more < 3; more++) {
    await fetch(`${server.url}/healthz`, { headers: { "x-forwarded-for": "198.51.100.1" } });
  }
  const lines = server.log.filter((line) => line.includes("X-Forwarded-For"));
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /"level":"warn".*from 127\.0\.0\.1 is not believed.*set TRUSTED_PROXIES/);
});

test("S-n2 a spoofed X-Forwarded-For evades no limit", async (t) => {
  const edge = await startEdge({ rateLimits: defaultBudgets });
  t.after(() => edge.close());
  const statuses = new Set<number>();
  for (let attempt = 0; attempt < 310; attempt++) {
    const response = await fetch(`${edge.url}/page`, {
      headers: { "x-forwarded-for": `198.51.100.${attempt}` },
    });
    statuses.add(response.status);
    await response.text();
  }
  assert.deepEqual([...statuses], [200, 429]);
});

test("S08 more requests a minute than the budget of their route are 429 with Retry-After", async (t) => {
  const limits = createRateLimits({ register: { count: 2, seconds: 60 }, token: defaultBudgets.token });
  assert.equal(await limits("register", "203.0.113.7"), 0);
  assert.equal(await limits("register", "203.0.113.7"), 0);
  const wait = await limits("register", "203.0.113.7");
  assert.ok(wait >= 1 && wait <= 60);
  assert.equal(await limits("token", "203.0.113.7"), 0, "another route");
  assert.equal(await limits("register", "203.0.113.8"), 0, "another address");
  await limits("register", "2001:db8:0:1::1");
  await limits("register", "2001:db8:0:1::2");
  assert.ok((await limits("register", "2001:db8:0:1:ffff::3")) > 0, "one subscriber's whole /64");
  assert.equal(await limits("register", "2001:db8:0:2::1"), 0);
  assert.equal(subscriberOf("2001:db8:0:1::1"), subscriberOf("2001:db8:0:1:1:2:3:4"));

  const server = await startTestGatehouse({ RATE_LIMITS: "on" });
  t.after(() => server.stop());
  const form = { "content-type": "application/x-www-form-urlencoded" };
  for (const [path, type, init] of [
    ["/authorize?client_id=a", /^text\/html/, {}],
    ["/token", /^application\/json/, { method: "POST", headers: form, body: "client_id=a" }],
    ["/register", /^application\/json/, { method: "POST", body: "{}" }],
    // Whoever has a credential asks as often as it likes; only guessing one is limited.
    ["/introspect", /^application\/json/, { method: "POST", headers: { authorization: "Bearer guess" } }],
  ] as const) {
    let response = await fetch(server.url + path, init);
    for (let more = 1300; more > 0 && response.status !== 429; more--) {
      await response.arrayBuffer();
      response = await fetch(server.url + path, init);
    }
    assert.equal(response.status, 429, path);
    assert.match(response.headers.get("retry-after") ?? "", /^[1-9]\d?$/, path);
    assert.match(response.headers.get("content-type") ?? "", type, path);
  }
});

test("a crowd of addresses fills no memory: the surplus of a minute goes uncounted, the counted stay limited", async () => {
  let now = 0;
  const limits = createRateLimits({ token: { count: 1, seconds: 60 } }, { maxKeys: 2, now: () => now });
  for (const address of ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.3"]) {
    assert.equal(await limits("token", address), 0, address);
  }
  assert.ok((await limits("token", "203.0.113.1")) > 0);
  now += 60_000;
  assert.equal(await limits("token", "203.0.113.3"), 0);
  assert.ok((await limits("token", "203.0.113.3")) > 0, "the next minute has room again");
});

test("S04 pages carry no referrer, are not sniffed, and run no inline script", async (t) => {
  const edge = await startEdge();
  t.after(() => edge.close());
  for (const path of ["/page", "/broken"]) {
    const { headers } = await fetch(edge.url + path);
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.doesNotMatch(headers.get("content-security-policy") ?? "", /unsafe|script/);
  }
});

test("a form stays on our origin, except the consent form, whose answer leads to the client", async (t) => {
  // Only its kind matters here; what it shows is the business of the pages.
  const consent = page(200, { kind: "consent" } as ConsentPage);
  const ordinary = page(200, { kind: "signed-out" });
  const edge = await startEdge({
    routes: [
      { path: "/consent", audience: "person", get: async () => consent },
      { path: "/ordinary", audience: "person", get: async () => ordinary },
    ],
  });
  t.after(() => edge.close());
  const policyOf = async (path: string) =>
    (await fetch(edge.url + path)).headers.get("content-security-policy") ?? "";
  assert.match(await policyOf("/ordinary"), /form-action 'self'/);
  assert.doesNotMatch(await policyOf("/consent"), /form-action/);
  assert.match(await policyOf("/consent"), /frame-ancestors 'none'/);
});

test("S-n3 on https only __Host- cookies are set and read, so a sibling domain can plant none", async (t) => {
  const edge = await startEdge({ issuer: "https://login.example.com" });
  t.after(() => edge.close());
  const [cookie = ""] = (await fetch(`${edge.url}/page`)).headers.getSetCookie();
  assert.match(cookie, /^__Host-gatehouse-session=v; /);
  for (const attribute of ["Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=60"]) {
    assert.ok(cookie.includes(`; ${attribute}`), attribute);
  }
  assert.doesNotMatch(cookie, /domain/i);
  await fetch(`${edge.url}/document`, {
    headers: {
      cookie: "gatehouse-session=planted; __Host-gatehouse-session=ours; __Host-gatehouse-session=second",
    },
  });
  assert.deepEqual([...(edge.requests.at(-1)?.cookies ?? [])], [["gatehouse-session", "ours"]]);
  const crowd = Array.from({ length: 500 }, (_, index) => `c${index}=planted`).join("; ");
  await fetch(`${edge.url}/document`, { headers: { cookie: `${crowd}; __Host-gatehouse-session=ours` } });
  assert.deepEqual(
    [...(edge.requests.at(-1)?.cookies ?? [])],
    [["gatehouse-session", "ours"]],
    "crowded out",
  );
});

test("on loopback http cookies work in every browser: no prefix, not Secure", async (t) => {
  const edge = await startEdge();
  t.after(() => edge.close());
  const [cookie = ""] = (await fetch(`${edge.url}/page`)).headers.getSetCookie();
  assert.match(cookie, /^gatehouse-session=v; Max-Age=60; Path=\/; HttpOnly; SameSite=Lax$/);
});

test("an https issuer is told to browsers for good", async (t) => {
  const edge = await startEdge({ issuer: "https://login.example.com" });
  t.after(() => edge.close());
  assert.match(
    (await fetch(`${edge.url}/document`)).headers.get("strict-transport-security") ?? "",
    /max-age=\d{8}/,
  );
});
