import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TraceEvent } from "../../../src/insight/trace/audited-steps.ts";
import { listed } from "../../../src/insight/trace/listed.ts";
import { meaningOf } from "../../../src/insight/trace/meanings.ts";
import { timelineOf } from "../../../src/insight/trace/timeline.ts";
import { summaryAsText, timelineAsText } from "../../../src/insight/trace/timeline-text.ts";
import { type TraceStep, type TraceStepName, traceStepNames } from "../../../src/oauth/trace-step.ts";

const reference = "K7QM-2XDA-94TB";
const noon = Date.UTC(2026, 10, 26, 12);

const aStep = (step: TraceStepName, after: number, over: Partial<TraceStep> = {}): TraceStep => ({
  reference,
  step,
  time: noon + after,
  instance: "web-1/1",
  outcome: "ok",
  ...over,
});

const anEvent = (name: string, after: number, over: Partial<TraceEvent> = {}): TraceEvent => ({
  name,
  time: noon + after,
  instance: "web-1/1",
  outcome: "success",
  facts: {},
  ...over,
});

const timeline = (steps: readonly TraceStep[], events: readonly TraceEvent[] = [], age = 1000) =>
  timelineOf(reference, steps, events, noon + age) ?? assert.fail("there is one");

test("steps and audit events stand in the order of time, and what both say stands there once", () => {
  const { entries, client, subject } = timeline(
    [
      aStep("authorization_received", 0, { client: "app" }),
      aStep("identity_proven", 5000, { instance: "web-2/7", subject: "user_1" }),
      aStep("tokens_issued", 9000),
    ],
    [
      anEvent("sign_in", 5003),
      anEvent("address_changed", 8000, { instance: "web-3/7" }),
      anEvent("code_redeemed", 9001),
      anEvent("tool_called", 60_000, { outcome: "refused", facts: { tool: "delete" } }),
    ],
  );
  assert.deepEqual(
    entries.map(({ name, offset, instance, outcome }) => [name, offset, instance, outcome]),
    [
      ["authorization_received", 0, "web-1/1", "ok"],
      ["identity_proven", 5000, "web-2/7", "ok"],
      ["address_changed", 8000, "web-3/7", "ok"],
      ["tokens_issued", 9000, "web-1/1", "ok"],
      ["tool_called", 60_000, "web-1/1", "refused"],
    ],
  );
  assert.deepEqual([client, subject], ["app", "user_1"]);
  assert.equal(timelineOf(reference, [], [], noon), undefined);
  assert.equal(timeline([], [anEvent("introspection_refused", 0, { outcome: "failure" })]).outcome, "failed");
});

test("what did not follow is told once it is late, and not before", () => {
  const asked = [aStep("authorization_received", 0), aStep("provider_asked", 10)];
  const early = timeline(asked, [], 9 * 60_000);
  assert.equal(early.outcome, "ok");
  assert.match(early.conclusion.means, /was sent to the identity provider, and has not come back so far/);
  assert.match(early.conclusion.mend ?? "", /no page comes.*redirect URI/);
  const line = (after: number, step: TraceStepName = "provider_asked", trailBegin = 0) => {
    const about = { reference, first: noon, last: noon, client: "app", subject: undefined };
    const attempt = listed({ ...about, step, outcome: "ok", steps: 2 }, noon + after, trailBegin);
    return summaryAsText(attempt).replace(/\s+/g, " ");
  };
  assert.match(line(1000), /K7QM-2XDA-94TB open The browser .* has not come back so far\./);
  assert.match(line(11 * 60_000), /K7QM-2XDA-94TB FAIL The browser never came back/);
  assert.match(line(11 * 60_000, "tokens_issued"), /K7QM-2XDA-94TB ok The app exchanged/);
  assert.match(line(60_000, "code_sent"), /K7QM-2XDA-94TB open .* has not exchanged .* so far\./);
  assert.match(line(180_000, "code_sent"), /K7QM-2XDA-94TB FAIL The app never exchanged/);
  assert.match(line(180_000, "code_sent", noon + 1), /K7QM-2XDA-94TB \? .* is not known any more/);
  const late = timeline(asked, [], 11 * 60_000);
  assert.equal(late.outcome, "failed");
  assert.match(late.conclusion.means, /never came back/);
  assert.match(late.conclusion.mend ?? "", /redirect URI/);
  const unused = timeline([...asked, aStep("code_sent", 20)], [], 11 * 60_000);
  assert.match(unused.conclusion.means, /never exchanged the code/);
});

