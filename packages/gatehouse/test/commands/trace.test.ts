import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { createAuditWriter } from "../../src/insight/audit/writer.ts";
import type { TraceStep } from "../../src/oauth/trace-step.ts";
import type { ClientId } from "../../src/oauth/values.ts";
import { aStep } from "../contract/traces.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  openConsentPage,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { namesOf, traceOf } from "../support/traces.ts";
import { UserAgent } from "../support/user-agent.ts";
import { aDatabase, runCommand, startCommand, untilPrinted } from "./command-line.ts";

let database: Awaited<ReturnType<typeof aDatabase>>;
let server: TestGatehouse;
let client: TestClient;

before(async () => {
  database = await aDatabase();
  server = await startTestGatehouse(database.environment);
  await server.addResource(resource, { read: "Read your notes" });
  client = await aPublicClient(server);
});
after(async () => {
  await server.stop();
  await database.remove();
});

const trace = (...args: string[]) => runCommand(["trace", ...args], database.environment);
const referenceOf = ({ headers }: { readonly headers: Headers }) => headers.get("x-request-id") ?? "";

/** What it prints once this stands in it: the audit trail is written within a second, too. */
async function untilShown(sign: RegExp, ...args: string[]) {
  for (let tries = 0; ; tries++) {
    const outcome = await trace(...args);
    if (sign.test(outcome.out) || tries > 100) return outcome;
    await pause(50);
  }
}

/** An attempt that ends in tokens. */
async function connected(): Promise<string> {
  const agent = new UserAgent();
  const { page } = await openConsentPage(server, client, agent);
  const end = await agent.submit(page, { decision: "approve" }, ({ port }) => port === "33418");
  await redeem(server, client, end.url.searchParams.get("code") ?? "");
  await traceOf(server, referenceOf(page.response), "tokens_issued");
  return referenceOf(page.response);
}

async function registered(): Promise<{ readonly id: string; readonly reference: string }> {
  const { id } = await aPublicClient(server, { client_name: "Never used" });
  const { reference = "" } = (await server.store.findClient(id as ClientId)) ?? {};
  await traceOf(server, reference, "client_registered");
  return { id, reference };
}

async function refused(): Promise<string> {
  const answer = await new UserAgent().request(
    authorizationUrl(server, client, { redirect_uri: "https://evil.example/cb" }),
  );
  await traceOf(server, referenceOf(answer), "request_refused");
  return referenceOf(answer);
}

test("Z06 gatehouse trace shows an attempt of all instances as a timeline: what came, which rule decided, what it means, what to do", async () => {
  const reference = await connected();
  const elsewhere = { reference, instance: "web-2/7", step: "other_browser", outcome: "refused" } as const;
  await server.store.appendTraceSteps([
    aStep({ ...elsewhere, time: server.clock.now() * 1000 + 61_500, facts: { see: "AAAA-BBBB-CCCC" } }),
  ]);
  const { code, out, err } = await untilShown(/registered/, reference);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, new RegExp(`^attempt +${reference}\napp +${client.id}\nMCP server +${resource}\n`));
  assert.match(out, /\ncame to +The app exchanged the code/);
  assert.match(out, /\ninstances +\S+\/\d+, web-2\/7\n/);
  assert.match(out, /\nregistered +see \S{14}\n/);
  assert.match(out, /\+0\.000 s .*\n {2}ok {4}The app asked for access.*\n {8}app +Test client\n/);
  assert.match(out, /\n\d\d:\d\d:\d\d\.\d{3} {2}\+61\.500 s +web-2\/7\n {2}no {4}An answer of this attempt/);
  assert.equal(out.match(/The person approved\./g)?.length, 1, "of the audit trail");
  assert.equal(out.match(/The identity provider proved/g)?.length, 1, "said once");
  assert.match(
    out,
    /\n {2}ok {4}The app exchanged the code.*\n {8}grant +\S{22}\n {8}scope +read\n {8}given +access token for \d+ s, a refresh\s+token\n {8}address +127\.0\.0\.1\n {8}browser +node\n/,
    "of the audit trail alone",
  );
  assert.ok(out.split("\n").every((line) => line.length <= 80));

  const { reference: registration } = await registered();
  const first = (await trace(registration)).out;
  assert.match(first, /\ncame to +An app registered itself, which grants nothing yet\.\n/);
  assert.match(first, /\n {8}app +Never used\n {8}answers go to +http:\/\/127\.0\.0\.1\/callback\n/);
  assert.match(first, /\n {8}registered for +authorization_code refresh_token, proves itself\s+by none/);

  const wrong = await refused();
  const told = await trace(wrong);
  assert.match(told.out, /\n {8}rule +redirect_uri \(RFC 6749 §3\.1\.2\.3\)\n/);
  assert.match(
    told.out,
    /\n {8}expected +http:\/\/127\.0\.0\.1\/callback\n {8}received +https:\/\/evil\.example\/cb\n/,
  );
  assert.match(told.out, /\nwhat to do {2}\S/);
  for (const typed of [wrong.toLowerCase(), wrong.replaceAll("-", ""), ` ${wrong.replaceAll("0", "O")} `]) {
    assert.equal((await trace(typed)).out, told.out, typed);
  }
  const json = JSON.parse((await trace(wrong, "--json")).out);
  assert.deepEqual(
    [json.reference, json.outcome, json.entries[0].expected, json.entries[0].received],
    [wrong, "refused", "http://127.0.0.1/callback", "https://evil.example/cb"],
  );
});

