import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { type Edge, sendRaw, startEdge } from "./edge.ts";

let edge: Edge;
before(async () => {
  edge = await startEdge();
});
after(() => edge?.close());

const form = { "content-type": "application/x-www-form-urlencoded" };
const post = (path: string, body: string | Buffer, headers: Record<string, string> = form) =>
  fetch(edge.url + path, { method: "POST", body: new Uint8Array(Buffer.from(body)), headers });

test("S06 a wrong method is 405 with Allow, an unknown path 404 without redirect", async (t) => {
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

  // And every 401 of the whole server says how to do better.
  const server = await startTestGatehouse();
  t.after(() => server.stop());
  const guess = { ...form, authorization: `Basic ${btoa("nobody:guess")}` };
  for (const [path, headers, body] of [
    ["/token", guess, "grant_type=refresh_token&refresh_token=x"],
    ["/token", form, "grant_type=refresh_token&refresh_token=x&client_id=nobody"],
    ["/revoke", guess, "token=x"],
    ["/introspect", form, "token=x"],
    ["/introspect", { ...form, authorization: "Bearer guess" }, "token=x"],
  ] as const) {
    const response = await fetch(server.url + path, { method: "POST", headers, body });
    assert.equal(response.status, 401, path);
    assert.match(response.headers.get("www-authenticate") ?? "", /^(Basic|Bearer) realm="/, path);
  }
});

test("S07 bodies, URLs and headers are bounded before anything is parsed", async (t) => {
  assert.equal((await post("/token", `a=${"x".repeat(64 * 1024)}`)).status, 413);
  assert.equal(
    (await post("/token", `a=${"x".repeat(64 * 1024 - 2)}`)).status,
    200,
    "just as long as allowed",
  );
  assert.match(
    await sendRaw(edge.port, `POST /token HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n`),
    /^HTTP\/1.1 413[\s\S]*Connection: close/i,
    "a long body is refused before it arrives",
  );
  const chunk = `4000\r\n${"x".repeat(16 * 1024)}\r\n`;
  assert.match(
    await sendRaw(
      edge.port,
      `POST /token HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`,
    ),
    /^HTTP\/1.1 413[\s\S]*Connection: close/i,
    "one that does not say how long it will be, as soon as it is too long",
  );
  assert.equal((await fetch(`${edge.url}/document?a=${"x".repeat(17 * 1024)}`)).status, 414);
  assert.match(
    await sendRaw(edge.port, `GET /document HTTP/1.1\r\nHost: h\r\nX: ${"x".repeat(40_000)}\r\n\r\n`),
    /^HTTP\/1.1 431/,
  );
  assert.equal((await post("/token", "a=1", { ...form, "content-encoding": "gzip" })).status, 415);
  assert.equal((await post("/token", "a=1")).status, 200, "after all of that it still serves");

  const impatient = await startEdge({ requestTimeoutMs: 60 });
  t.after(() => impatient.close());
  for (const begun of ["GET /document HTTP/1.1\r\nHost: h\r\n", "POST /token HTTP/1.1\r\n"]) {
    assert.match(await sendRaw(impatient.port, begun), /^HTTP\/1.1 408/, "headers that never end");
  }
  await sendRaw(impatient.port, "POST /token HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\na=");
  assert.equal(impatient.requests.length, 0, "a body that never ends reaches no endpoint");
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

test("text beyond ASCII arrives whole, with its length in bytes", async () => {
  for (const text of ["plain", "café", "Ωmega", "日本", "😀"]) {
    const answer = await post("/token", `a=${encodeURIComponent(text)}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.equal(Number(answer.headers.get("content-length")), bytes.length, text);
    assert.deepEqual(JSON.parse(bytes.toString()), { form: text });
  }
});

test("no answer says anything twice in its head", async (t) => {
  const server = await startTestGatehouse();
  t.after(() => server.stop());
  for (const [url, method, headers] of [
    [`${edge.url}/page`, "GET", {}],
    [`${edge.url}/page`, "DELETE", {}],
    [`${edge.url}/broken`, "GET", {}],
    [`${edge.url}/token`, "OPTIONS", { origin: "https://any.example" }],
    [`${edge.url}/token`, "POST", { "content-encoding": "gzip" }],
    [`${server.url}/`, "GET", {}],
    [`${server.url}/nowhere`, "GET", { accept: "text/html" }],
    [`${server.url}/authorize`, "GET", { accept: "text/html" }],
    [`${server.url}/introspect`, "POST", form],
    [`${server.url}/token`, "POST", form],
    [`${server.url}/.well-known/oauth-authorization-server`, "GET", {}],
  ] as const) {
    const names = await headOf(url, method, headers);
    assert.deepEqual(names, [...new Set(names)], `${method} ${url}`);
    assert.ok(names.includes("x-request-id"), `${method} ${url}`);
  }
});

/** The names of an answer's headers, as they came. */
function headOf(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<string[]> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers: { ...headers } }, (answer) => {
      answer.resume();
      resolve(answer.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()));
    })
      .on("error", reject)
      .end();
  });
}

test("a document answers HEAD and preflight, and any origin may read it, without credentials", async () => {
  const head = await fetch(`${edge.url}/document`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
  const preflight = await fetch(`${edge.url}/document`, {
    method: "OPTIONS",
    headers: { origin: "https://any.example", "access-control-request-headers": "mcp-protocol-version" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("content-length"), null);
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  for (const header of ["authorization", "content-type", "dpop", "mcp-protocol-version"]) {
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", new RegExp(header));
  }
  assert.equal(preflight.headers.get("access-control-allow-credentials"), null);
  assert.equal((await post("/token", "a=%")).headers.get("access-control-allow-origin"), "*");
  for (const method of ["GET", "OPTIONS"]) {
    const page = await fetch(`${edge.url}/page`, { method, headers: { origin: "https://any.example" } });
    const names = [...page.headers.keys()];
    assert.ok(!names.some((name) => name.startsWith("access-control-")), `${method}: ${names}`);
  }
});
