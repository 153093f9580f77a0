import assert from "node:assert/strict";
import { test } from "node:test";
import {
  admitsRedirectUri,
  checkRedirectUri,
  describeRedirectUri,
  withParameters,
} from "../../../src/oauth/redirects/redirect-uri.ts";

const admits = (registered: string, requested: string) => admitsRedirectUri([registered], requested, "exact");

test("B05 a redirect URI matches to the letter or not at all", () => {
  const registered = "https://good.example/cb?a=1";
  assert.ok(admits(registered, registered));
  for (const other of [
    "https://good.example/CB?a=1",
    "https://GOOD.example/cb?a=1",
    "https://good.example/cb/?a=1",
    "https://good.example:443/cb?a=1",
    "https://good.example/cb?a=1&b=2",
    "https://good.example/cb",
    "https://good.example/%63b?a=1",
    "https://good.example/./cb?a=1",
    "http://good.example/cb?a=1",
  ]) {
    assert.ok(!admits(registered, other), other);
  }
  assert.ok(!admits("https://good.example/~a", "https://good.example/%7Ea"));
});

test("B06 of a loopback redirect URI the port alone is free", () => {
  for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
    assert.ok(admits(`http://${host}/callback`, `http://${host}:43661/callback`), host);
    assert.ok(admits(`http://${host}:3118/callback?x=1`, `http://${host}:1/callback?x=1`), host);
    assert.ok(!admits(`http://${host}/callback`, `http://${host}:43661/callback2`), host);
    assert.ok(!admits(`http://${host}/callback`, `http://${host}:43661/Callback`), host);
    assert.ok(!admits(`http://${host}/callback?x=1`, `http://${host}:43661/callback`), host);
    assert.ok(!admits(`http://${host}/callback`, `https://${host}:43661/callback`), host);
  }
  assert.ok(!admits("http://127.0.0.1/callback", "http://localhost:1/callback"));
  assert.ok(!admits("http://localhost/callback", "http://[::1]:1/callback"));
});

test("B-n2 what only looks like loopback does not match a loopback registration", () => {
  for (const requested of [
    "http://127.0.0.1.evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://127.0.0.1@evil.example/cb",
    "http://localhost:1@evil.example/cb",
    "http://127.1/cb",
    "http://2130706433/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "https://127.0.0.1:1/cb",
    "http://127.0.0.1:1/cb#x",
    "http://127.0.0.1:99999999/cb",
  ]) {
    assert.ok(!admits("http://127.0.0.1/cb", requested), requested);
    assert.ok(!admits("http://localhost/cb", requested), requested);
  }
});

test("https, loopback and the schemes of known apps can be registered", () => {
  for (const uri of [
    "https://claude.ai/api/mcp/auth_callback",
    "http://localhost:33418/",
    "http://127.0.0.1/callback/3f2a",
    "http://[::1]:8080/cb",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "vscode://publisher.extension/cb",
    "claude://claude.ai/mcp-auth-callback/sdk",
    "com.example.app:/oauth2redirect",
    "com.example.app://oauth2redirect",
  ]) {
    assert.equal(checkRedirectUri(uri), undefined, uri);
  }
});

test("B08 schemes that run code, unknown schemes and half-formed URIs cannot be registered", () => {
  for (const uri of [
    "javascript:alert(1)",
    "javascript://x.y/%0aalert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "vbscript:x",
    "blob:https://h/1",
    "about:blank",
    "madeup://cb",
    "http://example.com/cb",
    "http://10.0.0.1/cb",
    "//h/cb",
    "/cb",
    "https:/h/cb",
    "https:h/cb",
    "https:///cb",
    "https://u:p@h/",
    "https://u@h/",
    "https://h/cb#f",
    "https://*.evil.example/",
    "https://h/cb/../evil",
    "https://h/%2e%2e/evil",
    "https://h\\@evil.example/",
    "https://h/ space",
    "https://h/\u2028",
    "https://exämple.org/",
    "https://h%00.example/",
    "https://h:99999999999/",
    "",
    "com.example.app:",
    `https://h/${"a".repeat(2048)}`,
  ]) {
    assert.notEqual(checkRedirectUri(uri), undefined, uri);
  }
});

test("a redirect keeps the client's own query and adds to it", () => {
  assert.equal(
    withParameters("https://h/cb?a=1", { code: "x y", state: undefined }),
    "https://h/cb?a=1&code=x+y",
  );
  assert.equal(withParameters("https://h/cb", { code: "x" }), "https://h/cb?code=x");
  assert.equal(withParameters("https://h/cb?", { code: "x" }), "https://h/cb?code=x");
});

test("the consent page is told whether the answer goes to a site, this computer or an app", () => {
  assert.deepEqual(describeRedirectUri("https://app.example.com/cb"), {
    kind: "web",
    host: "app.example.com",
  });
  assert.deepEqual(describeRedirectUri("https://APP.example.com.:8443/cb"), {
    kind: "web",
    host: "app.example.com:8443",
  });
  assert.deepEqual(describeRedirectUri("http://localhost:1234/cb"), {
    kind: "loopback",
    host: "localhost:1234",
  });
  assert.deepEqual(describeRedirectUri("cursor://anysphere/cb"), { kind: "app", host: "cursor:" });
});
