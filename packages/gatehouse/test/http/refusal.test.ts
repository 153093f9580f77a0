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
    const entry = entries().find(({ request: id }) => id !== undefined && answer.body.includes(id));
    assert.ok(entry, `${status} is not in the log: ${answer.body}`);
    const { level, event, address, userAgent, detail = "" } = entry;
    assert.deepEqual([level, event, entry.error], ["info", "request_refused", error]);
    assert.deepEqual([address, userAgent], ["127.0.0.1", "a browser"]);
    assert.match(detail, new RegExp(`^${status} [A-Z]+ /[a-z]+$`), "without the query");
  }
});

test("a flood of refused requests leaves a few lines of each kind, and how many there were besides", async () => {
  let limited = 0;
  while (limited < 50) {
    const batch = Array.from({ length: 50 }, () =>
      send({ method: "POST", target: "/consent", headers: [form] }),
    );
    for (const { status } of await Promise.all(batch)) if (status === 429) limited++;
  }
  const told = () => entries().filter(({ detail = "" }) => detail.startsWith("429 POST /consent"));
  assert.equal(told().length, 10);
  server.clock.advance(60);
  await send({ target: "/nowhere" });
  const rest = entries().find(({ detail = "" }) => detail.includes("not told one by one"));
  assert.match(rest?.detail ?? "", new RegExp(`^${limited - 10} more`));
});
