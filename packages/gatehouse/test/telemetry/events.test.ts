import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { auditEventNames, meaningOf } from "../../src/oauth/audit-events.ts";
import { actorOf, outcomeOf } from "../../src/oauth/audit-record.ts";
import type { AuditEvent } from "../../src/oauth/ports.ts";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { createEvents, levelOf } from "../../src/telemetry/events.ts";
import { createLog, type LogOptions } from "../../src/telemetry/log.ts";
import { createNovelty } from "../../src/telemetry/novelty.ts";

/** A log whose lines are kept, and the events on it. */
function aLog(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format: "json", tokenPrefixes: ["acme_"], ...options },
    { write: (line) => lines.push(line) },
  );
  return { log, lines, events: createEvents(log), text: () => lines.join("") };
}

const attack = 'Nice\r\n{"level":"info","event":"sign_in"}\u001b[2J\u001b]0;owned\u0007\u0085\u2028\u202Etxt';

test("an event is one JSON line with what happened, to whom, and in which request", () => {
  const { events, lines } = aLog();
  events.emit({ name: "sign_in", request: "r1", client: "web", subject: "s1", address: "192.0.2.7" });
  assert.equal(lines.length, 1);
  const { time, ...facts } = JSON.parse(lines[0] ?? "");
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(facts, {
    level: "info",
    event: "sign_in",
    request: "r1",
    client: "web",
    subject: "s1",
    address: "192.0.2.7",
  });
});

