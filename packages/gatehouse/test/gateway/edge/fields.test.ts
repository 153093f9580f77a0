import assert from "node:assert/strict";
import { test } from "node:test";
import { aBareDoor, aCall, head, wholeCall } from "../support/bare-door.ts";
import { aDoor, aServerBehind } from "../support/door.ts";
import { exchanged } from "../support/raw-client.ts";
import { aRawServer } from "../support/raw-server.ts";

/** The fields of a message on the wire whose names match, in their order, as written. */
const linesOf = (message: string, pattern: RegExp) =>
  message
    .slice(0, message.indexOf("\r\n\r\n"))
    .split("\r\n")
    .filter((line) => pattern.test(line));

test("W08 W09 bodies, queries, and header fields the door does not know pass both ways as they are", async (t) => {
  const answerBytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
  const lines = [
    "X-One: 1",
    "x-ONE: 2",
    "X-Ümlaut: \xe4\xff",
    "X-One:   3",
    "Mcp-Anything: a,b",
    "Retry-After: 7",
  ];
  const fields = [...lines.slice(0, 2), "X-Latin: \xe4\xff", ...lines.slice(3)];
  const behind = await aRawServer(t, (socket) =>
    socket.write(
      Buffer.from(
        `HTTP/1.1 299 Fine\r\n${fields.join("\r\n")}\r\nContent-Type: application/x-any\r\nContent-Length: 256\r\n\r\n${answerBytes}`,
        "latin1",
      ),
    ),
  );
  const { port } = await aBareDoor(t, behind.url);
  const sent = [
    "X-One: 1",
    "x-ONE: 2",
    "X-Latin: \xe4\xff",
    "X-One: 3",
    "MCP-Protocol-Version: 2025-06-18",
    "Mcp-Param-Region: eu, us",
    "Accept-Language: de",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ];
  const body = `{ "jsonrpc":"2.0","id":1.0,"method":"tools/list","b":"\xc3\xa4", "a":1e3 }\n`;
  const bytes = `${head(port, ["Connection: close", ...sent, `Content-Length: ${body.length}`], "/mcp?b=%41&a=1&b")}\r\n${body}`;
  const answer = await exchanged(t, port, bytes);
  assert.match(answer, /^HTTP\/1\.1 299 /);
  assert.equal(answer.slice(answer.indexOf("\r\n\r\n") + 4), answerBytes);
  assert.deepEqual(linesOf(answer, /^(?:x-(?!content-type|request-id)|mcp-|retry)/i), [
    "X-One: 1",
    "x-ONE: 2",
    "X-Latin: \xe4\xff",
    "X-One: 3",
    "Mcp-Anything: a,b",
    "Retry-After: 7",
  ]);

  const [got = ""] = behind.requests;
  assert.match(got, /^POST \/mcp\?b=%41&a=1&b HTTP\/1\.1\r\n/);
  assert.equal(got.slice(got.indexOf("\r\n\r\n") + 4), body);
  assert.deepEqual(linesOf(got, /^(?:x-one|x-latin|mcp-|accept|content-type|traceparent)/i), [
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    ...sent,
  ]);
});

test("an answer carries the request's reference in the place of the server's own, the door's own answers do as well, and the log knows it", async (t) => {
  const behind = await aServerBehind(t, (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "x-request-id": "theirs" });
    response.end('{"jsonrpc":"2.0","id":1,"result":{}}');
  });
  const door = await aDoor(t, behind.url);
  const tool = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "notes" } });
  const passed = await door.call({ body: tool });
  const reference = passed.headers.get("x-request-id") ?? "";
  assert.match(reference, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  assert.equal(await passed.text(), '{"jsonrpc":"2.0","id":1,"result":{}}');
  const called = door.server.log.filter((line) => line.includes("tool_called"));
  assert.equal(JSON.parse(called.at(-1) ?? "{}").request, reference);
  const refused = await door.call({ body: tool, token: "none" });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get("x-request-id") ?? "", /^[0-9A-Z-]{14}$/);
});

test("W26 fields of one connection stay on it, either way, trailers too", async (t) => {
  const behind = await aRawServer(t, (socket) =>
    socket.write(
      "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Theirs\r\nX-Theirs: 1\r\nKeep-Alive: timeout=77\r\nProxy-Connection: x\r\nTrailer: X-Late\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\nX-Stays: 1\r\n\r\n2\r\n{}\r\n0\r\nX-Late: 1\r\n\r\n",
    ),
  );
  const { port } = await aBareDoor(t, behind.url);
  const ours = [
    "Connection: close, X-Mine",
    "X-Mine: 1",
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic eA==",
    "TE: trailers",
    "Trailer: X-Late",
    "X-Stays: 1",
    "Transfer-Encoding: chunked",
  ];
  const bytes = `${head(port, ours)}\r\n${aCall.length.toString(16)}\r\n${aCall}\r\n0\r\nX-Late: 1\r\n\r\n`;
  const answer = await exchanged(t, port, bytes);
  const ofConnection =
    /^(?:x-theirs|x-mine|x-late|x-stays|proxy-|trailer|upgrade|te:|keep-alive: timeout=(?:5|77))/i;
  assert.deepEqual(linesOf(answer, ofConnection), ["X-Stays: 1"]);
  assert.doesNotMatch(answer, /X-Late|X-Theirs/);
  const [got = ""] = behind.requests;
  assert.deepEqual(linesOf(got, ofConnection), ["X-Stays: 1"]);
  assert.deepEqual(linesOf(got, /^(?:transfer-encoding|content-length)/i), [
    `content-length: ${aCall.length}`,
  ]);
});

