import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { selfSigned } from "../../support/self-signed.ts";
import { aBareDoor, type BareDoor, wholeCall } from "../support/bare-door.ts";
import { exchanged } from "../support/raw-client.ts";
import { aRawServer, whole } from "../support/raw-server.ts";

async function refusalOf(answer: Response): Promise<[number, number]> {
  const { error } = (await answer.json()) as { error: { code: number } };
  return [answer.status, error.code];
}

const modern = {
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/list",
};
const modernBody = JSON.stringify({
  jsonrpc: "2.0",
  id: 7,
  method: "tools/list",
  params: {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "a client", version: "1" },
    },
  },
});

test("W16 307 and 308 at the same server are followed with method and body, three times, and no other redirect is or is told", async (t) => {
  const redirect = (status: number, location: string) =>
    `HTTP/1.1 ${status} Elsewhere\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;
  let answers: string[] = [];
  const behind = await aRawServer(t, (socket) => void socket.write(answers.shift() ?? whole("{}")));
  const door = await aBareDoor(t, behind.url);

  answers = [redirect(307, "/mcp/"), redirect(308, `${behind.url}/x?y=%41`), redirect(307, "z")];
  assert.equal((await door.call()).status, 200);
  assert.deepEqual(
    behind.requests.map((request) => request.split(" ", 2).join(" ")),
    ["POST /mcp", "POST /mcp/", "POST /mcp/x?y=%41", "POST /mcp/z"],
  );
  const bodies = new Set(behind.requests.map((request) => request.slice(request.indexOf("\r\n\r\n"))));
  assert.equal(bodies.size, 1);
  for (const request of behind.requests) {
    assert.match(request, /\r\nX-Gatehouse-Subject: alice\r\n/i);
    assert.doesNotMatch(request, /authorization/i);
  }

  answers = Array.from({ length: 4 }, () => redirect(307, "/mcp"));
  assert.deepEqual(await refusalOf(await door.call()), [502, -32010]);
  assert.equal(behind.requests.length, 8);
  const elsewhere = [
    redirect(307, `http://127.0.0.1:${behind.port + 1}/mcp`),
    redirect(308, "http://localhost.evil.example/mcp"),
    redirect(307, `https://127.0.0.1:${behind.port}/mcp`),
    redirect(307, `http://user:secret@127.0.0.1:${behind.port}/mcp`),
    redirect(302, "/mcp/"),
    redirect(303, "/mcp/"),
    redirect(301, "/mcp/"),
    redirect(304, "/mcp/"),
    "HTTP/1.1 307 Nowhere\r\nContent-Length: 0\r\n\r\n",
  ];
  for (const answer of elsewhere) {
    answers = [answer];
    const refused = await door.call();
    assert.equal(refused.headers.get("location"), null);
    assert.deepEqual(await refusalOf(refused), [502, -32010], answer);
  }
  assert.equal(behind.requests.length, 8 + elsewhere.length);
});

test("a server that was told of https redirects to itself by https, and is followed where it really is", async (t) => {
  const behind = await aRawServer(t, (socket, request) => {
    const host = /^host: (.*)\r$/im.exec(request)?.[1];
    const proto = /^x-forwarded-proto: (.*)\r$/im.exec(request)?.[1];
    const isThere = request.startsWith("POST /mcp/ ");
    const moved = `HTTP/1.1 307 Slash\r\nLocation: ${proto}://${host}/mcp/\r\nContent-Length: 0\r\n\r\n`;
    socket.write(isThere ? whole("{}") : moved);
  });
  const { port } = await aBareDoor(t, behind.url, { listener: { trustedProxies: ["loopback"] } });
  const call = wholeCall(port, [
    "Connection: close",
    "X-Forwarded-Proto: https",
    "X-Forwarded-For: 203.0.113.7",
  ]);
  assert.match(await exchanged(t, port, call), /^HTTP\/1\.1 200 /);
});

