import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { after, test } from "node:test";
import { aDoor, aServerBehind } from "../gateway/support/door.ts";
import { aCollector } from "../support/collector.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, redeem, refresh, resource, tokensFor } from "../support/oauth-client.ts";

/* What goes to a collector of OpenTelemetry, and what does not. */

const loaded: string[] = [];
const hooks = registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
after(() => hooks.deregister());
const isOfSpans = (url: string) => /\/src\/insight\/(?:spans|otlp)\//.test(url);

/** A span's attribute names, of a request: nothing else may stand there. */
const ofRequests = new Set([
  ...["http.request.method", "http.route", "http.response.status_code", "url.scheme"],
  ...["server.address", "server.port", "error.type", "gatehouse.reference", "gatehouse.server"],
]);

test("Z29 requests go out as spans by the standard variables and names, with store and provider within, and unset nothing is loaded", async (t) => {
  const disabled = { OTEL_SDK_DISABLED: "TRUE", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
  for (const unset of [{}, disabled]) {
    const silent = await startTestGatehouse(unset);
    assert.equal((await fetch(`${silent.url}/.well-known/oauth-authorization-server`)).status, 200);
    await silent.stop();
  }
  assert.deepEqual(loaded.filter(isOfSpans), []);

  const collector = await aCollector(t);
  const server = await startTestGatehouse({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/base/`,
    OTEL_LOGS_EXPORTER: "none",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20of-the-collector",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_SERVICE_NAME: "door",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=trial%20run,service.name=other",
  });
  t.after(() => server.stop());
  assert.ok(loaded.some(isOfSpans), "the look at what is loaded sees nothing");
  const warning = server.log.find((line) => line.includes("OTEL_EXPORTER_OTLP_PROTOCOL"));
  assert.match(warning ?? "", /"level":"warn".*OTEL_EXPORTER_OTLP_PROTOCOL=grpc is ignored: .*http\/json/);

  await server.addResource(resource);
  const client = await aPublicClient(server);
  await tokensFor(server, client);
  await redeem(server, client, "no-code");
  await fetch(`${server.url}/ada@example.com/etc?token=secret`, { method: "PROPFIND" });

  const token = await collector.span(
    ({ name, attributes }) => name === "POST /token" && attributes["http.response.status_code"] === 200,
  );
  assert.equal(token.kind, 2);
  assert.ok(BigInt(token.endTimeUnixNano) >= BigInt(token.startTimeUnixNano));
  const { port } = new URL(server.issuer);
  const { "gatehouse.reference": reference, ...attributes } = token.attributes;
  assert.deepEqual(attributes, {
    "http.request.method": "POST",
    "http.route": "/token",
    "http.response.status_code": 200,
    "url.scheme": "http",
    "server.address": "localhost",
    "server.port": Number(port),
  });
  assert.ok(
    server.log.some((line) => line.includes(`"${reference}"`)),
    "the reference is in the log",
  );
  const refused = await collector.span(({ attributes: of }) => of["error.type"] === "invalid_grant");
  assert.deepEqual([refused.name, refused.isError], ["POST /token", false]);
  const strange = await collector.span(({ name }) => name === "HTTP");
  assert.equal(strange.attributes["http.request.method"], "_OTHER");
  assert.equal("http.route" in strange.attributes, false);

  const parts = collector.spans.filter(({ parentSpanId }) => parentSpanId === token.spanId);
  assert.ok(parts.some(({ attributes: of }) => of["db.operation.name"] !== undefined));
  assert.ok(parts.every(({ traceId }) => traceId === token.traceId));
  const callback = await collector.span(({ name }) => name === "GET /callback");
  await collector.span(
    ({ name, parentSpanId }) => name === "completeSignIn" && parentSpanId === callback.spanId,
  );

  for (const span of collector.spans.filter(({ kind }) => kind === 2)) {
    assert.deepEqual(
      Object.keys(span.attributes).filter((name) => !ofRequests.has(name)),
      [],
    );
  }
  for (const { path, headers } of collector.requests) {
    assert.equal(path, "/base/v1/traces");
    assert.equal(headers.authorization, "Bearer of-the-collector");
    assert.equal(headers["content-type"], "application/json");
  }
  const [about] = collector.resources;
  assert.equal(about?.["service.name"], "door");
  assert.equal(about?.["deployment.environment.name"], "trial run");
  assert.doesNotMatch(
    collector.bodies.join(),
    /ada@example|of-the-collector|the-clients-state|127\.0\.0\.1:33418/,
  );
});

test("Z04 what a request says of its own trace is a link, decides nothing for a stranger, and goes on with a parent-id of ours", async (t) => {
  const theirs = "0af7651916cd43dd8448eb211c80319c";
  const sampled = `00-${theirs}-b7ad6b7169203331-01`;
  const behind = await aServerBehind(t);
  const collector = await aCollector(t);
  const traced = await aDoor(t, behind.url, "", {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
  });
  const call = async (headers: Record<string, string>) => {
    const answer = await traced.call({ headers });
    assert.equal(answer.status, 200);
    return { reference: answer.headers.get("x-request-id"), sent: behind.received.at(-1)?.headers };
  };

  const { sent } = await call({ traceparent: sampled, tracestate: "vendor=1" });
  const [, traceId, spanId, flags] = String(sent?.traceparent).split("-");
  assert.deepEqual([traceId, flags, sent?.tracestate], [theirs, "01", "vendor=1"]);
  const onward = await collector.span((span) => span.spanId === spanId);
  assert.deepEqual([onward.traceId, onward.parentSpanId, onward.kind], [theirs, "b7ad6b7169203331", 3]);
  assert.equal(onward.attributes["http.response.status_code"], 200);
  const ours = await collector.span(({ links }) => links[0]?.traceId === theirs);
  assert.notEqual(ours.traceId, theirs);
  assert.deepEqual([ours.name, ours.parentSpanId], ["POST /mcp", undefined]);
  assert.deepEqual(onward.links, [{ traceId: ours.traceId, spanId: ours.spanId }]);
  assert.ok(traced.server.log.every((line) => !line.includes(`"request":"${theirs}`)));

  const begun: { readonly own: string; readonly parent: string }[] = [];
  for (const wrong of [
    `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
    `00-${theirs}-${"0".repeat(16)}-01`,
    `ff-${theirs}-b7ad6b7169203331-01`,
    `00-${theirs}-b7ad6b7169203331-01-more`,
    `00-${theirs.toUpperCase()}-b7ad6b7169203331-01`,
    `${sampled}, ${sampled}`,
  ]) {
    const { sent: told } = await call({ traceparent: wrong, tracestate: "vendor=1" });
    const [, own = "", parent = "", flag] = String(told?.traceparent).split("-");
    assert.notEqual(own, theirs);
    assert.deepEqual([flag, told?.tracestate], ["01", undefined]);
    begun.push({ own, parent });
  }
  for (const { own, parent } of begun) {
    await collector.span((span) => span.spanId === parent && span.traceId === own);
    const request = await collector.span(({ traceId, kind }) => traceId === own && kind === 2);
    assert.deepEqual(request.links, []);
  }

  // Only where a trusted proxy says so does a request become traced that was not to be.
  const quiet = { OTEL_TRACES_SAMPLER: "parentbased_always_off", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  const strangers = await aDoor(t, behind.url, "", quiet);
  const before = collector.spans.length;
  assert.equal((await strangers.call({ headers: { traceparent: sampled } })).status, 200);
  assert.equal(
    behind.received.at(-1)?.headers.traceparent,
    sampled,
    "who does not trace passes it on as it is",
  );
  const proxied = await aDoor(t, behind.url, "", { ...quiet, TRUSTED_PROXIES: "loopback" });
  assert.equal((await proxied.call({ headers: { traceparent: sampled } })).status, 200);
  const believed = await collector.span(
    ({ links }) => links[0]?.traceId === theirs && links[0] !== ours.links[0],
  );
  assert.notEqual(believed.traceId, theirs);
  await strangers.server.stop();
  assert.deepEqual(
    collector.spans
      .slice(before)
      .filter(
        ({ attributes }) => attributes["server.port"] === Number(new URL(strangers.server.issuer).port),
      ),
    [],
  );
});

test("spans wait for a collector that does not take them, and the log says it once", async (t) => {
  const collector = await aCollector(t);
  collector.answerWith(503);
  const server = await startTestGatehouse({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_LOGS_EXPORTER: "none",
  });
  t.after(() => server.stop());
  await server.addResource(resource);
  const client = await aPublicClient(server);
  const tokens = await tokensFor(server, client);
  const told = () => server.log.filter((line) => line.includes("spans cannot be sent"));
  while (told().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
  collector.answerWith(200);
  await collector.span(({ name }) => name === "GET /callback");
  assert.equal(told().length, 1);
});
