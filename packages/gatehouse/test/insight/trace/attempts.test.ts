import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { trimAudit } from "../../../src/insight/audit/retention.ts";
import { sealerOf } from "../../../src/insight/audit/seals.ts";
import { createAuditWriter } from "../../../src/insight/audit/writer.ts";
import { type AttemptQuery, findAttempts } from "../../../src/insight/trace/attempts.ts";
import { followTrace, followTraces } from "../../../src/insight/trace/follow.ts";
import { readTimeline } from "../../../src/insight/trace/read.ts";
import type { AuditEvent } from "../../../src/oauth/ports.ts";
import { canonicalResource } from "../../../src/oauth/resource.ts";
import { hashSecret } from "../../../src/oauth/tokens/secret.ts";
import type { TraceStep } from "../../../src/oauth/trace-step.ts";
import type { Seconds } from "../../../src/oauth/values.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";
import { aStep } from "../../contract/traces.ts";

/* Attempts whose steps stand in the store, and whose success only the audit trail tells. */

const noon = Date.UTC(2026, 10, 26, 12);
const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;

async function aStore(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-attempts-"));
  const store = await openSqliteStore({ path: join(folder, "gatehouse.db") });
  const clock = { now: noon };
  const writer = createAuditWriter({
    store,
    key: undefined,
    instance: "web-2/7",
    random: randomBytes,
    now: () => clock.now,
    withoutSecrets: (text) => text,
  });
  t.after(async () => {
    await writer.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  /** What the audit trail tells, milliseconds after noon. */
  const tell = async (after: number, event: AuditEvent) => {
    clock.now = noon + after;
    await writer.record(event);
  };
  const redeemed = (request: string, after: number, over: Partial<AuditEvent> = {}) =>
    tell(after, {
      ...{ name: "code_redeemed", request, client: "app", subject: "user_1", grant: `g-${request}` },
      ...over,
    });
  const refreshed = (grant: string, after: number) =>
    tell(after, { name: "token_refreshed", request: "-", client: "app", subject: "user_1", grant, count: 1 });
  const registered = (request: string, after: number, over: Partial<AuditEvent> = {}) =>
    tell(after, { name: "client_registered", request, client: "app", ...over });
  const write = (reference: string, after: number, step: TraceStep["step"], over: Partial<TraceStep> = {}) =>
    store.appendTraceSteps([aStep({ reference, step, time: noon + after, client: "app", ...over })]);
  /** An attempt up to where its code is sent. */
  const sent = async (reference: string, after: number, subject = "user_1") => {
    await write(reference, after - 50, "authorization_received");
    await write(reference, after, "code_sent", { subject });
  };
  const list = async (query: Partial<AttemptQuery> = {}, limit = 100) => {
    const found = [];
    for (let after: string | undefined; ; ) {
      const about = { registeredSince: 0, now: noon, ...query };
      const page = await findAttempts(store, about, { limit, after });
      assert.ok(page.traces.length <= limit);
      found.push(
        ...page.traces.map(({ reference, last, step, outcome }) => [reference, last - noon, step, outcome]),
      );
      if (page.next === undefined) return found;
      after = page.next;
    }
  };
  return { store, clock, writer, tell, redeemed, refreshed, registered, write, sent, list };
}

test("a list says of each attempt whether tokens came of its code, as the audit trail tells, in one look for all of one time", async (t) => {
  const { store, redeemed, write, sent, list, tell } = await aStore(t);
  const minutes = Array.from({ length: 10 }, (_, at) => at);
  for (const at of minutes) await sent(`BUSY-${at}`, at * minuteMs);
  for (const at of minutes) await redeemed(`BUSY-${at}`, at * minuteMs + 300);
  await sent("NEVER", 30 * minuteMs);
  await tell(30 * minuteMs + 10, { name: "code_replayed", request: "NEVER", client: "app" });
  // Their computers' clocks do not agree.
  await sent("SKEWED", 100 * minuteMs);
  await redeemed("SKEWED", 100 * minuteMs - 500);
  // Nine minutes later, and somebody else opened a link of it in between, or afterwards.
  await sent("LATE", 200 * minuteMs);
  await write("LATE", 200 * minuteMs + 10, "other_browser", { outcome: "refused" });
  await redeemed("LATE", 209 * minuteMs);
  await sent("OPENED", 300 * minuteMs);
  await redeemed("OPENED", 300 * minuteMs + 5);
  await write("OPENED", 300 * minuteMs + 10, "other_browser", { outcome: "refused" });
  await write("PENDING", 400 * minuteMs, "consent_shown", { subject: "user_1" });

  const looks: string[] = [];
  const counted = {
    findTraces: store.findTraces,
    findAuditChains: store.findAuditChains,
    findAudit: (...args: Parameters<typeof store.findAudit>) => {
      looks.push(args[0].name ?? "any");
      return store.findAudit(...args);
    },
  };
  for (const [query, times] of [
    [{ subject: "user_1" }, 8],
    [{ client: "app" }, 9],
    [{}, 5],
  ] as const) {
    looks.length = 0;
    await findAttempts(counted, { registeredSince: 0, now: noon, ...query }, { limit: 100 });
    assert.equal(looks.length, times, "of fifteen to whom a code was sent, and those who registered");
    assert.equal(looks.filter((name) => name === "token_refreshed").length, 3, "of ten in one of them");
  }
  assert.deepEqual(await list(), [
    ["PENDING", 400 * minuteMs, "consent_shown", "ok"],
    ["OPENED", 300 * minuteMs + 10, "other_browser", "refused"],
    ["LATE", 209 * minuteMs, "tokens_issued", "ok"],
    ["SKEWED", 100 * minuteMs, "tokens_issued", "ok"],
    ["NEVER", 30 * minuteMs, "code_sent", "ok"],
    ...minutes.toReversed().map((at) => [`BUSY-${at}`, at * minuteMs + 300, "tokens_issued", "ok"]),
  ]);
  assert.deepEqual(await list({}, 1), await list(), "part by part, too");
  const since = noon + 9 * minuteMs + 100;
  assert.deepEqual((await list({ since })).at(-1), ["BUSY-9", 9 * minuteMs + 300, "tokens_issued", "ok"]);
  assert.equal((await list({ since: noon + 10 * minuteMs })).length, 5);
});

test("a list says of each attempt whether it is still open, came to nothing, or has an app that wanted new tokens at once", async (t) => {
  const { store, redeemed, refreshed, write, sent, registered } = await aStore(t);
  const later = 40 * minuteMs;
  await registered("REGISTERED", 0);
  await write("REFUSED", 0, "request_refused", { outcome: "refused" });
  await write("LEFT", 0, "provider_asked");
  await write("ASKED", later - minuteMs, "consent_shown", { subject: "user_1" });
  await sent("NEVER", 0);
  await sent("SENT", later - minuteMs);
  for (const [reference, after, ...refreshes] of [
    ["FINE", 0],
    ["HASTY", 2 * minuteMs, 400, 900],
    ["AT-ONCE", 3 * minuteMs, 0],
    ["LATE", 4 * minuteMs, 10_000],
    ["HOURLY", 6 * minuteMs, 20 * minuteMs],
  ] as const) {
    await sent(reference, after);
    await redeemed(reference, after + 100);
    for (const each of refreshes) await refreshed(`g-${reference}`, after + 100 + each);
  }
  await sent("DOCTOR", 30 * minuteMs);
  await redeemed("DOCTOR", 30 * minuteMs + 100, { userAgent: "gatehouse-doctor" });
  await refreshed("g-DOCTOR", 30 * minuteMs + 200);

  const states = async (now: number, query: Partial<AttemptQuery> = {}) => {
    const about = { registeredSince: 0, now: noon + now, ...query };
    const { traces } = await findAttempts(store, about, { limit: 50 });
    return new Map(traces.map(({ reference, state, means }) => [reference, [state, means]]));
  };
  const found = await states(later);
  const inWords = (reference: string) => found.get(reference)?.join(": ") ?? "";
  assert.match(inWords("REGISTERED"), /^ok: An app registered itself/);
  assert.match(inWords("REFUSED"), /^refused: The request is not what the rule expects/);
  assert.match(inWords("LEFT"), /^stopped: The browser never came back/);
  assert.match(inWords("ASKED"), /^open: .* has not decided so far\.$/);
  assert.match(inWords("NEVER"), /^stopped: The app never exchanged the code/);
  assert.match(inWords("SENT"), /^open: .* has not exchanged for tokens so far\.$/);
  for (const fine of ["FINE", "HOURLY", "LATE", "DOCTOR"]) {
    assert.match(inWords(fine), /^ok: .*: it is connected\.$/, fine);
  }
  assert.match(
    inWords("HASTY"),
    /^doubtful: The app is connected, and had to refresh 0\.4 s after its first tokens/,
  );
  assert.match(inWords("AT-ONCE"), /^doubtful: .* refresh 0\.0 s after/);
  assert.deepEqual(await states(later, { client: "app", subject: "user_1" }), hers(found));
  assert.equal(
    (await states(2 * dayMs)).get("HASTY")?.[0],
    "ok",
    "what is long past is told by its timeline",
  );
  await trimAudit(store, { ageMs: dayMs, bytes: 1e12 }, sealerOf(undefined), noon + dayMs + later / 2);
  const trimmed = await states(later);
  assert.match(trimmed.get("NEVER")?.join(": ") ?? "", /^unknown: .* Whether it did is not known any more/);
});

test("apps that wanted new tokens at once are found in a few looks, however many attempts there are and however far apart", async (t) => {
  const { store, redeemed, refreshed, sent } = await aStore(t);
  const references = Array.from({ length: 20 }, (_, at) => `HASTY-${at}`);
  for (const [at, reference] of references.entries()) {
    const after = at * (30 + at) * minuteMs;
    await sent(reference, after);
    await redeemed(reference, after + 100);
    await refreshed(`g-${reference}`, after + 500);
  }
  let looks = 0;
  const counted = {
    findTraces: store.findTraces,
    findAuditChains: store.findAuditChains,
    findAudit: (...args: Parameters<typeof store.findAudit>) => {
      if (args[0].name === "token_refreshed") looks++;
      return store.findAudit(...args);
    },
  };
  const states = async (query: Partial<AttemptQuery>) => {
    looks = 0;
    const about = { registeredSince: 0, now: noon + dayMs - minuteMs, ...query };
    const { traces } = await findAttempts(counted, about, { limit: 50 });
    return traces.map(({ state }) => state);
  };
  const everywhere = references.map(() => "doubtful");
  assert.deepEqual([await states({}), looks], [everywhere, 8]);
  // Of one person, whose attempts stand far apart among others': the latest.
  const latest = everywhere.map((state, at) => (at < 8 ? state : "ok"));
  assert.deepEqual([await states({ subject: "user_1" }), looks], [latest, 8]);
});

/** Without those in which nobody is named. */
function hers<T>(found: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const strangers = new Set(["REGISTERED", "REFUSED", "LEFT"]);
  return new Map([...found].filter(([reference]) => !strangers.has(reference)));
}

test("registrations stand in the list at their time, each once, of an app and of all, and not among what people did", async (t) => {
  const { registered, sent, write, list } = await aStore(t);
  const references = Array.from({ length: 9 }, (_, at) => `REG-${at}`);
  await registered("OLD", -8 * dayMs);
  // Several of one millisecond, in another order than their references.
  for (const reference of references.toReversed()) await registered(reference, 1000);
  await registered("REG-OTHER", 1500, { client: "other" });
  await registered("-", 1600, { count: 5000, detail: "5000 more at an earlier time" });
  await sent("REG-5-SENT", 1000);
  await sent("LATER", 2000);
  // As the version before wrote it down.
  await registered("WRITTEN", 3000);
  await write("WRITTEN", 2999, "client_registered");
  const everything = [
    "WRITTEN",
    "LATER",
    "REG-OTHER",
    ...["REG-8", "REG-7", "REG-6", "REG-5-SENT", "REG-5", "REG-4", "REG-3", "REG-2", "REG-1", "REG-0"],
  ];
  const named = async (query: Partial<AttemptQuery>, limit?: number) =>
    (await list({ registeredSince: noon - 7 * dayMs, ...query }, limit)).map(([reference]) => reference);
  for (const limit of [1, 2, 3, 5, 100]) assert.deepEqual(await named({}, limit), everything, `${limit}`);
  assert.deepEqual(await named({ client: "other" }), ["REG-OTHER"]);
  assert.deepEqual(
    await named({ client: "app" }),
    everything.filter((each) => each !== "REG-OTHER"),
  );
  assert.deepEqual(await named({ subject: "user_1" }), ["LATER", "REG-5-SENT"]);
  assert.deepEqual(await named({ since: noon + 1500 }), ["WRITTEN", "LATER", "REG-OTHER"]);
  assert.deepEqual(await named({ until: noon + 1000 }), []);
  assert.deepEqual(await named({ registeredSince: 0, until: noon }), ["OLD"]);
});

test("an app that nobody knows in a new database: every other one will meet that, and the database may be another one than before", async (t) => {
  const { store, write, registered } = await aStore(t);
  const unknown = (reference: string, after: number) =>
    write(reference, after, "request_refused", {
      client: "dyn_gone",
      outcome: "refused",
      facts: { error: "invalid_client", why: "unknown client_id" },
    });
  const conclusionOf = async (reference: string) =>
    (await readTimeline(store, reference, noon + 30 * dayMs))?.conclusion ?? assert.fail(reference);
  await registered("FIRST", 0);
  await unknown("SOON", dayMs);
  const soon = await conclusionOf("SOON");
  assert.match(
    soon.means,
    /This database is new: it has nothing from before 2026-11-26 12:00 UTC, so every app/,
  );
  assert.match(
    soon.mend ?? "",
    /^If there is an older database.*SQL_URL.*restart\. Else: for each app: remove the MCP server/,
  );
  await unknown("LATE", 8 * dayMs);
  assert.doesNotMatch((await conclusionOf("LATE")).means, /is new/);
  const createdAt = (noon / 1000 - 30 * 86_400) as Seconds;
  const identifier = canonicalResource("https://notes.example.com/mcp");
  await store.addResource({ identifier, name: undefined, scopes: [], createdAt }, hashSecret("x"));
  assert.doesNotMatch((await conclusionOf("SOON")).means, /is new/, "the trail alone is");
});

test("an MCP server that was refused and has proven itself since is told as mended", async (t) => {
  const { store, tell, write } = await aStore(t);
  const resource = "https://notes.example.com/mcp";
  const refused = (reference: string, after: number) =>
    write(reference, after, "introspection_refused", {
      resource,
      outcome: "failed",
      facts: { detail: "no such credential" },
    });
  const conclusionOf = async (reference: string) =>
    (await readTimeline(store, reference, noon + dayMs))?.conclusion ?? assert.fail(reference);
  await refused("BEFORE", 0);
  await tell(minuteMs, { name: "introspection_accepted", request: "X", resource });
  await refused("AFTER", 2 * minuteMs);
  const mended = await conclusionOf("BEFORE");
  assert.match(mended.means, /Since 2026-11-26 12:01:00 UTC it asks with its own again\.$/);
  assert.match(mended.mend ?? "", /^Nothing: it is mended/);
  assert.match((await conclusionOf("AFTER")).mend ?? "", /resources rotate/);
});

test("a timeline is told to its end by the audit trail alone, and says so where that is gone already", async (t) => {
  const { store, redeemed, registered, sent } = await aStore(t);
  const now = noon + 3 * dayMs;
  await registered("REGISTERED", -3 * dayMs, {
    redirectUri: "https://app.example/cb?key=1 http://127.0.0.1/callback",
    detail: "Notes for all",
    terms: "authorization_code refresh_token, proves itself by none",
    address: "192.0.2.1",
    userAgent: "node",
  });
  await sent("CONNECTED", 0);
  await redeemed("CONNECTED", 9 * minuteMs, { scope: "read", grant: "g1", terms: "access token for 600 s" });
  await redeemed("ANOTHER", 10 * minuteMs);
  await sent("NEVER", dayMs);
  const registration = await readTimeline(store, "REGISTERED", now);
  assert.match(registration?.conclusion.means ?? "", /^An app registered itself/);
  assert.deepEqual(
    registration?.entries.map(({ name, instance, facts }) => [name, instance, facts]),
    [
      [
        "client_registered",
        "web-2/7",
        {
          app: "Notes for all",
          "answers go to": "https://app.example/cb?key=… or http://127.0.0.1/callback",
          "registered for": "authorization_code refresh_token, proves itself by none",
          address: "192.0.2.1",
          browser: "node",
        },
      ],
    ],
  );
  const connected = await readTimeline(store, "CONNECTED", now);
  assert.deepEqual(
    connected?.entries.map(({ name }) => name),
    ["authorization_received", "code_sent", "tokens_issued"],
  );
  assert.deepEqual([connected?.outcome, connected?.entries.at(-1)?.offset], ["ok", 9 * minuteMs + 50]);
  assert.match(connected?.conclusion.means ?? "", /it is connected/);
  const never = await readTimeline(store, "NEVER", now);
  assert.equal(never?.outcome, "failed");
  assert.match(never?.conclusion.means ?? "", /never exchanged the code/);

  const trimmed = async (ageMs: number) => {
    await trimAudit(store, { ageMs, bytes: 1e12 }, sealerOf(undefined), now);
    return Promise.all(["CONNECTED", "NEVER"].map((reference) => readTimeline(store, reference, now)));
  };
  const [gone, still] = await trimmed(now - noon - 9.5 * minuteMs);
  assert.equal(gone?.outcome, "ok", "nobody can know");
  assert.match(
    gone?.conclusion.means ?? "",
    /exchange for tokens\. Whether it did is not known any more: the audit trail, which would tell, begins at 2026-11-26T12:10:00\.000Z\.$/,
  );
  assert.match(gone?.conclusion.mend ?? "", /AUDIT_TTL/);
  assert.match(still?.conclusion.means ?? "", /never exchanged the code/, "the trail reaches back to it");
});

test("whoever follows sees what the audit trail tells once, behind what came before it, also where that is written later", async (t) => {
  const { store, clock, redeemed, registered, write, sent } = await aStore(t);
  const now = () => clock.now;
  await write("SLOW", 0, "authorization_received");
  await redeemed("SLOW", 100);
  await sent("QUICK", 40);
  await redeemed("QUICK", 200);
  await registered("REGISTERED", 300);
  await redeemed("ANOTHERS", 350, { client: "another" });
  // As the version before wrote it down.
  await write("OLD", 400, "tokens_issued");
  await redeemed("OLD", 401);
  const taken = async (steps: AsyncGenerator<TraceStep>, count: number) => {
    const found: string[] = [];
    for await (const { reference, step } of steps) {
      found.push(`${reference} ${step}`);
      if (found.length === 6 && reference === "OLD") await write("SLOW", 50, "code_sent");
      if (found.length === count) break;
    }
    return found;
  };
  const followed = { client: "app" };
  const all = followTraces(store, followed, noon - 1000, now, AbortSignal.timeout(20_000));
  assert.deepEqual(await taken(all, 8), [
    "QUICK authorization_received",
    "SLOW authorization_received",
    "QUICK code_sent",
    "QUICK tokens_issued",
    "REGISTERED client_registered",
    "OLD tokens_issued",
    "SLOW code_sent",
    "SLOW tokens_issued",
  ]);
  const hers = followTraces(store, { subjects: ["user_1"] }, noon, now, AbortSignal.timeout(1000));
  assert.deepEqual(await taken(hers, 9), [
    "QUICK code_sent",
    "SLOW tokens_issued",
    "QUICK tokens_issued",
    "ANOTHERS tokens_issued",
  ]);
  const one = followTrace(store, "QUICK", now, AbortSignal.timeout(1000));
  assert.deepEqual(await taken(one, 4), [
    "QUICK authorization_received",
    "QUICK code_sent",
    "QUICK tokens_issued",
  ]);
  const registration = followTrace(store, "REGISTERED", now, AbortSignal.timeout(1000));
  assert.deepEqual(await taken(registration, 2), ["REGISTERED client_registered"]);
});
