import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { StoreUnavailableError } from "../../../src/oauth/store.ts";
import { eventsOf } from "../../support/audit-events.ts";
import { metricsUrlOf, seriesOf } from "../../telemetry/metrics.ts";
import { aDoor, aServerBehind, type Received } from "../support/door.ts";

/* Who called which tool, and what became of it: one event each. */

type ToolEvent = Record<string, unknown>;

const callOf = (tool: string, id: unknown = 1, args: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: tool, arguments: args } });

function json(response: ServerResponse, message: object, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(message));
}

/** Does what the name of the tool says. */
function behave({ body }: Received, response: ServerResponse): void {
  const asked = JSON.parse(body) as { id: unknown; method: string; params?: { name: string } };
  const { id, params } = asked;
  const result = { content: [{ type: "text", text: "the-result" }] };
  const name = params?.name;
  if (name === "breaks") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"jsonrpc"');
    setImmediate(() => response.destroy());
  } else if (name === "streams") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n');
    response.end(`id: 7\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
  } else if (asked.method === "tools/list") {
    json(response, { jsonrpc: "2.0", id, result: { tools: [{ name: "works" }, { name: "fails" }] } });
  } else if (name === "is_unknown") {
    json(response, { jsonrpc: "2.0", id, error: { code: -32602, message: "Unknown tool" } });
  } else {
    json(
      response,
      {
        jsonrpc: "2.0",
        id,
        result: name === "fails" ? { ...result, isError: true } : result,
        ...(name === "is_large" && { padding: "x".repeat(1_100_000) }),
      },
      name === "is_coded" ? { "content-encoding": "x-made-up" } : {},
    );
  }
}

async function aPlace(t: TestContext, more = "", environment: Record<string, string> = {}) {
  const behind = await aServerBehind(t, behave);
  const door = await aDoor(t, behind.url, more, environment);
  const called = () => eventsOf(door.server, "tool_called") as ToolEvent[];
  return { behind, door, called };
}

test("W68 each call of a tool is one event: who, through what, which tool, how it ended, and never what was said", async (t) => {
  const listed = `    audited_arguments: { listed: [day] }
    tools: { "forbidden": "notes:forbidden", "*": "notes:use" }
    scopes:
      - { name: "notes:use", default: true }
      - { name: "notes:forbidden", optional: true }
`;
  const { door, called } = await aPlace(t, listed);
  const expected = {
    works: "ok",
    streams: "ok",
    fails: "tool_error",
    is_unknown: "error",
    breaks: "broken",
    is_large: "unread",
    is_coded: "unread",
    forbidden: "denied",
  };
  for (const tool of Object.keys(expected)) {
    const answer = await door.call({ body: callOf(tool, 1, { secret: "the-argument" }) });
    await answer.text().catch(() => undefined);
  }
  await door.call({ body: callOf("listed", "two", { day: "monday", secret: "the-argument" }) });
  await door.call({ body: `{"jsonrpc":"2.0","id":1,"method":"tools/list"}` });
  const events = called();
  assert.deepEqual(
    Object.fromEntries(events.map(({ tool, outcome }) => [tool, outcome])),
    { ...expected, listed: "ok" },
    "one each, and none of a list",
  );
  assert.equal(events.length, Object.keys(expected).length + 1);
  const works = events.find(({ tool }) => tool === "works");
  assert.equal(works?.client, door.client.id);
  assert.match(String(works?.subject), /^user_/);
  assert.equal(works?.server, "notes");
  assert.equal(works?.resource, door.address);
  assert.equal(works?.status, 200);
  assert.equal(typeof works?.milliseconds, "number");
  assert.match(String(works?.time), /^\d{4}-/);
  const redeemed = eventsOf(door.server, "code_redeemed").at(-1);
  assert.deepEqual([works?.grant, works?.attempt], [redeemed?.grant, redeemed?.request], "Z03");
  assert.deepEqual(events.at(-1)?.arguments, { day: "monday" });
  const log = door.server.log.join("");
  for (const secret of ["the-argument", "the-result"]) assert.ok(!log.includes(secret), secret);
});

test("a client that goes away before there is an answer is told of as such", async (t) => {
  const behind = await aServerBehind(t, () => undefined);
  const door = await aDoor(t, behind.url);
  const gone = new AbortController();
  const call = door.call({ body: callOf("slow"), signal: gone.signal }).catch(() => undefined);
  while (behind.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  gone.abort();
  await call;
  const outcome = () => eventsOf(door.server, "tool_called").at(-1)?.outcome;
  while (outcome() === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(outcome(), "cancelled");
});

test("each call of a batch is an event of its own", async (t) => {
  const behind = await aServerBehind(t, ({ body }, response) => {
    const asked = JSON.parse(body) as { id: number; params: { name: string } }[];
    const answers = asked.map(({ id, params }) => ({
      jsonrpc: "2.0",
      id,
      result: { content: [], isError: params.name === "fails" },
    }));
    json(response, answers.toReversed());
  });
  const door = await aDoor(t, behind.url);
  await door.call({ body: `[${callOf("works", 1)},${callOf("fails", 2)}]` });
  const events = eventsOf(door.server, "tool_called").map(({ tool, outcome }) => [tool, outcome]);
  assert.deepEqual(events, [
    ["works", "ok"],
    ["fails", "tool_error"],
  ]);
});

test("W-n38 made-up names of tools add no series of metrics, and their characters none to the log", async (t) => {
  const { door, called } = await aPlace(t, "", { METRICS_LISTEN: "127.0.0.1:0" });
  const scrape = async () => seriesOf(await (await fetch(metricsUrlOf(door.server))).text());
  assert.equal((await door.call()).status, 200, "which lists its tools");
  await door.call({ body: callOf("works") });
  await door.call({ body: callOf("is_unknown") });
  // Of all others some come with time, as those of garbage collection do.
  const ofTools = (series: Awaited<ReturnType<typeof scrape>>) =>
    [...series.keys()].filter((name) => name.includes('tool="')).length;
  const before = ofTools(await scrape());
  for (let at = 0; at < 60; at++) {
    await door.call({ body: callOf("is_unknown", at) });
    await door.call({ body: callOf(`made_up_${at}`, at) }); // to which this server answers all the same
  }
  await door.call({ body: callOf("\u001B[31mred\u202E\n{}") });
  const after = await scrape();
  assert.ok(before > 0);
  assert.equal(ofTools(after), before);
  assert.ok(
    [...after.keys()].some((name) =>
      /tool_calls_total\{server="notes",tool="works",outcome="ok"\}/.test(name),
    ),
  );
  assert.ok([...after.keys()].some((name) => /server="notes",tool="other",outcome="error"/.test(name)));
  const line = JSON.parse(door.server.log.findLast((text) => text.includes("[31mred")) ?? "{}") as ToolEvent;
  assert.match(String(line.tool), /red/);
  assert.doesNotMatch(String(line.tool), /[^\x20-\x7E\uFFFD]/);
  assert.ok(called().length > 60);
});

test("a tool that is called like something every object has is a tool like others", async (t) => {
  const { door, called } = await aPlace(t, "    audited_arguments: { listed: [day] }\n");
  const names = ["constructor", "toString", "__proto__", "hasOwnProperty"];
  for (const name of names) assert.equal((await door.call({ body: callOf(name) })).status, 200, name);
  assert.deepEqual(
    called().map(({ tool }) => tool),
    names,
  );
});

test("a server whose content coding is called so, too, answers what cannot be read", async (t) => {
  const behind = await aServerBehind(t, (_, response) => {
    response
      .writeHead(200, { "content-type": "application/json", "content-encoding": "constructor" })
      .end("{}");
  });
  const door = await aDoor(t, behind.url, '    tools: { "*": read }\n');
  assert.equal((await door.call()).status, 502);
});

test("a call that could not be counted because the store is down is told of all the same", async (t) => {
  const { behind, door, called } = await aPlace(t, "    limits: { calls_per_minute: 100 }\n");
  t.mock.method(door.server.store, "useBudgets", () => Promise.reject(new StoreUnavailableError("away")));
  assert.equal((await door.call({ body: callOf("works") })).status, 503);
  assert.equal(behind.received.length, 0);
  assert.deepEqual(
    called().map(({ tool, outcome, status }) => [tool, outcome, status]),
    [["works", "error", 503]],
  );
});
