import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isErrorPage, redirectedError } from "../support/authorization-answers.ts";
import { knownUri, startWithTwoClients } from "../support/authorization-requests.ts";
import type { TestGatehouse } from "../support/gatehouse.ts";
import { aCode, authorizationUrl, authorize, redeem, type TestClient } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let known: TestClient;
let unknown: TestClient;

before(async () => {
  ({ server, known, unknown } = await startWithTwoClients());
});
after(() => server?.stop());

const ask = (parameters: Record<string, string | undefined>, client = known, agent = new UserAgent()) =>
  agent.request(authorizationUrl(server, client, parameters));

const errorOf = (response: Response) => redirectedError(server, knownUri, response);

test("B01 an authorization request is a GET; a POST is told so", async () => {
  for (const path of ["/authorize", "/"]) {
    const response = await fetch(server.url + path, {
      method: "POST",
      body: new URLSearchParams({ client_id: "known" }),
    });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET");
  }
});

test("B02 unknown parameters are ignored, empty ones absent", async () => {
  const toSignIn = await ask({ unknown: "x", "resource[]": "y", scope: "", prompt: "", response_mode: "" });
  assert.equal(
    new URL(toSignIn.headers.get("location") ?? "").origin,
    new URL(server.upstream.issuer).origin,
  );
  const response = await ask({ state: "", code_challenge: "" });
  const { searchParams } = new URL(response.headers.get("location") ?? "");
  assert.equal(searchParams.get("error"), "invalid_request");
  assert.equal(searchParams.has("state"), false);
});

test("B03 without a known client there is a page and no redirect", async () => {
  for (const client_id of [
    undefined,
    "",
    "nobody",
    "https://evil.example/client",
    "a".repeat(5000),
    "../known",
  ]) {
    await isErrorPage(await ask({ client_id }), String(client_id).slice(0, 40));
  }
});

test("B04 without a registered redirect URI there is a page, whatever else is wrong", async () => {
  const broken = { response_type: "token", code_challenge: undefined, scope: "\u0001" };
  for (const redirect_uri of [
    "https://evil.example/cb",
    "/cb",
    "https://good.example/cb?app=1#x",
    "http://good.example/cb?app=1",
    "javascript:alert(1)",
    "",
  ]) {
    await isErrorPage(
      await ask({ redirect_uri: redirect_uri || "https://good.example/", ...broken }),
      redirect_uri,
    );
  }
  await server.addClient({
    id: "bad-record",
    authMethod: "none",
    redirectUris: ["http://internal.example/cb"],
  });
  await isErrorPage(
    await ask({ client_id: "bad-record", redirect_uri: "http://internal.example/cb" }),
    "a stored bad URI",
  );
});

test("B07 the redirect URI may be left out only where there is exactly one", async () => {
  assert.equal((await ask({ redirect_uri: undefined })).status, 302);
  await server.addClient({
    id: "two",
    authMethod: "none",
    redirectUris: [knownUri, "https://good.example/other"],
  });
  await isErrorPage(await ask({ client_id: "two", redirect_uri: undefined }), "two registered");
});

test("B09 B-n3 a doubled client or redirect URI is a page, any other doubled parameter a redirect", async () => {
  const twice = (name: string, value: string) =>
    new UserAgent().request(`${authorizationUrl(server, known)}&${name}=${encodeURIComponent(value)}`);
  await isErrorPage(await twice("client_id", "known"), "client_id");
  await isErrorPage(await twice("client_id", unknown.id), "another client_id");
  await isErrorPage(await twice("redirect_uri", knownUri), "redirect_uri");
  await isErrorPage(await twice("redirect_uri", "https://evil.example/"), "another redirect_uri");
  for (const [name, first, second] of [
    ["client_id", unknown.id, "known"],
    ["redirect_uri", "https://evil.example/", knownUri],
  ] as const) {
    const url = `${authorizationUrl(server, known, { [name]: first })}&${name}=${encodeURIComponent(second)}`;
    await isErrorPage(await new UserAgent().request(url), `${name}, the other way round`);
  }
  for (const name of [
    "response_type",
    "scope",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
  ]) {
    const once = { scope: "a", prompt: "consent", max_age: "100" };
    const url = `${authorizationUrl(server, known, once)}&${name}=x`;
    assert.equal(errorOf(await new UserAgent().request(url)), "invalid_request", name);
  }
  const state = await twice("state", "other");
  const { searchParams } = new URL(state.headers.get("location") ?? "");
  assert.equal(searchParams.get("error"), "invalid_request");
  assert.equal(searchParams.get("state"), null);
});

test("B10 B-n8 the one response type is code", async () => {
  assert.equal(errorOf(await ask({ response_type: undefined })), "invalid_request");
  for (const response_type of ["token", "id_token", "code token", "none", "CODE"]) {
    assert.equal(errorOf(await ask({ response_type })), "unsupported_response_type", response_type);
  }
  for (const response_mode of ["fragment", "form_post"])
    assert.equal(errorOf(await ask({ response_mode })), "invalid_request");
});

test("B11 a client that is not registered for codes gets none", async () => {
  await server.addClient({
    id: "no-code",
    authMethod: "none",
    redirectUris: [knownUri],
    grantTypes: ["refresh_token"],
  });
  assert.equal(errorOf(await ask({ client_id: "no-code" })), "unauthorized_client");
});

