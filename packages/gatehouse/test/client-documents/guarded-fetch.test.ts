import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createSocketServer } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createGuardedFetch, type GuardedFetchOptions } from "../../src/client-documents/guarded-fetch.ts";
import { DocumentError } from "../../src/oauth/ports.ts";
import { trustAuthorities } from "../../src/start/authorities.ts";
import { selfSigned } from "../support/self-signed.ts";
import { closeServer, listen } from "../support/upstream.ts";

const json = { "content-type": "application/json" };
/**
 * Development's, so that a server on this computer can play the stranger; in production it would be at a
 * public address.
 */
const local = (options: Partial<GuardedFetchOptions> = {}) =>
  createGuardedFetch({ allowLoopback: true, timeout: 2000, ...options });

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  t.after(() => closeServer(server));
  return listen(server);
}

async function failureOf(promise: Promise<unknown>): Promise<DocumentError> {
  const error = await promise.then(
    () => assert.fail("it was fetched"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof DocumentError, String(error));
  return error;
}

/** A server that says whom it was reached by, and a resolver that says what it is told to. */
async function anInternalService(t: TestContext) {
  let connections = 0;
  const server = createTlsServer(selfSigned, (_, response) => response.end("{}"));
  server.on("connection", () => connections++);
  t.after(() => closeServer(server));
  const { port } = new URL(await listen(server));
  return { port, connections: () => connections };
}

const address = (text: string) => ({ address: text, family: text.includes(":") ? 6 : 4 });

test("I03 it is a GET for JSON, and only 200 counts", async (t) => {
  const asked: Record<string, unknown>[] = [];
  let status = 200;
  const url = await serve(t, (request, response) => {
    asked.push({ method: request.method, ...request.headers });
    response.writeHead(status, { ...json, location: "/elsewhere" }).end('{"a":1}');
  });
  assert.equal((await local()(`${url}/c`, 100)).text, '{"a":1}');
  assert.equal(asked[0]?.method, "GET");
  assert.equal(asked[0]?.accept, "application/json");
  assert.equal(asked[0]?.cookie, undefined);
  for (status of [201, 202, 204, 206, 301, 302, 303, 307, 308, 400, 401, 403, 404, 410, 429, 500, 503]) {
    const { kind, message } = await failureOf(local()(`${url}/c`, 100));
    assert.equal(kind, status === 404 || status === 410 ? "gone" : "unavailable", String(status));
    assert.match(message, new RegExp(`/c answered ${status}`));
  }
  assert.equal(asked.filter(({ method }) => method === "GET").length, 18, "no redirect was followed");
});

test("only JSON is read, whatever its parameters and suffix", async (t) => {
  let type = "";
  const url = await serve(t, (_, response) =>
    response.writeHead(200, type === "" ? {} : { "content-type": type }).end("{}"),
  );
  for (type of ["application/json", "application/json; charset=utf-8", "Application/Client+JSON"]) {
    assert.equal((await local()(url, 100)).text, "{}", type);
  }
  for (type of ["", "text/html", "text/json", "application/jsonp", "application/javascript"]) {
    assert.match((await failureOf(local()(url, 100))).message, /not JSON/, type);
  }
});

test("only what is not compressed is read", async (t) => {
  let encoding = "";
  const url = await serve(t, (_, response) =>
    response.writeHead(200, { ...json, "content-encoding": encoding }).end("{}"),
  );
  for (encoding of ["identity", ""]) assert.equal((await local()(url, 100)).text, "{}", encoding);
  for (encoding of ["gzip", "br", "deflate", "zstd", "identity, gzip"]) {
    assert.match((await failureOf(local()(url, 100))).message, /compressed/, encoding);
  }
});

test("I09 the address that was checked is the one connected to: a name that changes in between gets nowhere", async (t) => {
  const url = new URL(await serve(t, (_, response) => response.writeHead(200, json).end("{}")));
  let lookUps = 0;
  // Where it may be reached for the first who asks, then an address within.
  const fetch = local({ resolve: async () => [address(lookUps++ === 0 ? "127.0.0.1" : "10.0.0.1")] });
  const name = `http://localhost:${url.port}/c`;
  assert.equal((await fetch(name, 100)).text, "{}");
  assert.equal(lookUps, 1, "asked once, and that answer was used");
  assert.equal((await failureOf(fetch(name, 100))).kind, "refused");
});

test("a certificate must be valid, and for the name", async (t) => {
  const server = createTlsServer(selfSigned, (_, response) => response.writeHead(200, json).end("{}"));
  t.after(() => closeServer(server));
  const { port } = new URL(await listen(server)); // its certificate is for 127.0.0.1
  const resolve = async () => [address("127.0.0.1")];
  const trusting = local({ resolve, ca: selfSigned.cert });
  assert.equal((await trusting(`https://127.0.0.1:${port}/c`, 100)).text, "{}");
  const stranger = await failureOf(local({ resolve })(`https://127.0.0.1:${port}/c`, 100));
  assert.match(stranger.message, /SELF_SIGNED_CERT/);
  // Twice: a TLS session that is resumed would not be checked for its name.
  for (const attempt of [1, 2]) {
    const impostor = await failureOf(trusting(`https://localhost:${port}/c`, 100));
    assert.match(impostor.message, /ERR_TLS_CERT_ALTNAME_INVALID/, `attempt ${attempt}`);
  }
});

test("I10 a body is cut off at the limit and at the deadline", async (t) => {
  const exact = await serve(t, (_, response) => response.writeHead(200, json).end("x".repeat(100)));
  assert.equal((await local()(exact, 100)).text.length, 100);
  assert.match((await failureOf(local()(exact, 99))).message, /longer than 99 bytes/);
  const slow = await serve(t, (_, response) => response.writeHead(200, json).write("{"));
  assert.match((await failureOf(local({ timeout: 50 })(slow, 100))).message, /in time/);
  const mute = await serve(t, () => {});
  assert.match((await failureOf(local({ timeout: 50 })(mute, 100))).message, /in time/);
  const lost = local({ timeout: 50, resolve: () => new Promise(() => {}) });
  assert.match((await failureOf(lost("https://nowhere.example/c", 100))).message, /in time/);
});

test("I-n1 nothing within is connected to, however it is written or named", async (t) => {
  const internal = await anInternalService(t);
  const names: Record<string, string[]> = {
    "private.example": ["10.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "mixed.example": ["8.8.8.8", "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "loop6.example": ["::1"],
    "loop.example": ["127.0.0.1"],
    "empty.example": [],
  };
  const fetch = createGuardedFetch({
    allowLoopback: false,
    timeout: 500,
    resolve: async (host) => (names[host] ?? assert.fail(host)).map(address),
  });
  const literals = [
    "127.0.0.1",
    "[::1]",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "127.1",
    "169.254.169.254",
  ];
  const embedded = [
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fd00::1]",
    "0",
  ];
  const addresses = ["8.8.8.8", "134744072", "[2001:4860:4860::8888]"]; // nobody's document is at one
  for (const host of [
    ...Object.keys(names),
    ...literals,
    ...embedded,
    ...addresses,
    "localhost",
    "LOCALHOST",
  ]) {
    const { kind } = await failureOf(fetch(`https://${host}:${internal.port}/c`, 100));
    assert.equal(kind, "refused", host);
  }
  assert.equal((await failureOf(fetch("http://public.example/c", 100))).kind, "refused", "plain http");
  assert.equal(internal.connections(), 0);
});

test("in development a loopback name may lead to this computer only", async (t) => {
  const url = new URL(await serve(t, (_, response) => response.writeHead(200, json).end("{}")));
  const to = (...addresses: string[]) => local({ resolve: async () => addresses.map(address) });
  assert.equal((await to("127.0.0.1")(`http://localhost:${url.port}/`, 10)).text, "{}");
  assert.equal((await failureOf(to("10.0.0.1")(`http://localhost:${url.port}/`, 10))).kind, "refused");
  assert.equal((await failureOf(to("127.0.0.1")(`http://app.example:${url.port}/`, 10))).kind, "refused");
  assert.equal((await failureOf(to("127.0.0.1")(`https://app.example:${url.port}/`, 10))).kind, "refused");
});

test("I-n2 a redirect into the inside is an error, not a way", async (t) => {
  let lured = 0;
  const trap = await serve(t, (_, response) => {
    lured++;
    response.writeHead(200, json).end("{}");
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await serve(t, (_, response) => response.writeHead(status, { location: trap }).end());
    assert.match((await failureOf(local()(url, 100))).message, new RegExp(`answered ${status}`));
  }
  assert.equal(lured, 0);
});

test("I-n4 endless, dripping, compressed and lying bodies end in time", async (t) => {
  let sent = 0;
  const endless = await serve(t, (_, response) => {
    response.writeHead(200, json);
    const pour = (): void => {
      while (!response.destroyed && response.write("x".repeat(1000))) sent += 1000;
      response.once("drain", pour);
    };
    pour();
  });
  assert.match((await failureOf(local()(endless, 5120))).message, /longer than 5120/);
  assert.ok(sent < 50_000_000, "cut off, not read to the end");
  const dripping = await serve(t, (_, response) => {
    response.writeHead(200, json);
    const drip = setInterval(() => response.write("x"), 5);
    response.on("close", () => clearInterval(drip));
  });
  assert.match((await failureOf(local({ timeout: 100 })(dripping, 5120))).message, /in time/);
  const bomb = gzipSync(Buffer.alloc(10_000_000, 32));
  const packed = await serve(t, (_, response) =>
    response.writeHead(200, { ...json, "content-encoding": "gzip" }).end(bomb),
  );
  assert.match((await failureOf(local()(packed, 1_000_000))).message, /compressed/);
  const liar = createSocketServer((socket) => {
    socket.on("error", () => {});
    socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n");
    socket.write("x".repeat(10_000_000));
  });
  t.after(() => liar.close());
  await new Promise<void>((resolve) => liar.listen(0, "127.0.0.1", resolve));
  const { port } = liar.address() as { port: number };
  const read = await local()(`http://127.0.0.1:${port}/`, 5120).then(
    ({ text }) => text.length,
    () => 0,
  );
  assert.ok(read <= 10);
  const flood = await serve(t, (_, response) => {
    response.writeHead(200, { ...json, "x-flood": "x".repeat(100_000) }).end("{}");
  });
  await failureOf(local()(flood, 5120));
});

test("no connection is kept: the next fetch is checked anew", async (t) => {
  let connections = 0;
  const server = createServer((_, response) => response.writeHead(200, json).end("{}"));
  server.on("connection", () => connections++);
  t.after(() => closeServer(server));
  const url = await listen(server);
  const fetch = local();
  for (let at = 0; at < 3; at++) await fetch(url, 100);
  assert.equal(connections, 3);
});

// The last here: an authority is trusted by the whole process.
test("a certificate of an authority of CA_FILE is taken, still for its own name only", async (t) => {
  const server = createTlsServer(selfSigned, (_, response) => response.writeHead(200, json).end("{}"));
  t.after(() => closeServer(server));
  const { port } = new URL(await listen(server));
  const fetch = local({ resolve: async () => [address("127.0.0.1")] });
  assert.match((await failureOf(fetch(`https://127.0.0.1:${port}/c`, 100))).message, /SELF_SIGNED_CERT/);
  trustAuthorities({ authorities: [selfSigned.cert] });
  assert.equal((await fetch(`https://127.0.0.1:${port}/c`, 100)).text, "{}");
  const impostor = await failureOf(fetch(`https://localhost:${port}/c`, 100));
  assert.match(impostor.message, /ERR_TLS_CERT_ALTNAME_INVALID/);
});
