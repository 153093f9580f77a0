import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalHost, hostOf, isIpLiteral, isWithinDomain } from "../../src/oauth/host.ts";

test("every spelling of a host comes out as one", () => {
  for (const spelling of [
    "https://evil.example/c",
    "https://evil.example./c",
    "https://EVIL.Example../c",
    "https://evil.example:8443/c",
    "https://evil。example。/c",
    "https://ｅvil.example/c",
    "https://%65vil.example/c",
    "https://user@evil.example/c",
  ]) {
    assert.equal(hostOf(spelling), "evil.example", spelling);
  }
  assert.equal(hostOf("https://Bücher.example./"), "xn--bcher-kva.example");
  for (const spelling of ["Bücher.example", "xn--BCHER-kva.example.", "bu\u0308cher.example"]) {
    assert.equal(canonicalHost(spelling), "xn--bcher-kva.example", spelling);
  }
  for (const none of [
    "",
    ".",
    "a b.example",
    "a.example/x",
    "a.example:1",
    "u@a.example",
    "a.example?",
    "[::1",
  ]) {
    assert.equal(canonicalHost(none), undefined, none);
  }
});

test("an address is told from a name, however it is written", () => {
  for (const host of ["8.8.8.8", "8.8.8.8.", "0x8080808", "134744072", "8.8", "[2001:4860:4860::8888]"]) {
    assert.ok(isIpLiteral(hostOf(`https://${host}/`)), host);
  }
  for (const host of ["8.8.8.8.example", "a1.example", "localhost"]) {
    assert.ok(!isIpLiteral(hostOf(`https://${host}/`)), host);
  }
});

test("a domain covers itself and its subdomains, nothing that only ends alike", () => {
  assert.ok(isWithinDomain("evil.example", "evil.example"));
  assert.ok(isWithinDomain("a.evil.example", "evil.example"));
  assert.ok(!isWithinDomain("notevil.example", "evil.example"));
  assert.ok(!isWithinDomain("example", "evil.example"));
});