test("what others try with an attempt is shown, and is not how it ended", () => {
  const { outcome, conclusion, entries } = timeline([
    aStep("tokens_issued", 0),
    aStep("other_browser", 10, { outcome: "refused", facts: { see: "AAAA-BBBB-CCCC" } }),
  ]);
  assert.equal(outcome, "ok");
  assert.match(conclusion.means, /connected/);
  assert.equal(entries.at(-1)?.facts.see, "AAAA-BBBB-CCCC");
});

test("another browser or network between two steps of a person is said", () => {
  const firefox = { browser: "Firefox", address: "192.0.2.1" };
  const { entries } = timeline([
    aStep("authorization_received", 0, { facts: firefox }),
    aStep("browser_returned", 10, { facts: { ...firefox, address: "192.0.2.2" } }),
    aStep("consent_shown", 20, { facts: { browser: "Chrome", address: "192.0.2.2" } }),
    aStep("tokens_issued", 30, { facts: { browser: "node", address: "198.51.100.7" } }),
  ]);
  assert.deepEqual(
    entries.map(({ note }) => note),
    [
      undefined,
      "another address than in the step before",
      "another browser than in the step before",
      undefined,
    ],
  );
});

test("every step has one sentence of meaning, and one of what to do where it is a refusal", () => {
  for (const step of traceStepNames) {
    const { means } = meaningOf(aStep(step, 0));
    assert.match(means, /^[A-Z][^\n]*\.$/, step);
  }
  for (const error of ["invalid_redirect_uri", "invalid_target", "no such error", "constructor"]) {
    const { mend } = meaningOf(aStep("request_refused", 0, { outcome: "refused", facts: { error } }));
    assert.match(mend ?? "", /^[A-Z].*\.$/, error);
  }
  for (const rule of ["domain", "address not proven", "toString", ""]) {
    const { mend } = meaningOf(aStep("sign_in_failed", 0, { outcome: "refused", rule }));
    assert.match(mend ?? "", /\S\.?$/, rule);
  }
  // What a newer version wrote.
  assert.equal(meaningOf(aStep("passkey_tried" as TraceStepName, 0)).means, "Passkey tried.");
});

