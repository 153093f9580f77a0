import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resource } from "../../src/oauth/records.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { grantableScope, narrowScope, parseScope } from "../../src/oauth/scope.ts";
import { seconds } from "../../src/oauth/values.ts";

const resource = (...scopes: string[]): Resource => ({
  identifier: canonicalResource("https://mcp.example.com/mcp"),
  name: undefined,
  scopes: scopes.map((name) => ({ name, sentence: undefined })),
  createdAt: seconds(0),
});

test("L07 scopes the resource does not know are dropped", () => {
  assert.equal(grantableScope("read admin", resource("read", "write"), true), "read");
});

test("whoever asks for no scope of the resource gets all of them", () => {
  assert.equal(grantableScope(undefined, resource("read", "write"), true), "read write");
  assert.equal(grantableScope("openid offline_access", resource("read"), true), "read offline_access");
});

test("whoever asks for no scope of the resource gets the default ones where some are marked, and the others by asking", () => {
  const { scopes, ...rest } = resource("read", "write", "delete");
  const marked: Resource = {
    ...rest,
    scopes: scopes.map((scope) => (scope.name === "delete" ? scope : { ...scope, isDefault: true })),
  };
  assert.equal(grantableScope(undefined, marked, true), "read write");
  assert.equal(grantableScope("openid offline_access", marked, true), "read write offline_access");
  assert.equal(grantableScope("delete", marked, true), "delete");
  assert.equal(grantableScope("read delete unknown", marked, true), "read delete");
});

test("a resource that names no scopes takes any", () => {
  assert.equal(grantableScope("mcp tools", resource(), true), "mcp tools");
});

test("a request that names dozens of scopes nobody declared is refused, one of all that are declared is not", () => {
  const names = (count: number) => Array.from({ length: count }, (_, at) => `scope:${at}`);
  assert.equal(grantableScope(names(50).join(" "), resource(), true).split(" ").length, 50);
  const tooMany = { code: "invalid_scope" };
  assert.throws(() => grantableScope(names(51).join(" "), resource(), true), tooMany);
  assert.throws(() => grantableScope(names(1500).join(" "), resource("read"), true), tooMany);
  assert.equal(grantableScope(names(80).join(" "), resource(...names(80)), true).split(" ").length, 80);
  // Repeating one is not naming more.
  assert.equal(grantableScope("read ".repeat(100), resource(), true), "read");
});

test("offline_access is granted to clients that can refresh, and only to them", () => {
  assert.equal(grantableScope("read offline_access", resource("read"), true), "read offline_access");
  assert.equal(grantableScope("read offline_access", resource("read"), false), "read");
});

test("a refresh may narrow the scope, and repeats of login scopes are ignored", () => {
  assert.equal(narrowScope("read write offline_access", undefined), "read write offline_access");
  assert.equal(narrowScope("read write", "write"), "write");
  assert.equal(narrowScope("read", "read offline_access openid"), "read");
  assert.equal(narrowScope("read", "offline_access"), "read");
  assert.throws(() => narrowScope("read", "read write"), { code: "invalid_scope" });
});

test("a scope token is printable ASCII without quote and backslash", () => {
  assert.deepEqual(parseScope(" a  b a "), ["a", "b"]);
  for (const scope of ['a"b', "a\\b", "a\tb", "ä", "a\u0000"]) {
    assert.throws(() => parseScope(scope), { code: "invalid_scope" }, JSON.stringify(scope));
  }
});