test("a line has the bytes that the library would write of the same object, whatever stands in it", () => {
  const { events, log, lines } = aLog();
  const tool = 'say "\u00e9\\" \u{1F600} \u2028\ud800';
  const call = { server: "notes", tool, outcome: "ok", status: 200, milliseconds: 0 };
  const shown = 'say "\u00e9\\" \u{1F600} \uFFFD\uFFFD';
  for (const [session, sent] of [
    ["s1", { [tool]: tool, empty: "" }],
    [undefined, undefined],
  ] as const) {
    events.emit({
      name: "tool_called",
      request: "r1",
      client: tool,
      call: { ...call, session, arguments: sent },
    });
    log.info({
      ...{ event: "tool_called", request: "r1", client: shown },
      ...{ ...call, tool: shown, session, arguments: sent && { [shown]: shown, empty: "" } },
    });
  }
  const [first, second, third, fourth] = lines.map((line) => line.replace(/"time":"[^"]*"/, ""));
  assert.deepEqual([first, third], [second, fourth]);
});

/** Emits the attack in every place a stranger's words can reach, and reads what came out. */
function assertHarmless(format: "json" | "text") {
  for (const field of [
    "client",
    "subject",
    "grant",
    "resource",
    "redirectUri",
    "userAgent",
    "scope",
    "account",
    "address",
    "error",
    "reason",
    "detail",
  ] as const) {
    const { events, lines } = aLog({ format });
    events.emit({ name: "client_registered", request: "r1", [field]: attack });
    assert.equal(lines.length, 1);
    const [line = ""] = lines;
    assert.equal(line.indexOf("\n"), line.length - 1, "one event is one line");
    const seen = format === "json" ? JSON.stringify(Object.values(JSON.parse(line))) : line;
    assert.doesNotMatch(seen.trimEnd(), /[\p{Cc}\u2028\u2029\u202E]|\\[rnu]/u);
    assert.match(seen, /Nice/, "the rest of it stays readable");
  }
}

test("S-n4 line breaks, control and direction characters of a stranger stay harmless in the log", () => {
  assertHarmless("json");
});

test("line breaks, control and direction characters of a stranger stay harmless on a terminal", () => {
  assertHarmless("text");
});

test("a value is cut at a sensible length", () => {
  const { events, text } = aLog();
  events.emit({ name: "client_registered", request: "r1", detail: "x".repeat(100_000) });
  assert.ok(text().length < 400);
});

test("a lone surrogate does not reach the log", () => {
  const { events, text } = aLog();
  events.emit({ name: "client_registered", request: "r1", detail: "a\uD800b" });
  assert.match(text(), /a\uFFFDb/);
});

test("what wants a look is a warning, what failed is an error, the rest is daily business", () => {
  const level = (name: AuditEvent["name"]) => {
    const { events, lines } = aLog();
    events.emit({ name, request: "r1" });
    return JSON.parse(lines[0] ?? "").level;
  };
  for (const name of ["refresh_reused", "code_replayed", "client_authentication_failed"] as const) {
    assert.equal(level(name), "warn", name);
  }
  assert.equal(level("failure"), "error");
  assert.equal(level("consent_approved"), "info");
  assert.equal(level("refresh_replayed"), "info");
});

test("a failure is logged with its kind, message, place and cause, and nothing else the error carries", () => {
  const { events, lines, text } = aLog();
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = Object.assign(new TypeError("sign-in\nfailed", { cause }), {
    response: { headers: { cookie: "s=very-secret" } },
  });
  events.emit({ name: "failure", request: "r1", error: "server_error", cause: error });
  const { err } = JSON.parse(lines[0] ?? "");
  assert.equal(err.type, "TypeError");
  assert.equal(err.message, "sign-in\uFFFDfailed");
  assert.doesNotMatch(text(), /\\n(?! +at )/, "nor does its message stand anywhere as it was");
  assert.match(err.stack, /^\s+at .*events\.test\.ts/);
  assert.equal(err.cause.code, "ECONNREFUSED");
  assert.doesNotMatch(text(), /very-secret/);
});

test("of failures that are alike only the first has a stack, until they were gone for a minute", () => {
  let now = 0;
  const { log, lines } = aLog({ now: () => now });
  const last = () => JSON.parse(lines.at(-1) ?? "").err;
  const fail = (message = "down") => {
    const error = new Error(message, { cause: new Error("refused") });
    error.stack = `Error: ${message}\n    at here (file.ts:1:1)`;
    log.error({ err: error }, "failed");
    return last();
  };
  assert.match(fail().stack, /at here/);
  now = 59_000;
  assert.equal(fail().stack, undefined);
  assert.equal(last().message, "down", "what it was is said each time");
  assert.equal(last().cause.message, "refused");
  assert.equal(last().cause.stack, undefined);
  assert.match(fail("another").stack, /at here/, "another failure has its own");
  now = 118_000;
  assert.equal(fail().stack, undefined, "it has gone on");
  now = 179_000;
  assert.match(fail().stack, /at here/);
});

test("whatever a store says that cannot answer is one outage", () => {
  const { events, lines } = aLog();
  for (const message of ["the database cannot answer", "no connection became free", "it took too long"]) {
    events.emit({ name: "failure", request: "r1", cause: new StoreUnavailableError(message) });
  }
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).err.stack !== undefined),
    [true, false, false],
  );
});

test("failures of ever new kinds do not pile up in memory", () => {
  const isNew = createNovelty(() => 0);
  const first = new Error("first");
  assert.equal(isNew(first), true);
  assert.equal(isNew(first), false);
  for (let at = 0; at < 200; at++) isNew(new Error(`${at}`));
  assert.equal(isNew(first), true, "forgotten");
});

test("an error whose causes go round in a circle can be logged", () => {
  const { log, text } = aLog();
  const error = new Error("round");
  error.cause = error;
  log.error({ err: error }, "failed");
  assert.match(text(), /round/);
});

