import assert from "node:assert/strict";
import { test } from "node:test";
import { errorsOf } from "./config-file.ts";
import { oneLine, production, refused } from "./servers.ts";

test("W03 a start is refused, with all errors at once, for upstreams that cannot be meant, and for two servers at one address", (t) => {
  const errors = errorsOf(
    t,
    `servers:
  - { name: a, upstream: "ftp://127.0.0.1/mcp" }
  - { name: b, path: /b, upstream: "http://ada:hunter2@127.0.0.1/mcp" }
  - { name: c, path: /c, upstream: "http://127.0.0.1/mcp#x" }
  - { name: d, path: /d, upstream: "http://127.0.0.1:8080/mcp" }
  - { name: e, path: /e, upstream: "https://auth.example.com/other" }
  - { name: f, path: /b, upstream: "http://10.0.0.1/mcp" }
  - { name: g, path: /g, upstream: "http://mcp.example.org/mcp" }
  - { name: h, path: /h, upstream: "http://mcp.example.org/mcp", plain: true }
  - { name: a, path: /i, upstream: "http://8.8.8.8/mcp" }
  - { name: j, path: /j, upstream: "notes" }
  - { name: k, path: /k }
  - { name: l, path: /token, upstream: "http://127.0.0.1:3000/", command: [npx] }
`,
    production,
  );
  assert.deepEqual(oneLine(errors), [
    "7:22 servers[5].path: the address https://auth.example.com/b, which another has",
    "10:13 servers[8].name: the same as another",
    "2:26 servers[0].upstream: the scheme ftp:",
    "3:36 servers[1].upstream: a URL with user information",
    "4:36 servers[2].upstream: a URL with a fragment",
    "5:36 servers[3].upstream: this server itself",
    "6:36 servers[4].upstream: this server itself",
    "8:36 servers[6].upstream: plain http to an address that is neither this computer's nor private",
    "10:36 servers[8].upstream: plain http to an address that is neither this computer's nor private",
    "11:36 servers[9].upstream: no URL",
    "12:5 servers[10].upstream: neither",
    '13:22 servers[11].path: "/token"',
    "13:75 servers[11].command: both",
  ]);
  assert.doesNotMatch(JSON.stringify(errors), /hunter2/);
});

test("W-n40 a door that leads to itself, and doors in a ring, are refused at the start, however their address is written", (t) => {
  for (const upstream of [
    "http://localhost:8080/mcp",
    "http://LOCALHOST.:8080/elsewhere",
    "http://127.0.0.1:8080/mcp",
    "http://127.1:8080/mcp",
    "http://2130706433:8080/",
    "http://[::1]:8080/mcp",
    "http://[::ffff:127.0.0.1]:8080/mcp",
    "http://0.0.0.0:8080/mcp",
    "http://notes.localhost:8080/mcp",
    "https://auth.example.com/mcp",
    "https://AUTH.example.com:443/mcp",
    "https://auth.example.com./mcp",
  ]) {
    assert.deepEqual(
      oneLine(refused(t, `upstream: "${upstream}"`)).map((line) => line.replace(/^\S+ /, "")),
      ["servers[0].upstream: this server itself"],
      upstream,
    );
  }
  const ring = `servers:
  - { name: a, host: a.example.com, upstream: "https://b.example.com/mcp" }
  - { name: b, host: b.example.com, upstream: "https://a.example.com/mcp" }
`;
  assert.deepEqual(oneLine(errorsOf(t, ring, production)), [
    "2:47 servers[0].upstream: this server itself",
    "3:47 servers[1].upstream: this server itself",
  ]);
  assert.deepEqual(refused(t, 'upstream: "http://localhost:8081/mcp"'), [], "another port is another server");
});

test("plain http is for this computer and networks of one's own, unless it is said to be meant", (t) => {
  for (const host of [
    "localhost:3000",
    "[::1]:3000",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.7",
    "[fd00::1]",
    "notes", // a container's name
    "notes.local",
    "notes.default.svc.cluster.local",
    "notes.default.svc",
    "notes.corp.internal",
  ]) {
    assert.deepEqual(refused(t, `upstream: "http://${host}/mcp"`), [], host);
  }
  for (const host of [
    "example.com",
    "172.32.0.1",
    "169.254.169.254",
    "[fe80::1]",
    "[2001:db8::1]",
    "100.64.0.1",
  ]) {
    const [error] = refused(t, `upstream: "http://${host}/mcp"`);
    assert.match(error?.expected ?? "", /^https, or plain: true/, host);
    assert.deepEqual(refused(t, `upstream: "http://${host}/mcp", plain: true`), [], host);
    assert.deepEqual(refused(t, `upstream: "https://${host}/mcp"`), [], host);
  }
});
