import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { redirectedError } from "../support/authorization-answers.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { authorizationUrl, resource, type TestClient } from "../support/oauth-client.ts";
import { aKnownClient } from "../support/provisioned-clients.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let known: TestClient;
const uri = "https://good.example/cb?app=1";

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  known = await aKnownClient(server, uri);
});
after(() => server?.stop());

const ask = (parameters: Record<string, string | undefined>, client = known, agent = new UserAgent()) =>
  agent.request(authorizationUrl(server, client, parameters));

const errorOf = (response: Response) => redirectedError(server, uri, response);

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
