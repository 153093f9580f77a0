import assert from "node:assert/strict";
import { test } from "node:test";
import { aBareDoor, aCall, head, wholeCall } from "../support/bare-door.ts";
import { aServerBehind } from "../support/door.ts";
import { aRawClient, exchanged } from "../support/raw-client.ts";

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
const close = "Connection: close";

test("W05 only the configured path reaches the server, with or without one slash at its end, and as it was sent", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, `${behind.url}?tenant=7`);
  for (const target of ["/mcp", "/mcp/", "/mcp?q=%2e%2E", `http://localhost:${port}/mcp`]) {
    assert.equal(statusOf(await exchanged(t, port, wholeCall(port, [close], target))), 200, target);
  }
  assert.deepEqual(
    behind.received.map(({ url }) => url),
    ["/mcp?tenant=7", "/mcp?tenant=7", "/mcp?tenant=7&q=%2e%2E", "/mcp?tenant=7"],
  );
  for (const target of ["/mcp//", "/mcp/x", "/", "/mcpx", "/%6dcp", "*"]) {
    const status = statusOf(await exchanged(t, port, wholeCall(port, [close], target)));
    assert.ok(status === 404 || status === 400, `${target}: ${status}`);
  }
  assert.equal(behind.received.length, 4);
});

test("W-n5 no spelling of a path, and no authority in a target, leads anywhere else", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  for (const target of [
    "/mcp/../admin",
    "/mcp/%2e%2e/admin",
    "/mcp%2fadmin",
    "//mcp",
    "/mcp;x",
    "/mcp\\admin",
    "/MCP",
    "http://evil.example/mcp",
    "http://localhost@evil.example/mcp",
    "http:///mcp",
  ]) {
    const status = statusOf(await exchanged(t, port, wholeCall(port, [close], target)));
    assert.ok([400, 404, 421].includes(status), `${target}: ${status}`);
  }
  assert.equal(behind.received.length, 0);
});

test("W06 a request for another host is answered by 421, whatever says so, and nothing a client sends chooses the server", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  const forHost = (host: string) => wholeCall(port, [close]).replace(/^Host: .*$/m, `Host: ${host}`);
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "localhost.evil.example",
    "evil.example:localhost",
  ]) {
    assert.equal(statusOf(await exchanged(t, port, forHost(host))), 421, host);
  }
  const absolute = wholeCall(port, [close], "http://evil.example/mcp");
  assert.equal(statusOf(await exchanged(t, port, absolute)), 421);
  const twice = wholeCall(port, [close, "Host: evil.example"]);
  assert.equal(statusOf(await exchanged(t, port, twice)), 400);
  assert.equal(behind.received.length, 0);
  for (const host of ["LOCALHOST", "127.0.0.1:1", `[::1]:${port}`]) {
    assert.equal(statusOf(await exchanged(t, port, forHost(host))), 200, host);
  }
});

test("W-n6 headers that name another host, path or method change none of them", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  const tricks = [
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: gopher",
    "X-Forwarded-Prefix: /admin",
    "Forwarded: host=evil.example",
    "X-Original-URL: /admin",
    "X-Rewrite-URL: /admin",
    "X-HTTP-Method-Override: DELETE",
    "X-Method-Override: DELETE",
  ];
  assert.equal(statusOf(await exchanged(t, port, wholeCall(port, [close, ...tricks]))), 200);
  const [sent] = behind.received;
  assert.equal(sent?.method, "POST");
  assert.equal(sent?.url, "/mcp");
  assert.equal(sent?.headers["x-forwarded-host"], `localhost:${port}`);
  assert.equal(sent?.headers["x-forwarded-proto"], "http");
  assert.doesNotMatch(sent?.rawHeaders.join("\n") ?? "", /evil|admin|override|gopher/i);
  const challenge = await exchanged(t, port, wholeCall(port, [close, ...tricks]).replace("alice", "nobody"));
  assert.equal(statusOf(challenge), 401);
  assert.doesNotMatch(challenge, /evil|gopher/);
});

test("W07 POST, GET and DELETE reach the server, OPTIONS is answered here, other methods get 405, and nobody upgrades", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  const bare = (method: string, ...more: string[]) => `${head(port, [close, ...more], "/mcp", method)}\r\n`;
  for (const method of ["GET", "DELETE"]) assert.equal(statusOf(await exchanged(t, port, bare(method))), 200);
  assert.equal(statusOf(await exchanged(t, port, wholeCall(port, [close]))), 200);
  assert.equal(statusOf(await exchanged(t, port, bare("OPTIONS"))), 204);
  for (const method of ["PUT", "PATCH", "HEAD", "TRACE", "QUERY", "PROPFIND"]) {
    const answer = await exchanged(t, port, bare(method));
    assert.equal(statusOf(answer), 405, method);
    assert.match(answer, /\r\nAllow: POST, GET, DELETE, OPTIONS\r\n/);
  }
  assert.deepEqual(
    behind.received.map(({ method }) => method),
    ["GET", "DELETE", "POST"],
  );
  const upgrading = head(port, ["Upgrade: websocket", "Connection: upgrade"], "/mcp", "GET");
  const client = aRawClient(t, port, `${upgrading}\r\n`);
  assert.equal(statusOf(await client.until(/^HTTP[\s\S]*\r\n\r\n/)), 200);
  assert.equal(behind.received.at(-1)?.headers.upgrade, undefined);
});

