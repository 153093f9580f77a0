import assert from "node:assert/strict";
import { test } from "node:test";
import { OAuthError } from "../../src/oauth/messages/errors.ts";
import { canonicalResource, narrowResource } from "../../src/oauth/resource.ts";

test("L06 scheme and host are compared without case, a lone slash is forgiven, the rest counts to the letter", () => {
  assert.equal(canonicalResource("HTTPS://MCP.Example.com"), "https://mcp.example.com");
  assert.equal(canonicalResource("https://mcp.example.com/"), "https://mcp.example.com");
  assert.equal(canonicalResource("https://mcp.example.com:443/mcp"), "https://mcp.example.com/mcp");
  assert.equal(canonicalResource("https://mcp.example.com.:8443/mcp"), "https://mcp.example.com:8443/mcp");
  const granted = canonicalResource("https://mcp.example.com/mcp");
  narrowResource(granted, ["https://MCP.example.com/mcp"]);
  for (const other of [
    "https://mcp.example.com/mcp/",
    "https://mcp.example.com/MCP",
    "https://mcp.example.com/mcp2",
    "https://mcp.example.com:8443/mcp",
    "https://mcp.example.com/mcp?x=1",
    "https://mcp.example.com",
    "http://mcp.example.com/mcp",
  ]) {
    assert.throws(() => narrowResource(granted, [other]), isInvalidTarget, other);
  }
});

test("L01 a resource is an absolute http(s) URI without fragment", () => {
  for (const value of [
    "/mcp",
    "mcp.example.com",
    "https://mcp.example.com/#f",
    "javascript:alert(1)",
    "urn:example:mcp",
    "https://mcp.example.com@evil.example/",
    "https://mcp.example.com/mcp/../admin",
    "https://mcp.example.com/%2e%2e/admin",
    "https://mcp.example.com\\@evil.example",
    "https://mcp example.com/",
    `https://mcp.example.com/${"a".repeat(8192)}`,
    "https://",
  ]) {
    assert.throws(() => canonicalResource(value), isInvalidTarget, value);
  }
});

test("naming no resource at the token endpoint keeps the granted one", () => {
  narrowResource(canonicalResource("https://mcp.example.com"), []);
  narrowResource(undefined, []);
  assert.throws(() => narrowResource(undefined, ["https://mcp.example.com"]), isInvalidTarget);
});

function isInvalidTarget(error: unknown): boolean {
  return error instanceof OAuthError && error.code === "invalid_target";
}
