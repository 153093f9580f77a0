import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Edge, sendRaw, startEdge } from "./edge.ts";

let edge: Edge;
before(async () => {
  edge = await startEdge();
});
after(() => edge?.close());

const form = { "content-type": "application/x-www-form-urlencoded" };
const post = (path: string, body: string | Buffer, headers: Record<string, string> = form) =>
  fetch(edge.url + path, { method: "POST", body: new Uint8Array(Buffer.from(body)), headers });

test("S06 a wrong method is 405 with Allow, an unknown path 404 without redirect", async () => {
  for (const [method, path, allow] of [
    ["GET", "/token", "POST"],
    ["PUT", "/token", "POST"],
    ["DELETE", "/page", "GET, POST"],
    ["HEAD", "/page", "GET, POST"],
    ["POST", "/document", "GET, HEAD"],
    ["OPTIONS", "/page", "GET, POST"],
  ] as const) {
    const response = await fetch(edge.url + path, { method });
    assert.equal(response.status, 405, `${method} ${path}`);
    assert.equal(response.headers.get("allow"), allow, `${method} ${path}`);
  }
  for (const path of ["/nowhere", "/token/", "/TOKEN", "//token", "/token%2f", "/./nowhere"]) {
    const response = await fetch(edge.url + path, { redirect: "manual" });
    assert.equal(response.status, 404, path);
    assert.equal(response.headers.get("location"), null);
  }
  const asBrowser = await fetch(`${edge.url}/nowhere`, { headers: { accept: "text/html,*/*" } });
  assert.match(asBrowser.headers.get("content-type") ?? "", /^text\/html/);
  const asProgram = await fetch(`${edge.url}/nowhere`);
  assert.equal(asProgram.headers.get("content-type"), "application/json");
});

test("S07 bodies, URLs and headers are bounded before anything is parsed", async () => {
  assert.equal((await post("/token", `a=${"x".repeat(64 * 1024)}`)).status, 413);
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024).fill(97)),
  });
  const streamed = fetch(`${edge.url}/token`, {
    method: "POST",
    body: endless,
    headers: form,
    duplex: "half",
  } as RequestInit);
  assert.equal(
    await streamed.then(
      ({ status }) => status,
      () => 413,
    ),
    413,
  );
  assert.equal((await fetch(`${edge.url}/document?a=${"x".repeat(17 * 1024)}`)).status, 414);
  assert.match(
    await sendRaw(edge.port, `GET /document HTTP/1.1\r\nHost: h\r\nX: ${"x".repeat(40_000)}\r\n\r\n`),
    /^HTTP\/1.1 431/,
  );
  assert.match(
    await sendRaw(edge.port, `POST /token HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n`),
    /^HTTP\/1.1 413[\s\S]*Connection: close/i,
  );
  assert.equal((await post("/token", "a=1", { ...form, "content-encoding": "gzip" })).status, 415);
  // After all of that it still serves.
  assert.equal((await post("/token", "a=1")).status, 200);
});

test("S-n1 a request that two servers could read differently is refused", async () => {
  const head =
    "POST /token HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n";
  for (const [name, bytes] of Object.entries({
    "Transfer-Encoding and Content-Length": `${head}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
    "two Authorization": `${head}Authorization: Basic YTpi\r\nAuthorization: Basic Yzpk\r\nContent-Length: 3\r\n\r\na=1`,
    "two Host": `${head}Host: other\r\nContent-Length: 3\r\n\r\na=1`,
    "two Content-Length": `${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\na=1`,
    "bad chunk size": `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
    "a bare LF": "POST /token HTTP/1.1\nHost: h\n\n",
    "NUL in a header": `${head}X: a\0b\r\nContent-Length: 3\r\n\r\na=1`,
    "no Host": "GET /document HTTP/1.1\r\nConnection: close\r\n\r\n",
  })) {
    assert.match(await sendRaw(edge.port, bytes), /^HTTP\/1.1 400/, name);
  }
});

test("S-n5 malformed percent-encoding, UTF-8 and NUL are 400 in the shape of the route, never 500", async () => {
  for (const bad of ["%", "%zz", "%E0%A4%A", "%ff", "%00"]) {
    const asQuery = await fetch(`${edge.url}/document?a=${bad}`);
    assert.equal(asQuery.status, 400, bad);
    assert.equal(((await asQuery.json()) as { error: string }).error, "invalid_request");
    assert.equal((await post("/token", `a=${bad}`)).status, 400, bad);
    const asPage = await post("/page", `a=${bad}`);
    assert.equal(asPage.status, 400, bad);
    assert.match(asPage.headers.get("content-type") ?? "", /^text\/html/);
  }
  assert.equal((await post("/token", Buffer.from([0x61, 0x3d, 0xff, 0xfe]))).status, 400);
  assert.deepEqual(edge.failures, []);
});

test("a form, a JSON text and anything else reach the endpoint as what they are", async () => {
  const answer = async (body: string, type: string) =>
    (await post("/token", body, { "content-type": type })).json();
  assert.deepEqual(await answer("a=1+2", "application/x-www-form-urlencoded"), { form: "1 2" });
  assert.deepEqual(await answer("a=1", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"), { form: "1" });
  assert.deepEqual(await answer('{"a":1}', "application/json"), { json: '{"a":1}' });
  assert.deepEqual(await answer("a=1", "text/x-application/x-www-form-urlencoded"), {});
  assert.deepEqual(await answer("a=1", "multipart/form-data"), {});
});

test("a document answers HEAD and preflight, and any origin may read it, without credentials", async () => {
  const head = await fetch(`${edge.url}/document`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  const preflight = await fetch(`${edge.url}/document`, {
    method: "OPTIONS",
    headers: { origin: "https://any.example", "access-control-request-headers": "mcp-protocol-version" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  for (const header of ["authorization", "content-type", "dpop", "mcp-protocol-version"]) {
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", new RegExp(header));
  }
  assert.equal(preflight.headers.get("access-control-allow-credentials"), null);
  assert.equal((await post("/token", "a=%")).headers.get("access-control-allow-origin"), "*");
  assert.equal((await fetch(`${edge.url}/page`)).headers.get("access-control-allow-origin"), null);
});

test("what no endpoint caught is told to us, and nothing of it to the outside", async () => {
  const response = await fetch(`${edge.url}/broken`);
  assert.equal(response.status, 500);
  assert.doesNotMatch(await response.text(), /secret detail/);
  assert.equal(edge.failures.length, 1);
});

test("closing finishes what is under way", async () => {
  const other = await startEdge({
    routes: [
      {
        path: "/slow",
        audience: "program",
        get: () => new Promise((resolve) => setImmediate(() => resolve({ status: 200, body: "done" }))),
      },
    ],
  });
  const answer = fetch(`${other.url}/slow`);
  const response = await answer;
  await other.close();
  assert.equal(await response.text(), "done");
  await assert.rejects(fetch(`${other.url}/slow`));
});
