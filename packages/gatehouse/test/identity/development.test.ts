import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createDevelopmentProvider } from "../../src/identity/development.ts";
import { Parameters } from "../../src/oauth/messages/parameters.ts";
import type { OAuthRequest } from "../../src/oauth/messages/request.ts";
import type { OAuthResponse } from "../../src/oauth/messages/response.ts";
import { seconds } from "../../src/oauth/values.ts";
import { anAttempt, failureOf } from "./attempts.ts";

const issuer = "http://localhost:8080/auth";

function aDevelopmentSignIn() {
  const time = { now: 1_000_000 };
  const made = createDevelopmentProvider({
    name: "default",
    title: "Development",
    domains: undefined,
    speaksFor: () => true,
    issuer,
    clock: { now: () => seconds(time.now) },
    random: { bytes: randomBytes },
  });
  return { ...made, time };
}

function request(method: "GET" | "POST", sent: Record<string, string>, headers = {}): OAuthRequest {
  const encoded = new URLSearchParams(sent).toString();
  return {
    id: "reference",
    method,
    query: Parameters.parse(method === "GET" ? encoded : ""),
    rawQuery: method === "GET" ? encoded : "",
    form: method === "POST" ? Parameters.parse(encoded) : undefined,
    json: undefined,
    body: "",
    headers: {
      authorization: undefined,
      origin: undefined,
      secFetchSite: undefined,
      referer: undefined,
      userAgent: undefined,
      ...headers,
    },
    cookies: new Map(),
    address: "127.0.0.1",
  };
}

function locationOf(response: OAuthResponse): URL {
  assert.equal(response.status, 303, JSON.stringify(response));
  return new URL(response.headers?.Location ?? "");
}

test("whoever types an address is signed in as it, by the way of a real provider", async () => {
  const { provider, endpoint } = aDevelopmentSignIn();
  const attempt = anAttempt();
  const url = await provider.signInUrl(attempt);
  assert.equal(url.origin + url.pathname, `${issuer}/development-sign-in`);
  const shown = await endpoint(request("GET", Object.fromEntries(url.searchParams)));
  assert.equal(shown.status, 200);
  const { state } = attempt;
  const action = "/auth/development-sign-in";
  assert.deepEqual(shown.page, { kind: "development-sign-in", action, state, email: "", problem: undefined });

  const callback = locationOf(await endpoint(request("POST", { state, email: " Alice@Example.com " })));
  assert.equal(callback.origin + callback.pathname, `${issuer}/callback`);
  assert.equal(callback.searchParams.get("state"), state);
  assert.deepEqual(await provider.completeSignIn(callback, attempt), {
    provider: "default",
    issuer: `${issuer}/development`,
    subject: "alice@example.com",
    email: "Alice@Example.com",
    name: undefined,
    groups: [],
  });
});

test("a code is good once, for ten minutes, and for the attempt it was made for", async () => {
  const { provider, endpoint, time } = aDevelopmentSignIn();
  const signIn = async (state: string) =>
    locationOf(await endpoint(request("POST", { state, email: "alice@example.com" })));
  const attempt = anAttempt();

  const used = await signIn(attempt.state);
  assert.ok(await provider.completeSignIn(used, attempt));
  assert.equal((await failureOf(provider.completeSignIn(used, attempt))).code, "server_error");

  const anothers = await signIn(anAttempt().state);
  await failureOf(provider.completeSignIn(anothers, attempt));

  const old = await signIn(attempt.state);
  time.now += 600;
  await failureOf(provider.completeSignIn(old, attempt));

  await failureOf(provider.completeSignIn(new URL(`${issuer}/callback?code=invented`), attempt));
  await failureOf(provider.completeSignIn(new URL(`${issuer}/callback`), attempt));
});

test("what is no address is shown again with the problem", async () => {
  const { endpoint } = aDevelopmentSignIn();
  const { state } = anAttempt();
  for (const email of [
    "",
    "alice",
    "@",
    "a@",
    "@b",
    "a b@c",
    "a@b@c",
    `${"x".repeat(255)}@example.com`,
    "a\u0007@b",
  ]) {
    const { status, page } = await endpoint(request("POST", { state, email }));
    assert.equal(status, 400, email);
    assert.ok(page?.kind === "development-sign-in");
    assert.equal(page.problem ?? "", "malformedAddress");
    assert.equal(page.email, email);
    assert.equal(page.state, state);
  }
});

test("a missing or strange state, a form without a body and a form of another site are refused", async () => {
  const { endpoint } = aDevelopmentSignIn();
  const { state } = anAttempt();
  const email = "alice@example.com";
  for (const strange of ["", "a b", "<script>", "x".repeat(129)]) {
    assert.equal((await endpoint(request("GET", { state: strange }))).status, 400);
    assert.equal((await endpoint(request("POST", { state: strange, email }))).status, 400);
  }
  assert.equal((await endpoint({ ...request("POST", {}), form: undefined })).status, 400);

  for (const headers of [
    { origin: "https://evil.example" },
    { origin: "http://localhost:9999", secFetchSite: "same-site" },
    { origin: "null", secFetchSite: "cross-site" },
  ]) {
    assert.equal((await endpoint(request("POST", { state, email }, headers))).status, 403);
  }
  for (const headers of [
    { origin: "http://localhost:8080", secFetchSite: "same-origin" },
    { origin: "null", secFetchSite: "same-origin" },
  ]) {
    locationOf(await endpoint(request("POST", { state, email }, headers)));
  }
});

test("a flood of forms costs the oldest answers, not the memory", async () => {
  const { provider, endpoint } = aDevelopmentSignIn();
  const attempt = anAttempt();
  const post = async () =>
    locationOf(await endpoint(request("POST", { state: attempt.state, email: "alice@example.com" })));
  const first = await post();
  const second = await post();
  for (let i = 0; i < 999; i++) await post();
  await failureOf(provider.completeSignIn(first, attempt));
  assert.ok(await provider.completeSignIn(second, attempt));
});