test("attempts are listed by person, app and time, the newest first", async () => {
  const wrong = await refused();
  const reference = await connected();
  const unused = await registered();
  const list = async (...args: string[]) => {
    const { code, out } = await trace(...args, "--json", "--limit", "100");
    assert.equal(code, 0);
    return JSON.parse(out) as { reference: string; subject: string | null; step: string }[];
  };
  const stepsOf = async (...args: string[]) =>
    new Map((await list(...args)).map((each) => [each.reference, each.step]));
  const all = await stepsOf();
  assert.equal(all.get(wrong), "request_refused");
  assert.equal(all.get(reference), "tokens_issued");
  assert.equal(all.get(unused.reference), "client_registered");
  assert.deepEqual(await stepsOf("--client", unused.id), new Map([[unused.reference, "client_registered"]]));
  const [person] = await server.store.findAccounts("alice@example.com");
  const hers = await list("--person", "Alice@Example.com");
  assert.ok(hers.length > 0 && hers.every(({ subject }) => subject === person?.subject));
  assert.deepEqual(await list("--person", person?.subject ?? ""), hers);
  assert.equal(hers.find((each) => each.reference === reference)?.step, "tokens_issued");
  assert.ok((await list("--client", client.id)).length >= 3);
  assert.deepEqual(await list("--client", "nobody"), []);
  assert.deepEqual(await list("--since", "2030-01-01"), []);
  assert.ok((await list("--since", "10m")).length >= 3);
  const { out, err } = await trace("--limit", "2");
  assert.equal(out.match(/ {2}\w{4}-\w{4}-\w{4} {2}/g)?.length, 2);
  assert.match(err, /gatehouse trace <reference>/);
});

test("a list says of an attempt that it is still open, and of another that its app wanted new tokens at once", async () => {
  const undecided = referenceOf((await openConsentPage(server, client, new UserAgent())).page.response);
  const agent = new UserAgent();
  const { page } = await openConsentPage(server, client, agent);
  const end = await agent.submit(page, { decision: "approve" }, ({ port }) => port === "33418");
  const tokens = tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));
  await refresh(server, client, tokens.refresh_token);
  const hasty = referenceOf(page.response);
  await traceOf(server, undecided, "consent_shown");
  const { out } = await untilShown(/"doubtful"/, "--json");
  const attempts = JSON.parse(out) as { reference: string; state: string; step: string; means: string }[];
  const inShort = (wanted: string) => {
    const { state, step, means } = attempts.find((each) => each.reference === wanted) ?? assert.fail(out);
    return `${step} ${state}: ${means}`;
  };
  assert.match(inShort(undecided), /^consent_shown open: The person .* has not decided so far\.$/);
  assert.match(
    inShort(hasty),
    /^tokens_issued doubtful: The app is connected, and had to refresh \d\.\d s after its first tokens/,
  );
  const text = (await trace()).out.replace(/\s+/g, " ");
  assert.match(text, new RegExp(`${undecided} open The person was shown`));
  assert.match(text, new RegExp(`${hasty} ok\\? The app is connected, and had to refresh`));
});