test("W-n14 what stands in the body of a GET or DELETE reaches nobody", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  for (const method of ["GET", "DELETE"]) {
    const framed = head(port, [close, `Content-Length: ${aCall.length}`], "/mcp", method);
    assert.equal(statusOf(await exchanged(t, port, `${framed}\r\n${aCall}`)), 200);
  }
  assert.deepEqual(
    behind.received.map(({ body, headers }) => [
      body,
      headers["content-length"],
      headers["transfer-encoding"],
    ]),
    [
      ["", undefined, undefined],
      ["", undefined, undefined],
    ],
  );
});

test("W24 CORS is the door's: a preflight needs no token and reaches no server, and what the server says of it is dropped", async (t) => {
  const behind = await aServerBehind(t, (_request, response) =>
    response
      .setHeader("access-control-allow-origin", "https://other.example")
      .setHeader("access-control-allow-credentials", "true")
      .end("{}"),
  );
  const door = await aBareDoor(t, behind.url);
  const origin = "http://localhost:6274";
  const asked = "authorization, mcp-session-id, Mcp-Param-Region, x-evil";
  const preflight = await door.call({
    method: "OPTIONS",
    headers: {
      origin,
      authorization: "",
      "access-control-request-method": "POST",
      "access-control-request-headers": asked,
    },
  });
  assert.equal(preflight.status, 204);
  const allowed = preflight.headers.get("access-control-allow-headers")?.split(", ") ?? [];
  for (const name of [
    "authorization",
    "content-type",
    "accept",
    "last-event-id",
    "mcp-session-id",
    "mcp-param-region",
  ]) {
    assert.ok(allowed.includes(name), name);
  }
  assert.ok(!allowed.includes("x-evil"));
  assert.equal(preflight.headers.get("access-control-allow-methods"), "POST, GET, DELETE");
  assert.equal(behind.received.length, 0);

  const answers = [
    await door.call({ headers: { origin } }),
    await door.call({ headers: { origin, authorization: "" } }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 401],
  );
  for (const { headers } of [preflight, ...answers]) {
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.equal(headers.get("access-control-allow-credentials"), null);
    const exposed = headers.get("access-control-expose-headers")?.split(", ");
    assert.deepEqual(exposed, ["WWW-Authenticate", "Mcp-Session-Id", "Retry-After"]);
  }
});

test("W25 pages of the door's own origin, of this computer and of listed ones may call, others get 403 before their token counts", async (t) => {
  const behind = await aServerBehind(t);
  const door = await aBareDoor(t, behind.url, { server: { origins: ["https://app.example", "null"] } });
  const own = new URL(door.url).origin;
  for (const origin of [
    own,
    "http://127.0.0.1:9",
    "https://localhost",
    "http://[::1]:80",
    "https://app.example",
    "null",
  ]) {
    assert.equal((await door.call({ headers: { origin } })).status, 200, origin);
  }
  for (const authorization of ["Bearer alice", "Bearer nobody"]) {
    const answer = await door.call({ headers: { origin: "https://evil.example", authorization } });
    assert.equal(answer.status, 403);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
  }
  assert.equal(behind.received.length, 6);
});

test("W-n28 origins that only look like an allowed one get 403", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  for (const origin of [
    "http://localhost.evil.example",
    "http://127.0.0.1@evil.example",
    "http://evil.example#localhost",
    "http://localhost:80:80",
    "HTTP://LOCALHOST",
    "null",
    "",
  ]) {
    assert.equal(
      statusOf(await exchanged(t, port, wholeCall(port, [close, `Origin: ${origin}`]))),
      403,
      origin,
    );
  }
  const doubled = wholeCall(port, [close, "Origin: http://localhost", "Origin: http://localhost"]);
  assert.equal(statusOf(await exchanged(t, port, doubled)), 403);
  assert.equal(behind.received.length, 0);
});

test("a call that comes back to the door it left by is ended, and one of another door is not", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  await exchanged(t, port, wholeCall(port, [close, "Via: 1.1 gatehouse-0123456789ab"]));
  const vias =
    behind.received[0]?.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1] === "Via") ?? [];
  assert.equal(vias.length, 2);
  const [, own = ""] = vias;
  assert.equal(statusOf(await exchanged(t, port, wholeCall(port, [close, `Via: 1.1 proxy, ${own}`]))), 508);
  assert.equal(behind.received.length, 1);
});

test("strangers who are refused leave ten lines a minute in the log, and not one each", async (t) => {
  const behind = await aServerBehind(t);
  const { port, log } = await aBareDoor(t, behind.url);
  const bytes = wholeCall(port, [close, "Origin: https://evil.example"]);
  for (let count = 0; count < 40; count++) await exchanged(t, port, bytes);
  // The minute may have ended in between, once.
  assert.ok(log.length >= 10 && log.length <= 20, `${log.length} lines`);
});