test("what is done about an unknown redirect URI depends on who set the app up, and the command keeps the addresses there were", () => {
  const mendOf = (facts: Record<string, string>, over: Partial<TraceStep> = {}) =>
    meaningOf(
      aStep("request_refused", 0, {
        outcome: "refused",
        client: "desk",
        expected: "http://127.0.0.1/callback or https://desk.example/cb",
        received: "http://127.0.0.1:40123/oauth/callback",
        facts: { error: "invalid_redirect_uri", ...facts },
        ...over,
      }),
    ).mend ?? "";
  const byOperator = { "known by": "added or vouched for by the operator" };
  const provisioned = mendOf(byOperator);
  assert.ok(
    provisioned.includes(
      "gatehouse clients set desk --redirect-uri http://127.0.0.1/callback --redirect-uri https://desk.example/cb --redirect-uri http://127.0.0.1/oauth/callback (",
    ),
    provisioned,
  );
  assert.match(provisioned, /Only if .* is the app's own address/);
  assert.match(provisioned, /replaces all addresses.*any port is good.*No restart/);
  assert.doesNotMatch(provisioned, /add it again/);
  for (const received of ["https://evil.example/$(id)", "https://evil.example/cb?a=…", "-x"]) {
    const command = mendOf(byOperator, { received }).split("--redirect-uri").slice(1, -1).join();
    assert.doesNotMatch(command, /evil|-x/, "nobody pastes what a stranger wrote into a shell");
  }
  const declared = mendOf({ "known by": "declared at gatehouse.yaml:12:5" });
  assert.match(declared, /add it to redirect_uris, gatehouse\.yaml:12:5.*SIGHUP/);
  assert.doesNotMatch(declared, /clients set|add it again/);
  const itself = mendOf({ "known by": "its registration" }, { client: "dyn_abc" });
  assert.match(itself, /remove the MCP server in the app and add it again/);
  assert.doesNotMatch(itself, /clients set/);
  const document = mendOf({ "known by": "its metadata document" }, { client: "https://app.example/c.json" });
  assert.match(document, /publisher has to add it/);
});

test("an MCP server that is nearly registered: in what it differs, and that either of the two may be misspelt", () => {
  const mendOf = (received: string, nearest?: string, over: Record<string, string> = {}) =>
    meaningOf(
      aStep("request_refused", 0, {
        outcome: "refused",
        received,
        facts: {
          error: "invalid_target",
          why: "unknown resource",
          ...(nearest !== undefined && { nearest }),
          ...over,
        },
      }),
    ).mend ?? "";
  const swapped = mendOf("https://a.example/mcp", "https://a.example/mpc");
  assert.match(swapped, /differs from the registered https:\/\/a\.example\/mpc by two swapped letters/);
  assert.match(
    swapped,
    /gatehouse resources add https:\/\/a\.example\/mcp with its --name and --scope again, put the credential.*remove https:\/\/a\.example\/mpc \(the misspelt one\)\./,
  );
  assert.match(swapped, /If the registered one is right, correct the resource in that server's own settings/);
  for (const [asked, known, difference] of [
    ["https://a.example/mcp/", "https://a.example/mcp", /by a slash at the end:/],
    ["https://a.example/MCP", "https://a.example/mcp", /by upper and lower case:/],
    ["http://a.example/mcp", "https://a.example/mcp", /by http or https:/],
    ["http://a.example:81/mcp", "http://a.example/mcp", /by the port:/],
    ["https://a.example/mcps", "https://a.example/mcp", /by the path:/],
    ["https://b.example/mc", "https://a.example/mcp", /by the host and the path:/],
  ] as const) {
    assert.match(mendOf(asked, known), difference);
  }
  const place = { "nearest declared at": "gatehouse.yaml:4:5" };
  assert.match(
    mendOf("https://a.example/mcp", "https://a.example/mpc", place),
    /correct it at gatehouse\.yaml:4:5/,
  );
  assert.match(
    mendOf("https://c.example/mcp"),
    /it is not registered: gatehouse resources add https:\/\/c\.example/,
  );
  assert.doesNotMatch(mendOf("https://c.example/$(id)"), /\$\(id\)/);
  assert.match(
    mendOf("x", undefined, { why: "resource was not part of the authorization" }),
    /^The app has to ask/,
  );
});

test("what is done about an unknown client depends on whether its id is one that apps get", () => {
  const mendOf = (client: string) =>
    meaningOf(
      aStep("request_refused", 0, {
        outcome: "refused",
        client,
        facts: { error: "invalid_client", why: "unknown client_id" },
      }),
    ).mend ?? "";
  assert.match(mendOf("dyn_gone"), /registers itself.*another database than before/);
  assert.doesNotMatch(mendOf("dyn_gone"), /clients list/);
  assert.match(mendOf("desk"), /gatehouse clients list/);
  assert.doesNotMatch(mendOf("desk"), /add it again/);
});

test("a lost cookie, a slow sign-in and a person turned away by the provider each have their own mend", () => {
  const mendOf = (rule: string) =>
    meaningOf(aStep("request_refused", 0, { outcome: "refused", rule, facts: { error: "invalid_grant" } }))
      .mend ?? "";
  assert.match(mendOf("no cookie for this attempt"), /allow cookies.*the proxy drops or rewrites Set-Cookie/);
  assert.match(
    mendOf("expired"),
    /raise TRANSACTION_TTL \(10m are ten minutes, 10 are ten seconds\) and restart/,
  );
  assert.match(mendOf("already answered"), /^Nothing is wrong/);
  assert.match(mendOf("invalid_grant"), /compare the clocks/);
  const rule = "cancelled at the provider";
  const away = meaningOf(aStep("sign_in_failed", 0, { outcome: "refused", rule }));
  assert.match(away.means, /they cancelled there, or it does not let them in/);
  assert.match(away.mend ?? "", /its own words above say why.*assigned/);
  const named = meaningOf(
    aStep("sign_in_failed", 0, { outcome: "refused", rule: "turned away by the provider" }),
  );
  assert.match(named.means, /it does not let them in\.$/);
  assert.doesNotMatch(named.means, /cancelled/);
  assert.match(named.mend ?? "", /assigned.*no restart/);
});

test("of a call there are events alone, and the one that says what to do is what it came to", () => {
  const { conclusion } = timeline(
    [],
    [
      anEvent("introspection_refused", 0, { outcome: "failure" }),
      anEvent("request_refused", 1, { outcome: "refused" }),
    ],
  );
  assert.match(conclusion.means, /asked about a token with a credential that is not that server's/);
  assert.match(conclusion.mend ?? "", /gatehouse resources rotate/);
});

test("wherever a setting is to be changed it is said whether a restart is needed", () => {
  const folder = join(import.meta.dirname, "../../../src/insight/trace");
  const literals = readdirSync(folder)
    .filter((name) => /^(?:mends|meanings|.*-mends|early-refresh|new-database)\.ts$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").match(/"(?:[^"\\\n]|\\.)*"|`[^`]*`/g) ?? []);
  const setting = /\b(?:BASE_URL|SQL_URL|[A-Z]+_[A-Z_]+[A-Z]|gatehouse\.yaml)\b/;
  const ofSettings = literals.filter(
    (text) => text.includes(" ") && setting.test(text.replaceAll("CLIENT_IDLE_TTL", "")),
  );
  assert.ok(ofSettings.length > 12, String(ofSettings.length));
  for (const text of ofSettings) assert.match(text, /restart|SIGHUP/, text);
  const guide = readFileSync(join(import.meta.dirname, "../../../../../docs/troubleshooting.md"), "utf8");
  const rows = guide.split("\n").filter((line) => /^\| \d+ \|/.test(line));
  assert.equal(rows.length, 20);
  for (const row of rows) {
    const mend = row.split(" | ").at(-1) ?? "";
    if (/`(?:BASE_URL|[A-Z]+_[A-Z_]+)`|`gatehouse\.yaml`/.test(mend.replaceAll("`CLIENT_IDLE_TTL`", "")))
      assert.match(mend, /restart|SIGHUP/, row);
  }
});

test("an introspection that is refused is told in words and not as Bearer", () => {
  const { entries } = timeline(
    [
      aStep("introspection_refused", 0, {
        outcome: "failed",
        resource: "https://notes.example.com/mcp",
        facts: { event: "introspection_refused", reason: "Bearer", detail: "no such credential" },
      }),
    ],
    [anEvent("introspection_refused", 9000, { outcome: "failure", reason: "client_secret_basic" })],
  );
  assert.deepEqual(
    entries.map(({ mend }) => /resources rotate (\S+)/.exec(mend ?? "")?.[1]),
    ["https://notes.example.com/mcp", "<its"],
  );
  assert.deepEqual(
    entries.map(({ rule, facts }) => [rule, facts["asked with"], facts.reason]),
    [
      [
        "an MCP server has to prove which one it is (RFC 7662 §2.1)",
        "its credential alone (Authorization: Bearer)",
        undefined,
      ],
      [
        "an MCP server has to prove which one it is (RFC 7662 §2.1)",
        "its id and credential (HTTP Basic)",
        undefined,
      ],
    ],
  );
});

test("every reason for which a sign-in fails has words of its own on what to do", () => {
  const source = join(import.meta.dirname, "../../../src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  const reasons = files.flatMap((name) =>
    Array.from(
      readFileSync(join(source, name), "utf8").matchAll(/\blogReason: "([^"]+)"/g),
      ([, reason = ""]) => reason,
    ),
  );
  assert.ok(reasons.length > 15, "these are all of them");
  const mendOf = (rule: string) => meaningOf(aStep("sign_in_failed", 0, { outcome: "failed", rule })).mend;
  for (const reason of [...reasons, "denied", "not_allowed", "groups_unknown"]) {
    assert.notEqual(mendOf(reason), mendOf("anything else"), reason);
  }
});

test("it fits into 80 columns but for words that are longer", () => {
  const text = timelineAsText(
    timeline([
      aStep("request_refused", 0, {
        outcome: "refused",
        rule: "resource (RFC 8707 §2)",
        expected:
          "https://notes.example.com/mcp or https://files.example.com/mcp or https://mail.example.com/mcp",
        received: `https://notes.example.com/${"x".repeat(100)}`,
        facts: { error: "invalid_target", "a fact of a very long name indeed": "short" },
      }),
    ]),
  );
  const wide = text.split("\n").filter((line) => line.length > 80);
  assert.equal(wide.length, 1, text);
  assert.match(text, /^attempt {5}K7QM-2XDA-94TB$/m);
  assert.match(text, /^ {2}no {4}The request is not what the rule expects/m);
  assert.match(text, /^ {8}received {2,}https:\/\/notes/m);
});