test("W17 a server's certificate is verified with the authorities configured, its name included; a Unix socket does", async (t) => {
  const server = createTlsServer(selfSigned, (_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const authorities = [selfSigned.cert];
  const trusted = await aBareDoor(t, `https://127.0.0.1:${port}/mcp`, { backend: { authorities } });
  assert.equal((await trusted.call()).status, 200);

  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  t.after(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });
  const unknown = await aBareDoor(t, `https://127.0.0.1:${port}/mcp`);
  const otherName = await aBareDoor(t, `https://localhost:${port}/mcp`, { backend: { authorities } });
  for (const door of [unknown, otherName]) {
    assert.deepEqual(await refusalOf(await door.call()), [502, -32010]);
    assert.equal(door.log.find(({ stage }) => stage !== undefined)?.stage, "tls");
  }

  const folder = mkdtempSync(join(tmpdir(), "gatehouse-socket-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const socketPath = join(folder, "mcp.sock");
  await aRawServer(t, (socket) => void socket.write(whole('{"over":"unix"}')), socketPath);
  const local = await aBareDoor(t, "http://localhost/mcp", { backend: { socketPath } });
  assert.equal(await (await local.call()).text(), '{"over":"unix"}');
});

test("W22 a server that wants credentials of its own is a 502 and a line in the log, and its challenge reaches no client", async (t) => {
  const challenge =
    'WWW-Authenticate: Bearer resource_metadata="https://evil.example/x"\r\nProxy-Authenticate: Basic\r\n';
  let status = 401;
  const behind = await aRawServer(
    t,
    (socket) => void socket.write(`HTTP/1.1 ${status} No\r\n${challenge}Content-Length: 2\r\n\r\n{}`),
  );
  const door = await aBareDoor(t, behind.url);
  for (status of [401, 407]) {
    const answer = await door.call();
    assert.equal(answer.headers.get("www-authenticate"), null);
    assert.equal(answer.headers.get("proxy-authenticate"), null);
    assert.deepEqual(await refusalOf(answer), [502, -32013]);
  }
  const told = door.log.filter(({ cause }) => /credentials of its own/.test(String(cause)));
  assert.equal(told.length, 2);
  assert.equal(told[0]?.server, "notes");
  status = 403;
  const passed = await door.call();
  assert.equal(passed.status, 403);
  assert.equal(passed.headers.get("www-authenticate"), null);
});

test("W-n25 neither another issuer's challenge nor a redirect to a place within reach is told or followed", async (t) => {
  const inner = await aRawServer(t, (socket) => void socket.write(whole("{}")));
  let answer = "";
  const behind = await aRawServer(t, (socket) => void socket.write(answer));
  const door = await aBareDoor(t, behind.url);
  for (answer of [
    'HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer resource_metadata="https://evil.example/"\r\nContent-Length: 0\r\n\r\n',
    `HTTP/1.1 302 Found\r\nLocation: ${inner.url}\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 307 There\r\nLocation: ${inner.url}\r\nContent-Length: 0\r\n\r\n`,
  ]) {
    const refused = await door.call();
    assert.equal(refused.status, 502);
    assert.doesNotMatch(
      JSON.stringify([...refused.headers]) + (await refused.text()),
      /evil|127\.0\.0\.1|location/i,
    );
  }
  assert.equal(inner.requests.length, 0);
});

test("W23 no failure of the door or of the way to a server makes a modern client fall back to an older transport", async (t) => {
  const call = (door: BareDoor, init: RequestInit = {}) =>
    door.call({ body: modernBody, ...init, headers: { ...modern, ...init.headers } });
  const behind = await aRawServer(t, (socket, _request, count) => {
    if (count === 1) return void socket.write(whole("{}"));
    if (count === 2) return socket.destroy();
    if (count === 3)
      return void socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
    if (count === 4) return void socket.write("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    if (count === 5) return void socket.write("HTTP/1.1 302 No\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    return undefined; // and never answers
  });
  const door = await aBareDoor(t, behind.url, {
    backend: { timeouts: { connectMs: 5000, firstByteMs: 300, silenceMs: 0 } },
  });
  assert.equal((await call(door)).status, 200);
  const statuses: number[] = [];
  for (let count = 2; count <= 6; count++) statuses.push((await call(door)).status);
  statuses.push((await call(door, { headers: { authorization: "Bearer nobody" } })).status);
  statuses.push((await call(door, { headers: { origin: "https://evil.example" } })).status);
  statuses.push((await call(door, { headers: { "content-encoding": "gzip" } })).status);
  statuses.push((await call(door, { body: " ".repeat(10_000_001) })).status);
  const nobody = await aBareDoor(t, "http://127.0.0.1:1/mcp");
  statuses.push((await call(nobody)).status);
  assert.deepEqual(statuses, [502, 502, 502, 502, 504, 401, 403, 415, 413, 502]);
});

test("W29 an answer that is no clear HTTP gets 502 or breaks off, its connection is not used again, and what holds for a whole origin is not passed on", async (t) => {
  let answer = "";
  const behind = await aRawServer(t, (socket) => void socket.write(answer));
  const door = await aBareDoor(t, behind.url);
  const framings = {
    "invalid name": "X Y: 1\r\nContent-Length: 2\r\n\r\n{}",
    "invalid value": "X: a\x01b\r\nContent-Length: 2\r\n\r\n{}",
    NUL: "X: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "both framings": "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length that is none": "Content-Length: 2x\r\n\r\n{}",
  };
  for (const [name, rest] of Object.entries(framings)) {
    answer = `HTTP/1.1 200 OK\r\n${rest}`;
    assert.deepEqual(await refusalOf(await door.call()), [502, -32012], name);
  }
  const used = behind.connections.length;
  assert.equal(used, Object.keys(framings).length, "each on a connection of its own");

  answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\nshort";
  const short = door.call();
  const answered = await short;
  behind.connections.at(-1)?.end();
  await assert.rejects(answered.text());

  answer = whole(
    "{}",
    "Set-Cookie: a=b\r\nAlt-Svc: h3=x\r\nStrict-Transport-Security: max-age=1\r\nServer: x\r\nX-Kept: 1\r\n",
  );
  const { headers } = await door.call();
  const names = ["set-cookie", "alt-svc", "strict-transport-security", "server"];
  assert.deepEqual(
    names.map((name) => headers.get(name)),
    [null, null, null, null],
  );
  assert.equal(headers.get("x-kept"), "1");
});

test("an answer that is refused once it has begun is left, and its end ends nothing else", async (t) => {
  const begun = [
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: unknown\r\n\r\ndata",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: unknown\r\nContent-Length: 9\r\n\r\ndata",
  ];
  const behind = await aRawServer(t, (socket) => void socket.write(begun.pop() ?? whole("{}")));
  const door = await aBareDoor(t, behind.url);
  while (begun.length > 0) {
    assert.deepEqual(await refusalOf(await door.call()), [502, -32012]);
    const [socket] = behind.connections.slice(-1);
    if (socket?.closed === false) await new Promise((resolve) => socket.once("close", resolve));
  }
  assert.equal((await door.call()).status, 200);
});

test("the name of a file passes byte for byte, wherever the length stands", async (t) => {
  const name = 'Content-Disposition: attachment; filename="\xe6\x97\xa5\xc3\xa9\xc4\x8a.txt"\r\n';
  const length = "Content-Length: 2\r\n";
  for (const fields of [name + length, length + name]) {
    const answer = `HTTP/1.1 200 OK\r\n${fields}\r\n{}`;
    const behind = await aRawServer(t, (socket) => void socket.write(answer, "latin1"));
    const { port } = await aBareDoor(t, behind.url);
    const received = await exchanged(t, port, wholeCall(port, ["Connection: close"]));
    assert.ok(received.includes(`\r\n${name}`) && received.endsWith("\r\n\r\n{}"), received);
  }
});

test("of a 204 no client is told of a length, and what comes of a body answers nobody", async (t) => {
  const behind = await aRawServer(t, (socket, _request, count) => {
    if (count > 1) return void socket.write(whole("{}"));
    socket.write("HTTP/1.1 204 None\r\nX: 1\r\nContent-Length: 40\r\n\r\n");
    socket.once("data", () => socket.write(whole('{"stolen":true}')));
    return undefined;
  });
  const door = await aBareDoor(t, behind.url);
  const { status, headers } = await door.call();
  assert.deepEqual([status, headers.get("x"), headers.get("content-length")], [204, "1", null]);
  assert.equal(await (await door.call()).text(), "{}");
  assert.equal(behind.connections.length, 2);
});

test("W-n24 no header of an attacker's gets out of an answer that is made of broken lines, floods or far too much", async (t) => {
  let answer = "";
  const behind = await aRawServer(t, (socket) => void socket.write(answer));
  const door = await aBareDoor(t, behind.url);
  answer = whole("{}", "X: a\r\nSet-Cookie: evil=1\r\n");
  assert.equal((await door.call()).headers.get("set-cookie"), null);
  for (const [name, bytes] of Object.entries({
    "bare LF": "HTTP/1.1 200 OK\r\nX: a\nEvil: 1\r\nContent-Length: 2\r\n\r\n{}",
    "bare CR": "HTTP/1.1 200 OK\r\nX: a\rEvil: 1\r\nContent-Length: 2\r\n\r\n{}",
    "folded line": "HTTP/1.1 200 OK\r\nX: a\r\n Evil: 1\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": "HTTP/1.1 200 OK\r\nEvil: 1\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}",
    flood: `${"HTTP/1.1 103 Early\r\nEvil: 1\r\n\r\n".repeat(1000)}${whole("{}")}`,
    "switched protocols": "HTTP/1.1 101 Switch\r\nUpgrade: evil\r\nConnection: upgrade\r\n\r\n",
    "1 MB of fields": `HTTP/1.1 200 OK\r\nEvil: ${"x".repeat(1_000_000)}\r\nContent-Length: 2\r\n\r\n{}`,
  })) {
    answer = bytes;
    const refused = await door.call();
    assert.equal(refused.headers.get("evil"), null, name);
    assert.deepEqual(await refusalOf(refused), [502, -32012], name);
  }
});

test("W-n26 an answer that nobody asked for yet is not given to whoever asks next", async (t) => {
  const early = whole('{"stolen":true}');
  const behind = await aRawServer(t, (socket, _request, count) => {
    if (count === 1) socket.write(whole("{}") + early);
    else if (count === 2) {
      socket.write(whole("{}"));
      setImmediate(() => socket.write(early));
    } else socket.write(whole('{"own":true}'));
  });
  const door = await aBareDoor(t, behind.url);
  assert.equal(await (await door.call()).text(), "{}");
  assert.equal(await (await door.call()).text(), "{}");
  await answeredAfterEarlyBytes(t, behind.connections.length);
  assert.equal(await (await door.call()).text(), '{"own":true}');
  assert.equal(behind.connections.length, 3, "who says too much is not asked again on the same connection");

  async function answeredAfterEarlyBytes(_t: TestContext, index: number) {
    const socket = behind.connections[index - 1];
    if (socket !== undefined && !socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  }
});
