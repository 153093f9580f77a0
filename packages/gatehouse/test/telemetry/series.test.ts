import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { callOutcomes } from "../../src/gateway/audit/outcome.ts";
import { auditEventNames } from "../../src/oauth/audit-events.ts";
import { oauthErrorCodes } from "../../src/oauth/messages/errors.ts";
import type { AuditEvent, IdentityProvider } from "../../src/oauth/ports.ts";
import { startMetrics } from "../../src/start/metrics.ts";
import { aDoor, aServerBehind } from "../gateway/support/door.ts";
import { post } from "../support/oauth-client.ts";
import { metricsUrlOf, seriesOf } from "./metrics.ts";

/* How many series there are, and what they can be called. */

test("Z27 labels have values of closed lists alone: under 3,000 series with all of them full, and requests of strangers add none", async (t) => {
  const behind = await aServerBehind(t, ({ body }, response) => {
    const { id } = JSON.parse(body) as { id: number };
    const result = { tools: [{ name: "listed" }], content: [] };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
  const door = await aDoor(t, behind.url, "", { METRICS_LISTEN: "127.0.0.1:0", ADMINS: "ada@example.com" });
  const scrape = async () => seriesOf(await (await fetch(metricsUrlOf(door.server))).text());
  const callOf = (name: string) =>
    JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name } });
  await door.call();
  await door.call({ body: callOf("listed") });
  const names = async () =>
    [...(await scrape()).keys()].filter((name) => !/_live_|people|counted/.test(name));
  const before = await names();
  assert.ok(before.includes('gatehouse_tool_calls_total{server="notes",tool="listed",outcome="ok"}'));
  for (const at of Array.from({ length: 40 }, (_, index) => `stranger-${index}`)) {
    const headers = { "user-agent": at, "x-forwarded-for": at, "mcp-session-id": at };
    for (const path of [`/${at}`, `/callback?error=${at}&state=${at}`, `/callback/${at}`, `/console/${at}`])
      await fetch(`${door.server.url}${path}`, { method: at.endsWith("1") ? "FOO" : "GET", headers });
    await post(door.server, "/token", { grant_type: at, client_id: at, resource: at });
    await post(door.server, "/introspect", { token: at }, { authorization: `Bearer ${at}` });
    await door.call({ body: callOf(at), headers });
    await door.call({ body: callOf(at), token: at });
  }
  assert.deepEqual(await names(), before);

  // Everything that can be counted, and what a bug or a stranger might ask for on top of it.
  const config = loadConfig({ environment: door.server.environment }, "serve");
  const many = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}-${at}`);
  const providers = many("provider", 40).map((name) => ({ ...config.providers[0], name }));
  const servers = many("server", 100);
  const metrics = startMetrics(
    { ...config, providers } as typeof config,
    () => ({ grants: 1, people: 1, at: 1 }),
    () => new Map(servers.map((name) => [name, { streams: 1, children: 1 }])),
  );
  assert.ok(metrics);
  const events = metrics.events({ emit: () => undefined, record: async () => undefined });
  const count = (event: Partial<AuditEvent> & Pick<AuditEvent, "name">) =>
    events.emit({ request: "-", ...event });
  const called = (server: string, tool: string, outcome: string) => {
    const call = { server, tool, outcome, status: 200, milliseconds: 1 };
    count({ name: "tool_called", call: { ...call, session: undefined, arguments: undefined } });
  };
  metrics.store(door.server.store);
  const measured = metrics.providers({
    all: providers as unknown as IdentityProvider[],
    find: () => undefined,
  });
  assert.equal(measured.all.length, 40);
  const endpoints = new Set(before.map((name) => /endpoint="([^"]+)"/.exec(name)?.[1] ?? "other"));
  const notes = [...endpoints].map((endpoint) => metrics.edge.measure?.(endpoint));
  for (const note of notes) for (const code of oauthErrorCodes) note?.(code, 1);
  for (const name of auditEventNames) count({ name });
  for (const { name } of providers) count({ name: "sign_in", provider: name });
  for (const server of servers) metrics.listed(server, many("tool", 50));
  for (const server of servers)
    for (const tool of many("tool", 50)) for (const outcome of callOutcomes) called(server, tool, outcome);
  const seriesNow = () =>
    metrics
      .snapshot()
      .flatMap(({ name, values }) =>
        values.map((value) => `${value.metricName ?? name} ${JSON.stringify(value.labels)}`),
      );
  const full = seriesNow();
  assert.equal(new Set(full).size, full.length);
  assert.ok(full.length <= 3000, `${full.length} series`);
  for (let at = 0; at < 100_000; at++) {
    const hostile = `hostile-${at}`;
    called(servers[at % 100] ?? "", hostile, "ok");
    count({ name: "sign_in_failed", provider: hostile, error: hostile, address: hostile });
    count({ name: "limit_reached", reason: hostile, subject: hostile, client: hostile });
    notes[at % notes.length]?.(hostile, 1);
  }
  assert.deepEqual(seriesNow(), full);
  assert.doesNotMatch(full.join(), /hostile|stranger/);
});
