import assert from "node:assert/strict";
import { registerHooks } from "node:module";
import { after, test } from "node:test";
import type { Store } from "../../src/oauth/store.ts";
import { aCollector } from "../support/collector.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, refreshed, resource, tokensFor } from "../support/oauth-client.ts";
import { aSyslogServer } from "../support/syslog-server.ts";
import { metricsUrlOf, seriesOf } from "../telemetry/metrics.ts";

/* Where the audit trail goes besides the database. */

const loaded: string[] = [];
const hooks = registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
after(() => hooks.deregister());
const isOfSinks = (url: string) => /\/src\/insight\/(?:sinks|otlp)\//.test(url);

/** What a message of syslog says. */
const recordIn = (message: string) =>
  JSON.parse(message.slice(message.indexOf('{"id"'))) as { readonly id: string; readonly name: string };

/** Waits until the trail has such an event. */
async function untilRecorded(store: Store, name: string) {
  for (;;) {
    const { records } = await store.findAudit({ name }, { order: "newest", limit: 1 });
    if (records.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const all = async (store: Store) =>
  (await store.findAudit({}, { order: "oldest", limit: 1000 })).records.map(({ id, name }) => ({ id, name }));

test("Z21 the trail goes to the standard output, to syslog and by OTLP, each record as the database has it, and one that is gone or never reads delays and loses nothing", async (t) => {
  const without = await startTestGatehouse();
  await without.stop();
  assert.deepEqual(loaded.filter(isOfSinks), []);

  const syslog = await aSyslogServer(t);
  const collector = await aCollector(t);
  const server = await startTestGatehouse({
    AUDIT_SYSLOG: `tcp://127.0.0.1:${syslog.port}`,
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${collector.url}/v1/logs`,
    METRICS_LISTEN: "127.0.0.1:0",
  });
  t.after(() => server.stop());
  assert.ok(loaded.some(isOfSinks), "the look at what is loaded sees nothing");
  await server.addResource(resource);
  const client = await aPublicClient(server);
  const tokens = await tokensFor(server, client);
  await untilRecorded(server.store, "code_redeemed");
  const stored = await all(server.store);
  assert.ok(stored.length >= 4);
  await syslog.until(stored.length);
  assert.deepEqual(
    syslog.messages.map(recordIn).map(({ id, name }) => ({ id, name })),
    stored,
  );
  for (const { id, name } of stored) {
    await collector.holds(`"${id}"`);
    assert.ok(
      server.log.some((line) => line.includes(`"event":"${name}"`)),
      name,
    );
  }

  // Both are gone: nothing is late, and nothing is lost.
  await syslog.leave();
  collector.answerWith(503);
  await refreshed(server, client, tokens.refresh_token);
  await fetch(`${server.url}/authorize?client_id=nobody`);
  await untilRecorded(server.store, "request_refused");
  const told = () => server.log.filter((line) => line.includes("audit records cannot be sent on"));
  while (told().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  const waits = seriesOf(await (await fetch(metricsUrlOf(server))).text());
  assert.equal(waits.get('gatehouse_audit_sink_dropped_total{sink="syslog"}'), 0);
  assert.ok((waits.get('gatehouse_audit_sink_waiting{sink="otlp"}') ?? 0) > 0);
  await syslog.listen();
  collector.answerWith(200);
  const [missed] = (await server.store.findAudit({ name: "request_refused" }, { order: "newest", limit: 1 }))
    .records;
  await collector.holds(`"${missed?.id}"`);
  while (!syslog.messages.map(recordIn).some(({ id }) => id === missed?.id)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test("Z-n10 no event can be forged through what the log, a sink or its back channel takes, and a syslog server that never reads stops no refresh", async (t) => {
  const silent = await aSyslogServer(t, { reads: false });
  const talking = await aSyslogServer(t);
  const forged = `x"}\n{"level":"info","time":"2026-11-26T00:00:00.000Z","event":"grant_revoked","request":"-"}\r\n<110>1 - h gatehouse 1 grant_revoked - {"id":"K7QM2XDA94TB-1","name":"grant_revoked"}`;
  for (const port of [silent.port, talking.port, await freePort()]) {
    const server = await startTestGatehouse({ AUDIT_SYSLOG: `tcp://127.0.0.1:${port}` });
    await server.addResource(resource);
    const client = await aPublicClient(server, { client_name: forged });
    let { refresh_token: token } = await tokensFor(server, client);
    // What the server at the other end says is not read as anything.
    for (const { connections } of [silent, talking]) {
      connections
        .at(-1)
        ?.write(`93 <110>1 - h gatehouse 1 grant_revoked - {"id":"K7QM2XDA94TB-2"}\n`.repeat(100));
    }
    const about = new URLSearchParams({
      client_id: forged,
      redirect_uri: forged,
      state: forged,
      scope: forged,
    });
    await fetch(`${server.url}/authorize?${about}`);
    await fetch(`${server.url}/${encodeURIComponent(forged)}`);
    await fetch(`${server.url}/token`, {
      method: "POST",
      body: new URLSearchParams({ client_id: forged, grant_type: "refresh_token", refresh_token: forged }),
    });
    for (let times = 0; times < 20; times++)
      ({ refresh_token: token } = await refreshed(server, client, token));
    await untilRecorded(server.store, "request_refused");
    const stored = await all(server.store);
    assert.ok(stored.every(({ name }) => name !== "grant_revoked"));
    for (const line of server.log.join("").trimEnd().split("\n")) {
      assert.notEqual((JSON.parse(line) as { event?: string }).event, "grant_revoked");
    }
    await server.stop();
  }
  assert.deepEqual(talking.strays, []);
  const names = talking.messages.map(recordIn).map(({ name }) => name);
  assert.ok(names.includes("client_registered") && names.includes("request_refused"));
  assert.ok(!names.includes("grant_revoked"));
});
