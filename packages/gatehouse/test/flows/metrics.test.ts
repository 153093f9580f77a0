import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorize,
  introspect,
  redeem,
  resource,
  tokensFor,
} from "../support/oauth-client.ts";
import { metricsUrlOf, seriesOf } from "../telemetry/metrics.ts";

/* What an operator's monitoring sees: a port of its own, and nothing a stranger could fill. */

let server: TestGatehouse;
let url: string;

before(async () => {
  server = await startTestGatehouse({ METRICS_LISTEN: "127.0.0.1:0", RATE_LIMITS: "on" });
  await server.addResource(resource);
  url = metricsUrlOf(server);
});
after(() => server.stop());

const scrape = async (accept?: string) => (await fetch(url, accept ? { headers: { accept } } : {})).text();

test("Z26 names, units and types are those of Prometheus, and what can happen stands at 0 before it does", async () => {
  const fresh = await startTestGatehouse({ METRICS_LISTEN: "127.0.0.1:0" });
  const text = await (await fetch(metricsUrlOf(fresh))).text();
  await fresh.stop();
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type]) => [name, type]),
  );
  assert.ok(types.size >= 10);
  for (const [name, type] of types) {
    assert.match(name, /^gatehouse_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    if (type === "histogram") assert.match(name, /_seconds$/);
    assert.match(text, new RegExp(`^# HELP ${name} \\S.*$`, "m"));
  }
  const series = seriesOf(text);
  assert.match(text, /^gatehouse_build_info\{version="[\d.]+",node="v\d+[\d.]+"\} 1$/m);
  for (const name of [
    'gatehouse_http_requests_total{endpoint="/token",outcome="ok"}',
    'gatehouse_http_requests_total{endpoint="/introspect",outcome="ok"}',
    'gatehouse_http_requests_total{endpoint="/authorize",outcome="server_error"}',
    'gatehouse_sign_ins_total{provider="default",outcome="ok"}',
    'gatehouse_sign_ins_total{provider="default",outcome="access_denied"}',
    'gatehouse_sign_ins_total{provider="default",outcome="temporarily_unavailable"}',
    'gatehouse_events_total{event="access_refused"}',
    'gatehouse_events_total{event="refresh_reused"}',
    'gatehouse_pages_total{page="consent"}',
    'gatehouse_limits_reached_total{budget="token"}',
  ]) {
    assert.equal(series.get(name), 0, name);
  }
});

test("what people, clients and servers do is counted, with its outcome", async () => {
  const client = await aPublicClient(server);
  const before = seriesOf(await scrape());
  const tokens = await tokensFor(server, client);
  await introspect(server, tokens.access_token);
  await authorize(server, client, { decision: "deny" });
  await redeem(server, client, "no-such-code");
  const later = seriesOf(await scrape());
  const more = (name: string) => (later.get(name) ?? 0) - (before.get(name) ?? 0);
  assert.equal(more('gatehouse_http_requests_total{endpoint="/token",outcome="ok"}'), 1);
  assert.equal(more('gatehouse_http_requests_total{endpoint="/token",outcome="invalid_grant"}'), 1);
  assert.equal(more('gatehouse_http_requests_total{endpoint="/consent",outcome="access_denied"}'), 1);
  assert.equal(more('gatehouse_http_request_duration_seconds_count{endpoint="/introspect"}'), 1);
  assert.equal(more('gatehouse_http_request_duration_seconds_bucket{endpoint="/introspect",le="+Inf"}'), 1);
  assert.equal(more('gatehouse_sign_ins_total{provider="default",outcome="ok"}'), 2);
  assert.equal(more('gatehouse_provider_duration_seconds_count{provider="default"}'), 2);
  assert.equal(more('gatehouse_pages_total{page="consent"}'), 2);
  assert.equal(more('gatehouse_events_total{event="consent_approved"}'), 1);
  assert.equal(more('gatehouse_events_total{event="consent_denied"}'), 1);
  const operations = [...later].filter(([name]) =>
    /^gatehouse_store_operation_duration_seconds_count/.test(name),
  );
  assert.ok(
    operations.some(([, count]) => count > 0),
    "of many operations of the store some are timed",
  );
});

