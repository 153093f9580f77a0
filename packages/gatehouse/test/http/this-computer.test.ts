import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isLoopbackAddress } from "../../src/http/this-computer.ts";
import { json } from "../../src/oauth/messages/response.ts";
import { type Edge, sendRaw, startEdge } from "./edge.ts";

let edge: Edge;
before(async () => {
  const get = async () => json(200, "reached");
  const audience = "program";
  edge = await startEdge({
    routes: [
      { path: "/private", get, audience, thisComputerOnly: true },
      { path: "/public", get, audience },
    ],
  });
});
after(() => edge?.close());

const status = async (request: string) =>
  Number(/^HTTP\/1\.1 (\d+)/.exec(await sendRaw(edge.port, `${request}\r\nConnection: close\r\n\r\n`))?.[1]);

test("what is for this computer only is refused to a proxy that says nothing of itself but HTTP/1.0", async () => {
  assert.equal(await status("GET /private HTTP/1.1\r\nHost: localhost"), 200);
  assert.equal(await status("GET /private HTTP/1.0\r\nHost: localhost"), 403);
  assert.equal(await status("GET /private HTTP/1.0"), 403, "nor without a host");
  assert.equal(await status("GET /public HTTP/1.0\r\nVia: 1.1 proxy"), 200, "the rest is for everybody");
});

test("loopback is 127.0.0.0/8 and ::1, however the kernel writes them, and nothing else", () => {
  for (const address of ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"]) {
    assert.ok(isLoopbackAddress(address), address);
  }
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "192.168.1.7", "169.254.0.1", "203.0.113.7"]) {
    assert.ok(!isLoopbackAddress(address), address);
  }
  for (const address of ["::ffff:10.0.0.1", "fe80::1%eth0", "fd00::1", "2001:db8::1", "", "localhost"]) {
    assert.ok(!isLoopbackAddress(address), address);
  }
  assert.ok(!isLoopbackAddress(undefined), "a socket that is gone");
});
