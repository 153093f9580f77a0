import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesPatternOrigin, matchesRedirectPattern } from "../../src/oauth/redirect-pattern.ts";

const admits = (pattern: string, uri: string) => matchesRedirectPattern(`regexp:${pattern}`, uri);

test("LEGACY a regular expression of the old service admits what its operator meant", () => {
  for (const [pattern, uri] of [
    ["^https://app\\.example\\.com/cb$", "https://app.example.com/cb"],
    ["https://app\\.example\\.com/cb", "https://app.example.com/cb"],
    ["https:\\/\\/app\\.example\\.com\\/cb", "https://app.example.com/cb"],
    ["https://.*\\.example\\.com/cb", "https://a.b.example.com/cb"],
    ["https://pr-\\d+\\.example\\.com/cb\\?x=\\d+", "https://pr-17.example.com/cb?x=3"],
    ["https://(app|www)\\.example\\.com/(cb|auth/.*)", "https://www.example.com/auth/x"],
    ["https://app\\.example\\.com.*", "https://app.example.com/anything?x=1"],
    ["https://app\\.example\\.com.*", "https://app.example.com"],
    ["https?://localhost:\\d+/.*", "http://localhost:3000/cb"],
    ["(?:http|https)://localhost(:\\d+)?/cb", "http://localhost/cb"],
    ["https://app.example.com/cb", "https://app.example.com/cb"],
    ["https://*.example.com/cb", "https://app.example.com/cb"],
    ["https://app.example.com/*", "https://app.example.com/auth/cb?x=1"],
    ["https://a\\.example\\.com/cb|https://b\\.example\\.com/[|/]", "https://b.example.com/|"],
  ] as const) {
    assert.ok(admits(pattern, uri), `${pattern} ${uri}`);
  }
});

test("LEGACY it admits nothing its operator cannot have meant", () => {
  for (const [pattern, uri] of [
    ["https://.*\\.example\\.com/cb", "https://evil.test/x.example.com/cb"],
    ["https://.*\\.example\\.com/cb", "https://evil.test?x.example.com/cb"],
    ["https://.*\\.example\\.com/cb", "https://evil.test#.example.com/cb"],
    ["https://.*\\.example\\.com/cb", "https://user@a.example.com/cb"],
    ["https://.*\\.example\\.com/cb", "https://a.example.com/cb/more"],
    ["https://.*example\\.com/cb", "https://evilexample.com/cb"],
    ["https://app.example.com/cb", "https://appxexample.com/cb"],
    ["https://app\\.example\\.com.*", "https://app.example.com.evil.test/"],
    ["https://app\\.example\\.com.*", "https://app.example.community/"],
    ["https://app\\.example\\.com", "https://app.example.com/cb"],
    ["https://.*", "https://evil.test/"],
    ["https://*.example.com/cb", "https://evil.test/x.example.com/cb"],
    ["https://*/cb", "https://evil.test/cb"],
    [".*", "https://evil.test/"],
    ["https://(app\\.example\\.com|.*)/cb", "https://evil.test/cb"],
    ["https://(app\\.example\\.com/|evil)cb", "https://app.example.com/cb"],
    ["https://app\\.example\\.com/(", "https://app.example.com/("],
    ["https://app\\.example\\.com/(?=cb)cb", "https://app.example.com/cb"],
    ["https://app\\.example\\.com/cb|.*", "https://app.example.com/other"],
    ["https://localhost.*/cb", "https://localhost.evil.test/cb"],
    ["ftp://app\\.example\\.com/", "ftp://app.example.com/"],
  ] as const) {
    assert.ok(!admits(pattern, uri), `${pattern} ${uri}`);
  }
});

test("LEGACY an expression that would take for ever takes no time", () => {
  assert.ok(!admits("https://app\\.example\\.com/(a+)+b", `https://app.example.com/${"a".repeat(1900)}`));
});

test("LEGACY the origin alone is compared for where a browser may be sent after signing out", () => {
  const pattern = "regexp:https://.*\\.example\\.com/cb";
  assert.ok(matchesPatternOrigin(pattern, "https://app.example.com/signed-out"));
  assert.ok(!matchesPatternOrigin(pattern, "https://evil.test/app.example.com/"));
});
