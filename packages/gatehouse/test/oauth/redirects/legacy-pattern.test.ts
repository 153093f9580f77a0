import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkRedirectPattern,
  matchesPatternOrigin,
  matchesRedirectPattern,
} from "../../../src/oauth/redirects/legacy-pattern.ts";

test("B27 a pattern's * is any run, everything else is literal, and both ends are anchored", () => {
  assert.ok(matchesRedirectPattern("https://app.example.com/*", "https://app.example.com/auth/callback?x=1"));
  assert.ok(matchesRedirectPattern("https://app.example.com/cb", "https://app.example.com/cb"));
  assert.ok(matchesRedirectPattern("https://*.example.com/cb", "https://a.b.example.com/cb"));
  assert.ok(matchesRedirectPattern("https://app-*.example.com/a*b*c", "https://app-1.example.com/a-b-b-c"));
  assert.ok(matchesRedirectPattern("http://localhost:*/cb", "http://localhost:5173/cb"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/cb", "https://app.example.com/cb2"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/cb", "https://appXexample.com/cb"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/*", "http://app.example.com/cb"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/*", "https://app.example.com:8443/cb"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/a*b", "https://app.example.com/a"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/ab*ba", "https://app.example.com/aba"));
});

test("B28 a * in the authority cannot leave it, and tricky candidates are refused", () => {
  for (const uri of [
    "https://evil.test/x.example.com/cb",
    "https://evil.test?x.example.com/cb",
    "https://evil.test#x.example.com/cb",
    "https://evil.test\\x.example.com/cb",
    "https://evil.test:443.example.com/cb",
    "https://user@app.example.com/cb",
    "https://evil.test%2f.example.com/cb",
    "https://app.example.com/cb#fragment",
    "https://app.example.com/cb\r\n",
    "https://app.example.com\u3002evil.test/cb",
    "https://*.example.com/cb",
    "https://app.example.com./cb",
  ]) {
    assert.ok(!matchesRedirectPattern("https://*.example.com/cb", uri), uri);
    assert.ok(!matchesRedirectPattern("https://*.example.com/*", uri), uri);
  }
});

test("B-n9 hosts that merely end or begin like the pattern are refused", () => {
  assert.ok(!matchesRedirectPattern("https://*.example.com/cb", "https://evil.test/.example.com/cb"));
  assert.ok(!matchesRedirectPattern("https://*.example.com/*", "https://app.example.com.evil.test/"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/*", "https://app.example.com.evil.test/"));
  assert.ok(!matchesRedirectPattern("https://app.example.com/*", "https://app.example.com@evil.test/"));
});

test("a * never stands for what somebody else could register", () => {
  for (const pattern of [
    "https://*/cb",
    "https://*.com/cb",
    "https://*.evil./cb",
    "https://*.co.uk/cb",
    "https://*example.com/cb",
    "https://example.*/cb",
    "https://*.github.io/cb",
    "*",
    "https://app.example.com/#*",
    "ftp://example.com/*",
    "https://u@example.com/*",
  ]) {
    assert.notEqual(checkRedirectPattern(pattern), undefined, pattern);
    assert.ok(!matchesRedirectPattern(pattern, "https://evil.test/cb"), pattern);
  }
  for (const pattern of [
    "https://*.example.co.uk/cb",
    "https://pr-*.example.com/*",
    "http://127.0.0.1:*/cb",
  ]) {
    assert.equal(checkRedirectPattern(pattern), undefined, pattern);
  }
});

test("many stars cost no more than few", () => {
  const pattern = `https://app.example.com/${"*a".repeat(400)}b`;
  assert.ok(!matchesRedirectPattern(pattern, `https://app.example.com/${"a".repeat(1900)}`));
});

test("only the origin counts for where a sign-out may lead", () => {
  assert.ok(matchesPatternOrigin("https://app.example.com/auth/*", "https://app.example.com/bye"));
  for (const uri of [
    "https://evil.example",
    "//evil",
    "https:\\\\evil",
    "javascript:alert(1)",
    "https://app.example.com.evil",
  ]) {
    assert.ok(!matchesPatternOrigin("https://app.example.com/auth/*", uri), uri);
  }
});
