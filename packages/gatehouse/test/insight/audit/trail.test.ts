import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { withoutFloods } from "../../../src/insight/audit/flood.ts";
import { auditKeyOf } from "../../../src/insight/audit/seals.ts";
import { verifyAudit } from "../../../src/insight/audit/verify.ts";
import type { AuditEvent } from "../../../src/oauth/ports.ts";
import { type Store, StoreUnavailableError } from "../../../src/oauth/store.ts";
import { configuredKey } from "../../../src/oauth/tokens/secret-keys.ts";
import { startTestGatehouse, type TestGatehouse } from "../../support/gatehouse.ts";
import { aPublicClient, post, resource, type TestClient, tokensFor } from "../../support/oauth-client.ts";

/** What whoever is no client and no person can cause. */
const floodable = [
  "request_refused",
  "not_found",
  "introspection_refused",
  "client_authentication_failed",
  "limit_reached",
  "sign_in_failed",
  "sign_in_cancelled",
  "passkey_refused",
  "client_registered",
  "client_document_unavailable",
] as const;

let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

const recordsNamed = async (store: Store, name: string) =>
  (await store.findAudit({ name }, { order: "newest", limit: 100 })).records;

test("Z16 a revocation stands in the trail before it is answered, other events soon after; while they are refused they wait, readyz warns, and none is lost", async () => {
  const revoke = async () => {
    const { refresh_token } = await tokensFor(server, client);
    return post(server, "/revoke", { client_id: client.id, token: refresh_token });
  };
  assert.equal((await revoke()).status, 200);
  const [revoked, ...others] = await recordsNamed(server.store, "token_revoked");
  assert.deepEqual([revoked?.client, others.length], [client.id, 0]);
  while ((await recordsNamed(server.store, "sign_in")).length === 0) await turn();

  const readiness = async () => {
    server.clock.advance(1);
    return (await (await fetch(`${server.url}/readyz`)).json()) as { status: string; warnings?: string[] };
  };
  assert.equal((await readiness()).warnings, undefined);
  const { appendAudit } = server.store;
  Object.assign(server.store, {
    appendAudit: () => Promise.reject(new StoreUnavailableError("the database cannot answer")),
  });
  const refused = await revoke();
  assert.equal(refused.status, 503, "it may have ended, and nobody says so");
  const { status, warnings } = await readiness();
  assert.equal(status, "ready");
  assert.deepEqual(warnings, [
    "the audit trail cannot be written: events wait, and are lost once too many do",
  ]);
  assert.equal((await recordsNamed(server.store, "token_revoked")).length, 1);
  Object.assign(server.store, { appendAudit });
  assert.equal((await revoke()).status, 200);
  assert.equal((await readiness()).warnings, undefined);
  assert.equal((await recordsNamed(server.store, "token_revoked")).length, 3, "what waited, and the new one");
});

test("a server ends its chain when it stops, and tells where in its log", async () => {
  const stopping = await startTestGatehouse();
  await aPublicClient(stopping);
  const { close } = stopping.store;
  let verdict: Awaited<ReturnType<typeof verifyAudit>> | undefined;
  const { readings } = await configuredKey("a secret key of the tests of at least 32 characters");
  const head = () =>
    stopping.log.map((line) => JSON.parse(line)).findLast(({ event }) => event === "audit_head")?.detail;
  // What is looked at is as it was left.
  Object.assign(stopping.store, {
    close: async () => {
      const keys = readings.map(auditKeyOf);
      verdict = await verifyAudit({ store: stopping.store, keys, heads: [head()] });
      await close();
    },
  });
  await stopping.stop();
  assert.deepEqual(verdict?.findings, []);
  assert.ok(verdict?.notes.includes(`the head ${head()} is there`));
  assert.equal(verdict?.heads[0], head());
});

test("strangers cannot push out the trail: of what they can cause so many a minute are written, and then how many more", () => {
  const added: AuditEvent[] = [];
  let now = 1_800_000_000_000;
  const add = withoutFloods(
    (event) => added.push(event),
    () => now,
  );
  for (let at = 0; at < 1000; at++) add({ name: "request_refused", request: "r" });
  for (let at = 0; at < 1000; at++) add({ name: "sign_in_failed", request: "r" });
  for (let at = 0; at < 1000; at++) add({ name: "sign_in", request: "r" });
  const count = (name: string) => added.filter((event) => event.name === name).length;
  assert.deepEqual([count("request_refused"), count("sign_in_failed"), count("sign_in")], [20, 100, 1000]);
  now += 60_000;
  add({ name: "not_found", request: "r" });
  assert.deepEqual(
    added.slice(-3).map(({ name, count: more }) => [name, more]),
    [
      ["request_refused", 980],
      ["sign_in_failed", 900],
      ["not_found", undefined],
    ],
  );
});

test("a flood that goes on for days leaves some thousand records a day, which tell its size", () => {
  const added: AuditEvent[] = [];
  const start = Date.parse("2026-11-26T00:00:00Z");
  let now = start;
  const add = withoutFloods(
    (event) => added.push(event),
    () => now,
  );
  const days = 3;
  for (; now < start + days * 86_400_000; now += 60_000)
    for (const name of floodable) for (let at = 0; at < 200; at++) add({ name, request: "r" });
  assert.ok(added.length < days * 30_000, `${added.length}`);
  now += 3_600_000;
  add({ name: "not_found", request: "r" });
  for (const name of floodable) {
    const of = added.filter((event) => event.name === name);
    const told = of.reduce((sum, { count }) => sum + (count ?? 1), 0);
    assert.equal(told - (name === "not_found" ? 1 : 0), days * 1440 * 200, name);
  }
});
