import assert from "node:assert/strict";
import { test } from "node:test";
import { startedByClient } from "../../../src/oauth/authorization/navigation.ts";

const issuer = "https://auth.example.com/login";
const began = (secFetchSite: string | undefined, referer: string | undefined, redirectUri: string) =>
  startedByClient(
    { headers: { secFetchSite, referer, authorization: undefined, origin: undefined, userAgent: undefined } },
    issuer,
    redirectUri,
  );

test("a page of the client's own origin on our site began it, by what the browser says", () => {
  const redirectUri = "https://app.example.com/oauth/callback";
  assert.ok(began("same-site", "https://app.example.com/", redirectUri));
  assert.ok(began("same-site", "https://app.example.com/connect?server=1", redirectUri));
  assert.ok(!began("same-site", "https://app.example.com:8443/", redirectUri));
  assert.ok(!began("same-site", "https://other.example.com/", redirectUri));
  assert.ok(!began("same-site", "", redirectUri));
  for (const site of ["cross-site", "none", "same-origin", "", undefined]) {
    assert.ok(!began(site, "https://app.example.com/", redirectUri), String(site));
  }
});

test("a page of ours began it for a client that lives on our origin, and for no other", () => {
  assert.ok(began("same-origin", undefined, "https://auth.example.com/app/callback"));
  assert.ok(!began("same-origin", undefined, "https://app.example.com/callback"));
});

test("nobody's page is that of a program", () => {
  for (const redirectUri of [
    "http://localhost:3118/callback",
    "cursor://anysphere.cursor-mcp/oauth/callback",
  ]) {
    for (const referer of ["about:blank", "http://localhost:3118/", redirectUri]) {
      assert.ok(!began("same-site", referer, redirectUri), `${redirectUri} ${referer}`);
    }
  }
});
