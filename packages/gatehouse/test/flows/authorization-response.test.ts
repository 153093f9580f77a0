import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { StoreUnavailableError } from "../../src/oauth/store.ts";
import { redirectedError } from "../support/authorization-answers.ts";
import { knownUri, startWithTwoClients } from "../support/authorization-requests.ts";
import type { TestGatehouse } from "../support/gatehouse.ts";
import { authorizationUrl, authorize, type TestClient } from "../support/oauth-client.ts";
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

test("B16 success keeps the client's query and adds code, iss and the state byte for byte", async () => {
  const state = "ünï &=?#%+ \"'<>";
  const answer = await authorize(server, known, { parameters: { state } });
  assert.ok(answer.href.startsWith(`${knownUri}&code=`));
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
  assert.deepEqual([...searchParams.keys()], ["app", "error", "error_description", "iss"]);
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
  const signedIn = await ask({ response_type: "token" }, unknown, agent);
  assert.deepEqual(
    [signedIn.status, signedIn.headers.get("location")],
    [400, null],
    "nor that of one signed in",
  );
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

test("B25 a failure of ours after the redirect URI is known is told to the person, who takes it to the client", async (t) => {
  for (const [failure, expected] of [
    [new StoreUnavailableError("down"), "temporarily_unavailable"],
    [new Error("bug"), "server_error"],
  ] as const) {
    const broken = t.mock.method(server.store, "beginTransaction", () => Promise.reject(failure));
    const { url, response } = await new UserAgent().followBack(authorizationUrl(server, known), () => false);
    assert.ok(response.status >= 500);
    assert.ok(url.href.startsWith(`${knownUri}&error=${expected}&`), url.href);
    assert.equal(url.searchParams.get("iss"), server.issuer);
    assert.equal(url.searchParams.get("state"), "the-clients-state");
    assert.equal(url.searchParams.get("code"), null);
    assert.equal(errorOf(await ask({ prompt: "none consent" })), "invalid_request", "of the request itself");
    broken.mock.restore();
  }
});
