import assert from "node:assert/strict";
import { test } from "node:test";
import { errorsOf } from "./config-file.ts";
import { oneLine, production, refused, serversIn } from "./servers.ts";

test("what a server gets in its headers stays apart, and never takes the place of what HTTP and MCP mean", (t) => {
  const found = (lines: string) => oneLine(refused(t, lines)).map((line) => line.replace(/^\S+ /, ""));
  assert.deepEqual(found("identity: { subject: Host }"), ['servers[0].identity.subject: "Host"']);
  assert.deepEqual(found("identity: { subject: MCP-Session-Id }"), [
    'servers[0].identity.subject: "MCP-Session-Id"',
  ]);
  assert.deepEqual(found("identity: { email: X_User, name: x-user }"), [
    'servers[0].identity.name: "x-user"',
  ]);
  assert.deepEqual(found("credentials: { Content-Length: '5' }"), [
    "servers[0].credentials.Content-Length: a value for it",
  ]);
  assert.deepEqual(found("credentials: { X-Gatehouse-Email: x }"), [
    "servers[0].credentials.X-Gatehouse-Email: a value for it",
  ]);
  assert.deepEqual(found("credentials: { X-Key: a, x_key: b }"), [
    "servers[0].credentials.x_key: it for the second time",
  ]);
  assert.deepEqual(found('credentials: { X-Key: "a\\r\\nX-Gatehouse-Email: eve" }'), [
    "servers[0].credentials.X-Key: a text",
  ]);
  assert.deepEqual(found("credentials: { Cookie: a=b, Authorization: Bearer x }"), []);
});

test("settings of the one kind of servers are refused beside the other", (t) => {
  const found = (lines: string) => refused(t, lines).map(({ variable }) => variable);
  assert.deepEqual(found("per: person, environment: { A: b }, idle: 5m"), [
    "servers[0].per",
    "servers[0].environment",
    "servers[0].idle",
  ]);
  assert.deepEqual(found("command: [x], credentials: { A: b }, plain: true, assertion: true"), [
    "servers[0].plain",
    "servers[0].credentials",
    "servers[0].assertion",
  ]);
  assert.deepEqual(found('command: [" "]'), ["servers[0].command"]);
  assert.deepEqual(found("command: npx some-server"), ["servers[0].command"]);
  assert.deepEqual(found("command: [x], folder: /nowhere/at/all"), ["servers[0].folder"]);
});

test("a command is refused beside several workers, because a session's process is in one of them", (t) => {
  const yaml = "servers:\n  - { name: files, command: [x] }\n";
  const errors = oneLine(errorsOf(t, yaml, { ...production, WORKERS: "2" }));
  assert.deepEqual(errors, ["2:29 servers[0].command: it, with 2 workers"]);
  assert.equal(serversIn(t, yaml, { ...production, WORKERS: "1" }).servers.length, 1);
});
