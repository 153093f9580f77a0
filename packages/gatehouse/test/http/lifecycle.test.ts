import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { AccessLogEntry } from "../../src/http/access-log.ts";
import type { OAuthResponse } from "../../src/oauth/messages/response.ts";
import { sendRaw, startEdge } from "./edge.ts";

/** An endpoint that holds its answer back until it is told to give it. */
function aSlowEndpoint() {
  const reached = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<OAuthResponse>();
  return {
    reached: reached.promise,
    finish: () => answer.resolve({ status: 200, body: "done" }),
    route: {
      path: "/slow",
      audience: "program",
      get: () => {
        reached.resolve();
        return answer.promise;
      },
    },
  } as const;
}

test("closing refuses newcomers, finishes what is under way, and keeps no connection", async () => {
  const slow = aSlowEndpoint();
  // So long a grace that this test would fail by its own time limit if closing waited for it.
  const edge = await startEdge({ routes: [slow.route], graceMs: 3_600_000 });
  const answer = fetch(`${edge.url}/slow`);
  await slow.reached;
  const closed = edge.close();
  await assert.rejects(sendRaw(edge.port, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"), /ECONNREFUSED/);
  slow.finish();
  const response = await answer;
  assert.equal(await response.text(), "done");
  assert.equal(response.headers.get("connection"), "close");
  await closed;
});

test("closing answers what comes on connections that were there, used before or not, and then ends them", async () => {
  // So long that this test would fail by its own time limit if an answer left its connection open.
  const edge = await startEdge({ settleMs: 3_600_000, graceMs: 7_200_000 });
  const get = "GET /document HTTP/1.1\r\nHost: h\r\n\r\n";
  const connected = async () => {
    const socket = connect(edge.port, "127.0.0.1");
    await once(socket, "connect");
    return { socket, answers: text(socket) };
  };
  const [used, fresh] = [await connected(), await connected()];
  used.socket.write(get);
  await once(used.socket, "readable");
  const closed = edge.close();
  for (const { socket } of [used, fresh]) socket.write(get);
  for (const { answers } of [used, fresh]) {
    assert.match(await answers, /^HTTP\/1\.1 200 OK\r\n.*\r\nConnection: close\r\n/is);
  }
  await closed;
});

test("closing ends connections on which nothing comes", async () => {
  const edge = await startEdge({ settleMs: 1, graceMs: 3_600_000 });
  const socket = connect(edge.port, "127.0.0.1");
  await once(socket, "connect");
  const ended = once(socket.resume(), "end");
  await edge.close();
  await ended;
});

test("closing cuts what does not finish within the grace", async () => {
  const slow = aSlowEndpoint();
  const edge = await startEdge({ routes: [slow.route], graceMs: 1 });
  const cut = assert.rejects(fetch(`${edge.url}/slow`));
  await slow.reached;
  await edge.close();
  await cut;
});

test("a taken port is told with node's own error", async (t) => {
  const edge = await startEdge();
  t.after(() => edge.close());
  await assert.rejects(startEdge({}, edge.port), { code: "EADDRINUSE" });
});

test("what no endpoint caught is told to us, and nothing of it to the outside", async (t) => {
  const edge = await startEdge();
  t.after(() => edge.close());
  const response = await fetch(`${edge.url}/broken`);
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /secret detail/);
  assert.equal(edge.failures.length, 1);
});

test("a page that cannot be rendered ends its own request and no other", async (t) => {
  const edge = await startEdge({
    renderPage: () => {
      throw new Error("template");
    },
  });
  t.after(() => edge.close());
  await assert.rejects(fetch(`${edge.url}/page`));
  assert.equal(edge.failures.length, 1);
  assert.equal((await fetch(`${edge.url}/document`)).status, 200);
});

test("each request is told of once it is over, without its query", async (t) => {
  const entries: AccessLogEntry[] = [];
  const logged = Promise.withResolvers<void>();
  const edge = await startEdge({
    onRequest: (entry) => {
      entries.push(entry);
      if (entries.length === 3) logged.resolve();
    },
  });
  t.after(() => edge.close());
  await fetch(`${edge.url}/document?code=secret`);
  await fetch(`${edge.url}/nowhere`, { method: "POST" });
  await fetch(`${edge.url}/broken`);
  await logged.promise;
  assert.deepEqual(
    entries.map(({ method, path, status, address }) => [method, path, status, address]),
    [
      ["GET", "/document", 200, "127.0.0.1"],
      ["POST", "/nowhere", 404, "127.0.0.1"],
      ["GET", "/broken", 500, "127.0.0.1"],
    ],
  );
  assert.equal(edge.requests[0]?.id, entries[0]?.id, "the reference id of the request");
  assert.equal(new Set(entries.map(({ id }) => id)).size, 3);
  assert.ok(entries.every(({ milliseconds }) => milliseconds >= 0));
});