test("the last net takes out every credential, wherever it stands", () => {
  const secret = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6";
  const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.${secret}`;
  const { log, events, text } = aLog();
  for (const prefix of [
    "acme_",
    "gatehouse_at_",
    "gatehouse_rt_",
    "gatehouse_ac_",
    "gatehouse_cs_",
    "gatehouse_rs_",
  ]) {
    events.emit({
      name: "failure",
      request: "r1",
      detail: `refused ${prefix}${secret}`,
      cause: new Error(prefix + secret),
    });
  }
  log.warn({ url: `/callback?code=${secret}&state=${secret}&iss=x` }, `sent Bearer ${secret}`);
  log.warn({ nested: { body: `client_secret=${secret}&code_verifier=${secret}`, id: jwt } }, "answered");
  log.error(new Error(`Authorization: Basic ${secret}`));
  assert.doesNotMatch(text(), new RegExp(secret));
  assert.match(text(), /refused acme_\[removed\]/, "what it was can still be told");
  assert.match(text(), /&iss=x/, "the rest stays");
  for (const line of text().trimEnd().split("\n")) JSON.parse(line);
});

test("a person at a terminal reads the time, what happened, and the facts", () => {
  const { events, lines } = aLog({ format: "text" });
  events.emit({ name: "consent_approved", request: "r1", client: "web" });
  events.emit({ name: "failure", request: "r2", cause: new RangeError("too far") });
  assert.match(lines[0] ?? "", /^\d\d:\d\d:\d\d {2}consent approved {6}request=r1 {2}client=web\n$/);
  assert.match(lines[1] ?? "", /^\d\d:\d\d:\d\d {2}ERROR failure .*\n {10}RangeError: too far\n {10}\s+at /);
});

test("below its level an event is not logged", () => {
  const { events, lines } = aLog({ level: "warn" });
  events.emit({ name: "sign_in", request: "r1" });
  assert.deepEqual(lines, []);
});

test("docs/audit.md says of every event what happened, how it ended, whose doing it is, and how loudly it is told", () => {
  const guide = readFileSync(join(import.meta.dirname, "../../../../docs/audit.md"), "utf8");
  const documented = [...guide.matchAll(/^\| `(\w+)` \| .+ \| ([\w ]+) \| (\w+) \| .*\| (\w+) \|$/gm)]
    .map(([, ...cells]) => cells.join(", "))
    .sort();
  const held = auditEventNames.map((name) => {
    const { outcome, actor } = meaningOf(name);
    const ended = name === "tool_called" ? "as the call ended" : outcome;
    return [name, ended, actor, levelOf(name)].join(", ");
  });
  assert.deepEqual(documented, held.sort());
});

test("whoever acts is named by the event, or is whose doing such an event is; so is how it ended", () => {
  const event = { request: "r1", subject: "user_1", client: "web" };
  assert.deepEqual(actorOf({ ...event, name: "consent_approved" }), { kind: "person", id: "user_1" });
  assert.deepEqual(actorOf({ ...event, name: "token_revoked" }), { kind: "client", id: "web" });
  assert.deepEqual(actorOf({ ...event, name: "person_blocked" }), { kind: "operator", id: undefined });
  assert.deepEqual(actorOf({ ...event, name: "not_ready" }), { kind: "system", id: undefined });
  const actor = { kind: "operator", id: "ada" } as const;
  assert.equal(actorOf({ ...event, actor, name: "client_removed" }), actor);
  assert.equal(outcomeOf({ name: "consent_denied" }), "refused");
  assert.equal(outcomeOf({ name: "command_refused", outcome: "failure" }), "failure");
  const calls = ["ok", "unread", "denied", "timeout"].map((outcome) => {
    return outcomeOf({ name: "tool_called", call: { outcome } });
  });
  assert.deepEqual(calls, ["success", "success", "refused", "failure"]);
});

test("the line of what an operator did says by whom, how that is known, and by which command", () => {
  const { events, lines } = aLog();
  const actor = { kind: "operator", id: "root\nada", how: "host \u202Edb1", command: "people block a@b" };
  events.emit({ name: "person_blocked", request: "r1", subject: "user_1", count: 2, actor } as AuditEvent);
  const { time: _time, ...facts } = JSON.parse(lines[0] ?? "");
  assert.deepEqual(facts, {
    ...{ level: "info", event: "person_blocked", request: "r1", subject: "user_1", count: 2 },
    ...{ actor: "operator root\uFFFDada", how: "host \uFFFDdb1", command: "people block a@b" },
  });
});
