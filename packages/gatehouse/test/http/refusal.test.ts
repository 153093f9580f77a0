import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { exchange, type RawRequest } from "../support/raw-exchange.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse({ RATE_LIMITS: "on", LOG_LEVEL: "info" });
});
after(() => server?.stop());

const asBrowser = ["Accept", "text/html"] as const;
const form = ["Content-Type", "application/x-www-form-urlencoded"] as const;

const send = (request: Partial<RawRequest>) =>
  exchange(Number(new URL(server.url).port), {
    method: "GET",
    target: "/",
    body: "",
    ...request,
    headers: [
      ["Host", "h"],
      ["User-Agent", "a browser"],
      ["Connection", "close"],
      ...(request.headers ?? []),
    ],
  });

const entries = () =>
  server.log
    .join("")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, string>);

test("whatever is refused before it reaches an endpoint stands in the log at info, under the reference that the page shows", async () => {
  for (const [status, error, request] of [
    [404, "not_found", { target: "/nowhere?code=secret" }],
    [405, "invalid_request", { method: "DELETE", target: "/consent" }],
    [
      413,
      "invalid_request",
      { method: "POST", target: "/consent", headers: [form, ["Content-Length", "99999"]] },
    ],
    [414, "invalid_request", { target: `/authorize?state=${"x".repeat(17_000)}` }],
    [415, "invalid_request", { method: "POST", target: "/consent", headers: [["Content-Encoding", "gzip"]] }],
    [400, "invalid_request", { target: "/authorize?state=%zz" }],
  ] as const) {
    const { headers = [] } = request as Partial<RawRequest>;
    const answer = await send({ ...request, headers: [asBrowser, ...headers] });
    assert.equal(answer.status, status);
    const entry = entries().find(
      ({ event, request: id }) => event === "request_refused" && id !== undefined && answer.body.includes(id),
    );
    assert.ok(entry, `${status} is not in the log: ${answer.body}`);
    const { level, event, address, userAgent, detail = "" } = entry;
    assert.deepEqual([level, event, entry.error], ["info", "request_refused", error]);
    assert.deepEqual([address, userAgent], ["127.0.0.1", "a browser"]);
    assert.match(detail, new RegExp(`^${status} [A-Z]+ /[a-z]+$`), "without the query");
  }
});

test("a flood of refused requests leaves a few lines of each kind, and how many there were besides", async () => {
  await Promise.all(Array.from({ length: 50 }, () => send({ target: "/not-there" })));
  const told = () => entries().filter(({ detail = "" }) => detail.startsWith("404 GET /not-there"));
  assert.ok(told().length <= 10);
  server.clock.advance(60);
  await send({ target: "/nowhere" });
  const rest = entries().find(({ detail = "" }) => detail.includes("not told one by one"));
  assert.match(rest?.detail ?? "", /^[45]\d more/);
});

test("that a limit was reached is told once a minute for its address, with the reference, and how often it was in the minute before", async () => {
  const flood = async (least: number) => {
    let limited = 0;
    while (limited < least) {
      const batch = Array.from({ length: 50 }, () =>
        send({ method: "POST", target: "/consent", headers: [form] }),
      );
      for (const { status } of await Promise.all(batch)) if (status === 429) limited++;
    }
    return limited;
  };
  const told = () => entries().filter(({ event }) => event === "limit_reached");
  const limited = await flood(50);
  const [first, ...others] = told();
  assert.equal(others.length, 0);
  assert.deepEqual(
    [first?.level, first?.reason, first?.address, first?.count],
    ["warn", "sign-in", "127.0.0.1", undefined],
  );
  assert.match(
    first?.detail ?? "",
    /^429 POST \/consent; 300 a minute from one address are taken, the next in \d+ s$/,
  );
  assert.match(first?.request ?? "", /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  assert.ok(!entries().some(({ event, detail = "" }) => event === "request_refused" && /^429/.test(detail)));
  server.clock.advance(60);
  await flood(1);
  assert.equal(told().length, 2);
  assert.equal(told()[1]?.count, limited);
});