test("W-n2 what the door adds cannot be named away, and what it takes away cannot be kept", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url);
  const named =
    "X-Gatehouse-Subject, Mcp-Session-Id, Authorization, Via, Host, X-Forwarded-For, Content-Length";
  await exchanged(t, port, wholeCall(port, [`Connection: close, ${named}`, "X-Gatehouse-Subject: mallory"]));
  const [sent] = behind.received;
  assert.equal(sent?.headers["x-gatehouse-subject"], "alice");
  assert.equal(sent?.headers.host, new URL(behind.url).host);
  assert.equal(sent?.headers["x-forwarded-for"], "127.0.0.1");
  assert.match(String(sent?.headers.via), /^1\.1 gatehouse-/);
  assert.equal(sent?.body, aCall);
  assert.doesNotMatch(sent?.rawHeaders.join("\n") ?? "", /authorization|bearer|mallory/i);
});

test("W27 a server is told its own host, where a call came from, and nothing of that by strangers", async (t) => {
  const behind = await aServerBehind(t);
  const claims = [
    "Connection: close",
    "X-Forwarded-For: 203.0.113.7",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: public.example",
    "X-Real-IP: 203.0.113.7",
    'Forwarded: for="203.0.113.7"',
    "Origin: http://localhost:1",
  ];
  const own = await aBareDoor(t, behind.url);
  await exchanged(t, own.port, wholeCall(own.port, claims));
  const host = `localhost:${own.port}`;
  const stranger = behind.received[0]?.headers ?? {};
  assert.equal(stranger.host, new URL(behind.url).host);
  assert.equal(stranger["x-forwarded-for"], "127.0.0.1");
  assert.equal(stranger["x-forwarded-proto"], "http");
  assert.equal(stranger["x-forwarded-host"], host);
  assert.equal(stranger.forwarded, `for=127.0.0.1;host="${host}";proto=http`);
  assert.equal(stranger["x-real-ip"], undefined);
  assert.equal(stranger.origin, undefined);
  assert.match(String(stranger.via), /^1\.1 gatehouse-[0-9a-f]{12}$/);

  const trusting = await aBareDoor(t, behind.url, {
    backend: { keepsHost: true },
    listener: { trustedProxies: ["loopback"] },
  });
  await exchanged(t, trusting.port, wholeCall(trusting.port, claims));
  const proxied = behind.received[1]?.headers ?? {};
  assert.equal(proxied.host, `localhost:${trusting.port}`);
  assert.equal(proxied["x-forwarded-for"], "203.0.113.7, 127.0.0.1");
  assert.equal(proxied["x-forwarded-proto"], "https");
  assert.equal(proxied["x-forwarded-host"], "public.example");
  assert.equal(proxied["x-real-ip"], "203.0.113.7");
  assert.match(String(proxied.forwarded), /^for="203\.0\.113\.7", for=127\.0\.0\.1;/);
});

test("no other spelling of a field that is judged at the door reaches a server that reads all signs as one", async (t) => {
  const behind = await aServerBehind(t);
  const lookalikes = [
    "X_Forwarded_For: 203.0.113.7",
    "X_Forwarded-Proto: https",
    "x.real.ip: 203.0.113.7",
    "X_Original_URL: /admin",
    "X_HTTP_Method_Override: DELETE",
    "Transfer_Encoding: chunked",
    "X_Own: stays",
  ];
  for (const trustedProxies of [[], ["loopback"]]) {
    const { port } = await aBareDoor(t, behind.url, { listener: { trustedProxies } });
    await exchanged(t, port, wholeCall(port, ["Connection: close", ...lookalikes]));
    const names = behind.received.at(-1)?.rawHeaders.filter((_, at) => at % 2 === 0) ?? [];
    assert.deepEqual(
      names.filter((name) => /[_.]/.test(name)),
      ["X_Own"],
    );
    assert.equal(behind.received.at(-1)?.headers["x-forwarded-for"], "127.0.0.1");
  }
});

test("beside a target in absolute form no other host reaches a server that is sent the client's", async (t) => {
  const behind = await aServerBehind(t);
  const { port } = await aBareDoor(t, behind.url, { backend: { keepsHost: true } });
  const call = wholeCall(port, ["Connection: close"], `http://localhost:${port}/mcp`);
  const answer = await exchanged(t, port, call.replace(`Host: localhost:${port}`, "Host: admin.internal"));
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.equal(behind.received[0]?.headers.host, `localhost:${port}`);
});