test("what is unknown or mistyped is told, with how long traces are kept", async () => {
  const unknown = await trace("AAAA-BBBB-CCCC");
  assert.deepEqual([unknown.code, unknown.out], [1, ""]);
  assert.match(
    unknown.err,
    /nothing is known of AAAA-BBBB-CCCC\. Traces are kept for 7 days and up to 100\.0 MB/,
  );
  assert.doesNotMatch(unknown.err, /Of the last day/);
  const shorter = { ...database.environment, TRACE_TTL: "36h", TRACE_SIZE: "2GB" };
  assert.match(
    (await runCommand(["trace", "AAAA-BBBB-CCCC"], shorter)).err,
    /for 36 hours and up to 2\.0 GB/,
  );
  const stranger = await trace("--person", "nobody@example.com");
  assert.equal(stranger.code, 1);
  assert.match(stranger.err, /nobody signed in here as nobody@example\.com/);
  for (const args of [["what?"], ["--since", "yesterday"], ["--since", "2026-13-01"], ["--limit", "0"]]) {
    const { code, err } = await trace(...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, /^gatehouse: .+\n$/);
  }
});

test("of an unknown reference it is told which limits were reached and what became of the database, and of one that cannot be reached now", async () => {
  const limited = "429 GET /authorize; its X-Forwarded-For is ignored: TRUSTED_PROXIES does not name it";
  const trail = createAuditWriter({
    store: server.store,
    key: undefined,
    instance: "web-2/7",
    random: randomBytes,
    now: () => server.clock.now() * 1000,
    withoutSecrets: (text) => text,
  });
  await trail.record({
    ...{ name: "limit_reached", request: "2222-3333-4444", reason: "authorize" },
    ...{ address: "192.0.2.7", detail: limited },
  });
  await trail.stop();
  const { code, out, err } = await trace("AAAA-BBBB-CCCC");
  assert.deepEqual([code, out], [1, ""]);
  assert.match(
    err,
    /Of the last day:\n- \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: 192\.0\.2\.7 reached the limit authorize: 429 GET .*\n {2}What to do: .*set TRUSTED_PROXIES to the proxy's .*restart this server\.\ngatehouse: nothing is known/,
  );
  const its = await trace("2222-3333-4444");
  assert.equal(its.code, 0);
  assert.match(its.out, /came to +So much was asked[\s\S]*what to do +Everybody behind the proxy/);
  const away = { ...database.environment, SQL_URL: `postgres://127.0.0.1:${await freePort()}/gatehouse` };
  const down = await runCommand(["trace", "AAAA-BBBB-CCCC"], away);
  assert.equal(down.code, 1);
  assert.match(
    down.err,
    /The page of AAAA-BBBB-CCCC may be about this.*\nWhat to do: Start the database server\..*no restart is needed\.\ngatehouse: the database cannot answer: connect ECONNREFUSED/,
  );
});

test("--follow shows what happens from then on, until it is interrupted", async () => {
  // Their clock goes on, and the server's stands.
  const following = startCommand(["trace", "--follow", "--json", "--since", "1h"], database.environment);
  const one = startCommand(["trace", "--follow", await refused()], database.environment);
  await untilPrinted(one, /The request is not what the rule expects/);
  const reference = await connected();
  const steps = (await untilPrinted(following, new RegExp(`"reference":"${reference}".*"tokens_issued"`)))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TraceStep)
    .filter((step) => step.reference === reference);
  assert.deepEqual(namesOf(steps.slice(-2)), ["code_sent", "tokens_issued"]);
  assert.equal(new Set(namesOf(steps)).size, steps.length, "each once");
  const wrong = await refused();
  const printed = await untilPrinted(following, new RegExp(`"reference":"${wrong}"`));
  assert.equal(JSON.parse(printed.trim().split("\n").at(-1) ?? "").step, "request_refused");
  for (const child of [following, one]) {
    const ended = once(child, "exit");
    child.kill("SIGINT");
    assert.deepEqual(await ended, [0, null]);
  }
});