test("B12 B13 B14 PKCE with S256 is required, and well formed", async () => {
  await server.addClient({
    id: "own",
    secret: "s",
    authMethod: "client_secret_basic",
    redirectUris: [knownUri],
  });
  for (const client_id of ["known", "own"]) {
    const without = { client_id, code_challenge: undefined, code_challenge_method: undefined };
    assert.equal(errorOf(await ask(without)), "invalid_request", client_id);
  }
  for (const code_challenge_method of ["plain", "s256", "S512", undefined]) {
    assert.equal(
      errorOf(await ask({ code_challenge_method })),
      "invalid_request",
      code_challenge_method ?? "none",
    );
  }
  assert.equal(errorOf(await ask({ code_challenge: undefined })), "invalid_request");
  for (const code_challenge of [
    "short",
    "a".repeat(44),
    "a".repeat(129),
    `${"a".repeat(42)}=`,
    `${"a".repeat(42)}+`,
  ]) {
    assert.equal(errorOf(await ask({ code_challenge })), "invalid_request", code_challenge);
  }
});

test("B15 a malformed scope is refused, an unknown one dropped, none means all the resource has", async () => {
  for (const scope of ['a"b', "a\\b", "ä", "a\tb"])
    assert.equal(errorOf(await ask({ scope })), "invalid_scope", scope);
  for (const scope of ["admin notes:read", undefined]) {
    const answer = await redeem(server, known, await aCode(server, known, { scope }));
    assert.equal(answer.body.scope, "notes:read", scope ?? "none asked for");
  }
});

test("B19 the authorization endpoint takes no part in CORS", async () => {
  for (const method of ["GET", "OPTIONS"]) {
    const response = await fetch(authorizationUrl(server, known), {
      method,
      redirect: "manual",
      headers: { origin: "https://evil.example", "access-control-request-method": "GET" },
    });
    assert.ok([...response.headers.keys()].every((name) => !name.startsWith("access-control-")));
    if (method === "OPTIONS") assert.equal(response.status, 405);
  }
});

test("B21 prompt=none shows nothing", async () => {
  const agent = new UserAgent();
  assert.equal(errorOf(await ask({ prompt: "none" })), "login_required");
  await authorize(server, unknown, { agent });
  assert.equal(errorOf(await ask({ prompt: "none" }, known, agent)), "consent_required");
  assert.equal(errorOf(await ask({ prompt: "none login" }, known, agent)), "invalid_request");
  await authorize(server, known, { agent });
  const silent = authorizationUrl(server, known, { prompt: "none" });
  const response = await agent.request(silent, {
    headers: { "sec-fetch-site": "same-site", referer: known.redirectUri },
  });
  assert.ok(new URL(response.headers.get("location") ?? "").searchParams.has("code"));
});

test("B22 consent, login, select_account and max_age each get what they ask for", async () => {
  const agent = new UserAgent();
  await authorize(server, known, { agent });
  const headers = { "sec-fetch-site": "same-site", referer: known.redirectUri };
  const go = async (parameters: Record<string, string>) => {
    const response = await agent.request(authorizationUrl(server, known, parameters), { headers });
    return new URL(response.headers.get("location") ?? "", server.url);
  };
  assert.ok((await go({})).searchParams.has("code"), "remembered");
  assert.equal((await go({ prompt: "consent" })).pathname, "/consent");
  assert.equal((await go({ prompt: "login" })).searchParams.get("prompt"), "login");
  assert.equal((await go({ prompt: "select_account" })).searchParams.get("prompt"), "select_account");
  assert.ok((await go({ max_age: "100" })).searchParams.has("code"));
  server.clock.advance(101);
  assert.equal((await go({ max_age: "100" })).origin, new URL(server.upstream.issuer).origin);
  assert.equal((await go({ max_age: "soon" })).searchParams.get("error"), "invalid_request");
});

test("B23 what is not supported is said, not overlooked", async () => {
  assert.equal(errorOf(await ask({ request: "a.b.c" })), "request_not_supported");
  assert.equal(errorOf(await ask({ request_uri: "https://evil.example/" })), "request_uri_not_supported");
  assert.equal(errorOf(await ask({ registration: "{}" })), "registration_not_supported");
  assert.equal(errorOf(await ask({ response_mode: "form_post" })), "invalid_request");
});

test("B-n1 paths, encodings, userinfo and fragments around a registered URI are a page", async () => {
  for (const redirect_uri of [
    "https://good.example/cb/../evil?app=1",
    "https://good.example/cb%2f..?app=1",
    "https://good.example@evil.example",
    "https://good.example\\@evil.example",
    "https://good.example/cb?app=1#x",
    "https://good.example/cb?app=1&x",
    "https://good.example/cb?app=1%00",
  ]) {
    const response = await ask({ redirect_uri });
    assert.equal(response.status, 400, redirect_uri);
    assert.equal(response.headers.get("location"), null);
  }
});

test("B-n4 line breaks split no header, and what is too long is refused cleanly", async () => {
  for (const state of ["a\r\nSet-Cookie: x=y", "a\u2028b", "a\nb"]) {
    const response = await ask({ state, response_type: "token" });
    assert.equal(response.headers.get("set-cookie"), null);
    assert.equal(new URL(response.headers.get("location") ?? "").searchParams.get("state"), state);
  }
  assert.ok([414, 431].includes((await ask({ state: "x".repeat(100_000) })).status));
});

test("B-n6 a stripped challenge is noticed at once, not first at the token endpoint", async () => {
  assert.equal(
    errorOf(await ask({ code_challenge: undefined, code_challenge_method: undefined })),
    "invalid_request",
  );
});
