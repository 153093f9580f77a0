import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkRedirectPattern,
  matchesPatternOrigin,
  matchesRedirectPattern,
} from "../../../src/oauth/redirects/legacy-pattern.ts";

/** With and without the prefix: one dialect. */
const both = (pattern: string) => [pattern, `regexp:${pattern}`];

test("LEGACY a pattern's . and / are literal, its * any run, and all else means what it means in RE2", () => {
  for (const [pattern, uri] of [
    [
      "https://console-pr-\\d+-6065.rcf2.example.app/auth/callback",
      "https://console-pr-17-6065.rcf2.example.app/auth/callback",
    ],
    ["https://console-pr-\\d+.example.app/*", "https://console-pr-17.example.app/auth/cb?x=1"],
    ["https://pr-\\d+.*.example.com/*/cb", "https://pr-1.eu.example.com/a/b/cb"],
    ["^https://app\\.example\\.com/cb$", "https://app.example.com/cb"],
    ["https:\\/\\/app\\.example\\.com\\/cb", "https://app.example.com/cb"],
    ["https://*\\.example\\.com/cb", "https://a.b.example.com/cb"],
    ["https://[a-c]pp.example.com/cb", "https://app.example.com/cb"],
    ["https://pr-\\d{2,3}.example.com/cb\\?x=\\d+", "https://pr-170.example.com/cb?x=3"],
    ["https://(app|www).example.com/(cb|auth/*)", "https://www.example.com/auth/x"],
    ["https://app.example.com*", "https://app.example.com/anything?x=1"],
    ["https://app.example.com*", "https://app.example.com"],
    ["https://app.example.com/cb?", "https://app.example.com/c"],
    ["https://APP.example.com/cb", "https://app.example.com/cb"],
    ["https?://localhost:\\d+/*", "http://localhost:3000/cb"],
    ["http://localhost:*", "http://localhost:3000/cb"],
    ["http://localhost(:\\d+)?/cb", "http://localhost/cb"],
    ["(?:http|https)://localhost:*/cb", "http://localhost:1/cb"],
    ["http://[::1]:*/cb", "http://[::1]:5173/cb"],
    ["https://a.example.com/cb|https://b.example.com/[|/*.]", "https://b.example.com/*"],
    ["https://app.example.com/[]x]\\*", "https://app.example.com/x*"],
    ["https://app.example.com/x.*", "https://app.example.com/x.html"],
  ] as const) {
    for (const each of both(pattern)) {
      assert.ok(matchesRedirectPattern(each, uri), `${each} ${uri}`);
      assert.equal(checkRedirectPattern(each), undefined, each);
    }
  }
});

test("LEGACY a pattern admits nothing its operator cannot have meant", () => {
  for (const [pattern, uri] of [
    [
      "https://console-pr-\\d+-6065.rcf2.example.app/auth/callback",
      "https://console-pr-17-6065Xrcf2.example.app/auth/callback",
    ],
    ["https://console-pr-\\d+.example.app/*", "https://console-pr-x.example.app/cb"],
    ["https://app.example.com/a.b", "https://app.example.com/aXb"],
    ["https://*.example.com/cb", "https://evil.test/x.example.com/cb"],
    ["https://*.example.com/cb", "https://evil.test?x.example.com/cb"],
    ["https://*.example.com/cb", "https://evil.test#.example.com/cb"],
    ["https://*.example.com/cb", "https://evil.test:443.example.com/cb"],
    ["https://*.example.com/cb", "https://user@a.example.com/cb"],
    ["https://*.example.com/cb", "https://a.example.com/cb/more"],
    ["https://*.example.com/cb", "https://a.example.com:8443/cb"],
    ["https://*example.com/cb", "https://evilexample.com/cb"],
    ["https://app.example.com*", "https://app.example.com.evil.test/"],
    ["https://app.example.com*", "https://app.example.community/"],
    ["https://app.example.com", "https://app.example.com/cb"],
    ["https://(app.example.com|*)/cb", "https://evil.test/cb"],
    ["https://app.example.com/cb|*", "https://app.example.com/other"],
    ["https://app.example.com/a|b", "https://app.example.com/b"],
    ["https://localhost*/cb", "https://localhost.evil.test/cb"],
    ["https://app.example.com/x.*", "https://app.example.com/xhtml"],
  ] as const) {
    for (const each of both(pattern)) assert.ok(!matchesRedirectPattern(each, uri), `${each} ${uri}`);
  }
});

test("LEGACY a pattern that can match nothing says why, and denies", () => {
  for (const [pattern, uri, reason] of [
    ["https://*", "https://evil.test/", /registrable domain/],
    ["https://*/cb", "https://evil.test/cb", /registrable domain/],
    ["https://*.co.uk/cb", "https://evil.co.uk/cb", /registrable domain/],
    ["https://*example.com/cb", "https://anexample.com/cb", /registrable domain/],
    ["https://*.github.io/cb", "https://evil.github.io/cb", /registrable domain/],
    ["https://(app.example.com|*)/cb", "https://app.example.com/cb", /registrable domain/],
    ["https://.*\\.example\\.com/cb", "https://a.example.com/cb", /a \. is literal here/],
    ["https://(app.example.com/|evil)cb", "https://app.example.com/cb", /must read/],
    ["https://app.example.com/(", "https://app.example.com/(", /RE2/],
    ["https://app.example.com/(?=cb)cb", "https://app.example.com/cb", /RE2/],
    ["https://app.example.com/*+", "https://app.example.com/cb", /RE2/],
    ["https://app.example.com/\\Qcb\\E", "https://app.example.com/cb", /must read/],
    ["ftp://app.example.com/", "ftp://app.example.com/", /must read/],
    ["*", "https://evil.test/", /must read/],
    ["https://app.example.com/#x", "https://app.example.com/#x", /fragment/],
    ["https://u@app.example.com/", "https://u@app.example.com/", /user information/],
  ] as const) {
    for (const each of both(pattern)) {
      assert.ok(!matchesRedirectPattern(each, uri), `${each} ${uri}`);
      assert.match(checkRedirectPattern(each) ?? "", reason, each);
    }
  }
  const one = "https://*/cb|https://app.example.com/cb";
  assert.equal(checkRedirectPattern(one), undefined, "one alternative is enough");
});

test("LEGACY an address written out with its query is admitted as it stands", () => {
  const uri = "https://app.example.com/cb?from=a.b";
  assert.ok(matchesRedirectPattern(uri, uri));
  assert.ok(!matchesRedirectPattern(uri, "https://app.example.com/cb?from=aXb"));
});

test("LEGACY an expression that would take for ever takes no time", () => {
  const long = `https://app.example.com/${"a".repeat(1900)}`;
  for (const pattern of ["(a+)+b", "(a|a)*b", `${"*a".repeat(400)}b`]) {
    for (const each of both(`https://app.example.com/${pattern}`)) {
      assert.ok(!matchesRedirectPattern(each, long));
    }
  }
});

test("LEGACY the origin alone is compared for where a browser may be sent after signing out", () => {
  for (const pattern of both("https://*.example.com/cb")) {
    assert.ok(matchesPatternOrigin(pattern, "https://app.example.com/signed-out"));
    assert.ok(!matchesPatternOrigin(pattern, "https://evil.test/app.example.com/"));
  }
});