test("metrics are told on their own port alone, in the form that is asked for, and to no page in a browser", async () => {
  assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
  const plain = await fetch(url);
  assert.equal(plain.status, 200);
  assert.match(plain.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const open = await fetch(url, {
    headers: { accept: "application/openmetrics-text; version=1.0.0,text/plain;q=0.5" },
  });
  assert.match(open.headers.get("content-type") ?? "", /^application\/openmetrics-text; version=1\.0\.0/);
  const text = await open.text();
  assert.match(text, /\n# EOF\n$/);
  assert.match(text, /^# TYPE gatehouse_events counter$/m);
  assert.match(text, /^gatehouse_events_total\{event="sign_in"\} \d+$/m);
  assert.equal((await fetch(url, { method: "POST" })).status, 405);
  assert.equal((await fetch(url.replace("/metrics", "/"))).status, 404);
});

test("Z-n7 a page that rebound its name, or says its origin, is told nothing, nor is who asks the public port", async () => {
  const { port } = new URL(url);
  const get = (...lines: string[]) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => {
        socket.end(["GET /metrics HTTP/1.1", ...lines, "Connection: close", "", ""].join("\r\n"));
      });
      let answer = "";
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      socket.on("end", () => resolve(answer)).on("error", reject);
    });
  assert.match(await get(`Host: localhost:${port}`), /^HTTP\/1\.1 200 /);
  assert.match(await get(`Host: gatehouse:${port}`), /^HTTP\/1\.1 200 /, "a container's name in its network");
  for (const lines of [
    [`Host: evil.example:${port}`],
    [`Host: 127.0.0.1.evil.example:${port}`],
    [`Host: localhost:${port}`, "Origin: https://evil.example"],
    [`Host: localhost:${port}`, "Sec-Fetch-Site: cross-site"],
  ]) {
    const answer = await get(...lines);
    assert.match(answer, /^HTTP\/1\.1 403 /, lines.join());
    assert.ok(!answer.includes("gatehouse_"), lines.join());
  }
  const public_ = await fetch(`${server.url}/metrics`, { headers: { "x-forwarded-host": "localhost:9464" } });
  assert.equal(public_.status, 404);
});

test("a default port that somebody else has is warned of", async (t) => {
  const other = createServer();
  other.listen(9464, "127.0.0.1");
  // Whoever has it already does as well.
  await once(other, "listening").catch((error: NodeJS.ErrnoException) => {
    assert.equal(error.code, "EADDRINUSE");
  });
  t.after(() => other.close());
  const second = await startTestGatehouse({ METRICS_LISTEN: "" });
  t.after(() => second.stop());
  assert.match(second.log.join(""), /there are no metrics: port 9464 of 127\.0\.0\.1 is taken/);
});

test("Z-n6 strangers add no series, whatever they ask for, and none of theirs is in a label", async () => {
  const hostile = async (at: number) => {
    await fetch(`${server.url}/stranger-${at}`, { method: at % 2 ? "FOO" : "GET" });
    await fetch(`${server.url}/authorize?client_id=stranger-${at}&scope=stranger-${at}`, {
      headers: { "user-agent": `stranger-${at}`, "x-forwarded-for": `203.0.113.${at}` },
    });
    await fetch(`${server.url}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: `stranger-${at}`, redirect_uris: ["not one"] }),
    });
    await redeem(server, { id: `stranger-${at}`, redirectUri: "x", verifier: "x", challenge: "x" }, "x");
  };
  await hostile(0);
  await hostile(1);
  const before = seriesOf(await scrape());
  for (let at = 2; at < 100; at++) await hostile(at);
  const later = seriesOf(await scrape());
  const added = [...later.keys()].filter((name) => name.includes("{") && !before.has(name));
  // What is new is an outcome of ours that had not been there: a limit was reached.
  assert.ok(
    added.every((name) => /outcome="slow_down"|budget=/.test(name)),
    added.join("\n"),
  );
  assert.ok(later.size < 3000, `${later.size} series`);
  assert.doesNotMatch([...later.keys()].join(), /stranger|203\.0\.113|FOO/);
});
