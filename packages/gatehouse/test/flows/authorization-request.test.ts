import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StoreUnavailableError } from "../../src/oauth/ports.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  authorizationUrl,
  authorize,
  pkce,
  redeem,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
/** Public, provisioned by the operator: errors are redirected at once. */
let known: TestClient;
/** Public, registered by itself: nobody vouches for it. */
let unknown: TestClient;
const uri = "https://good.example/cb?app=1";

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
  known = { id: "known", redirectUri: uri, ...pkce() };
  await server.addClient({ id: "known", authMethod: "none", redirectUris: [uri] });
  unknown = await aPublicClient(server, { redirect_uris: ["https://stranger.example/cb"] });
});
after(() => server?.stop());

const ask = (parameters: Record<string, string | undefined>, client = known, agent = new UserAgent()) =>
  agent.request(authorizationUrl(server, client, parameters));

async function isErrorPage(response: Response, about: string) {
  assert.equal(response.status, 400, about);
  assert.equal(response.headers.get("location"), null, about);
  assert.match(response.headers.get("content-type") ?? "", /^text\/html/, about);
  assert.doesNotMatch(await response.text(), /<meta http-equiv|[?&]code=/i, about);
}

function errorOf(response: Response): string | null {
  const location = new URL(
    response.headers.get("location") ?? assert.fail(`no redirect but ${response.status}`),
  );
  assert.ok(location.href.startsWith(`${uri}&`), location.href);
  assert.equal(location.searchParams.get("code"), null);
  assert.equal(location.hash, "");
  assert.equal(location.searchParams.get("iss"), server.issuer);
  assert.equal(location.searchParams.get("state"), "the-clients-state");
  return location.searchParams.get("error");
}

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
    redirectUris: [uri, "https://good.example/other"],
  });
  await isErrorPage(await ask({ client_id: "two", redirect_uri: undefined }), "two registered");
});

test("B09 B-n3 a doubled client or redirect URI is a page, any other doubled parameter a redirect", async () => {
  const twice = (name: string, value: string) =>
    new UserAgent().request(`${authorizationUrl(server, known)}&${name}=${encodeURIComponent(value)}`);
  await isErrorPage(await twice("client_id", "known"), "client_id");
  await isErrorPage(await twice("client_id", unknown.id), "another client_id");
  await isErrorPage(await twice("redirect_uri", uri), "redirect_uri");
  await isErrorPage(await twice("redirect_uri", "https://evil.example/"), "another redirect_uri");
  for (const [name, first, second] of [
    ["client_id", unknown.id, "known"],
    ["redirect_uri", "https://evil.example/", uri],
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
    redirectUris: [uri],
    grantTypes: ["refresh_token"],
  });
  assert.equal(errorOf(await ask({ client_id: "no-code" })), "unauthorized_client");
});

test("B12 B13 B14 PKCE with S256 is required, and well formed", async () => {
  await server.addClient({ id: "own", secret: "s", authMethod: "client_secret_basic", redirectUris: [uri] });
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

test("B16 success keeps the client's query and adds code, iss and the state byte for byte", async () => {
  const state = "ünï &=?#%+ \"'<>";
  const answer = await authorize(server, known, { parameters: { state } });
  assert.ok(answer.href.startsWith(`${uri}&code=`));
  assert.deepEqual([...answer.searchParams.keys()], ["app", "code", "state", "iss"]);
  assert.equal(answer.searchParams.get("state"), state);
  assert.equal(answer.searchParams.get("iss"), server.issuer);
  assert.equal(answer.hash, "");
  const stateless = await authorize(server, known, { parameters: { state: undefined } });
  assert.equal(stateless.searchParams.has("state"), false);
});

test("B17 an error carries the issuer and the state, and never a code", async () => {
  assert.equal(errorOf(await ask({ response_type: "token" })), "unsupported_response_type");
  const stateless = await ask({ response_type: "token", state: undefined });
  const { searchParams } = new URL(stateless.headers.get("location") ?? "");
  assert.deepEqual([...searchParams.keys()], ["app", "error", "iss"]);
  const denied = await authorize(server, known, { decision: "deny" });
  assert.equal(denied.searchParams.get("error"), "access_denied");
  assert.equal(denied.searchParams.get("iss"), server.issuer);
  assert.equal(denied.searchParams.get("state"), "the-clients-state");
  assert.equal(denied.searchParams.has("code"), false);
});

test("B18 redirects are 302, after a form 303, never such as repeat the form elsewhere", async () => {
  const agent = new UserAgent();
  await authorize(server, known, { agent });
  const statuses = agent.visited.filter(({ url }) => url.startsWith(server.url)).map(({ status }) => status);
  assert.ok(
    statuses.includes(303) && statuses.every((status) => [200, 302, 303].includes(status)),
    statuses.join(),
  );
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

test("B20 B-n7 an invalid request of a client nobody vouches for sends no stranger's browser there", async () => {
  for (const wrong of [{ scope: '"' }, { response_type: "token" }, { resource: "https://evil.example" }]) {
    const response = await ask(wrong, unknown);
    assert.equal(response.status, 400);
    assert.equal(response.headers.get("location"), null);
    assert.match(
      await response.text(),
      /href="https:\/\/stranger\.example\/cb\?error=/,
      "the way back is a link",
    );
  }
  const agent = new UserAgent();
  await authorize(server, unknown, { agent });
  assert.equal(
    (await ask({ response_type: "token" }, unknown, agent)).status,
    302,
    "someone signed in here is sent on",
  );
});

test("B21 prompt=none shows nothing", async () => {
  const agent = new UserAgent();
  assert.equal(errorOf(await ask({ prompt: "none" })), "login_required");
  await authorize(server, unknown, { agent });
  assert.equal(errorOf(await ask({ prompt: "none" }, known, agent)), "consent_required");
  assert.equal(errorOf(await ask({ prompt: "none login" }, known, agent)), "invalid_request");
  await authorize(server, known, { agent });
  const silent = authorizationUrl(server, known, { prompt: "none" });
  const response = await agent.request(silent, { headers: { "sec-fetch-site": "same-site" } });
  assert.ok(new URL(response.headers.get("location") ?? "").searchParams.has("code"));
});

test("B22 consent, login, select_account and max_age each get what they ask for", async () => {
  const agent = new UserAgent();
  await authorize(server, known, { agent });
  const headers = { "sec-fetch-site": "same-site" };
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

test("B24 B-n5 nothing of the request comes back unescaped", async () => {
  const script = '"><script>alert(1)</script>';
  for (const parameters of [
    { client_id: script },
    { redirect_uri: script },
    { client_id: "nobody", state: script },
  ]) {
    assert.doesNotMatch(await (await ask(parameters)).text(), /<script/);
  }
  const page = await (await ask({ state: script, response_type: script }, unknown)).text();
  assert.doesNotMatch(page, /<script/);
  const { searchParams } = new URL((await ask({ scope: script })).headers.get("location") ?? "");
  assert.match(searchParams.get("error_description") ?? "", /^[\x20-\x21\x23-\x5B\x5D-\x7E]*$/);
});

test("B25 a failure of ours after the redirect URI is known is told to the client", async (t) => {
  for (const [failure, expected] of [
    [new StoreUnavailableError("down"), "temporarily_unavailable"],
    [new Error("bug"), "server_error"],
  ] as const) {
    const broken = t.mock.method(server.store, "beginTransaction", () => Promise.reject(failure));
    assert.equal(errorOf(await ask({})), expected);
    broken.mock.restore();
  }
});
