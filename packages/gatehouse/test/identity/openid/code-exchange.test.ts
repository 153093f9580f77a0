import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { after, before, beforeEach, test } from "node:test";
import type { IdentityProvider, SignInError } from "../../../src/oauth/ports.ts";
import { type ForgedUpstream, startForgedUpstream } from "../../support/forged-upstream.ts";
import { selfSigned } from "../../support/self-signed.ts";
import { closeServer, listen } from "../../support/upstream.ts";
import { anAttempt, callback, failureOf, providerOf } from "../attempts.ts";

let upstream: ForgedUpstream;
before(async () => {
  upstream = await startForgedUpstream();
});
after(() => upstream?.close());
beforeEach(() => {
  upstream.metadata = {};
  upstream.answers.clear();
});

function failedSignIn(provider: IdentityProvider = providerOf(upstream)): Promise<SignInError> {
  const attempt = anAttempt();
  upstream.nonce = attempt.nonce;
  return failureOf(provider.completeSignIn(callback(attempt, { code: "the-code-itself" }), attempt));
}

/** The token endpoint answers this. */
function answer(status: number, body: string, headers: Record<string, string> = {}): void {
  upstream.answers.set("/token", (_, response) => response.writeHead(status, headers).end(body));
}

test("C19 a token endpoint that fails in any way fails the sign-in, in time and in bounds, and says why", async (t) => {
  await t.test("it refuses", async () => {
    answer(401, JSON.stringify({ error: "invalid_client" }));
    const failure = await failedSignIn();
    assert.equal(failure.code, "server_error");
    assert.match(
      failure.message,
      /answered 401 .*invalid_client.*check OAUTH2_CLIENT_ID and OAUTH2_CLIENT_SECRET/,
    );
    for (const status of [201, 204, 400, 403, 404, 418]) {
      answer(status, status === 204 ? "" : "{}");
      assert.equal((await failedSignIn()).code, "server_error", String(status));
    }
  });

  await t.test("it is out of order", async () => {
    for (const status of [429, 500, 502, 503, 504]) {
      answer(status, "<html>Bad Gateway</html>");
      const failure = await failedSignIn();
      assert.equal(failure.code, "temporarily_unavailable");
      assert.match(failure.message, new RegExp(`answered ${status}`));
    }
  });

  await t.test("it answers something else", async () => {
    for (const body of ["<html></html>", "", "[", "null", '"text"', "7", "\u0000"]) {
      answer(200, body, { "content-type": "text/html" });
      const failure = await failedSignIn();
      assert.equal(failure.code, "server_error");
      assert.match(failure.message, /no JSON object but text\/html/);
    }
    answer(200, "[]");
    assert.match((await failedSignIn()).message, /without an id_token/);
  });

  await t.test("it hangs up", async () => {
    upstream.answers.set("/token", (request) => request.socket.destroy());
    assert.equal((await failedSignIn()).code, "temporarily_unavailable");
  });

  await t.test("it never answers", async () => {
    upstream.answers.set("/token", () => {});
    const failure = await failedSignIn(providerOf(upstream, { timeout: 1000 }));
    assert.equal(failure.code, "temporarily_unavailable");
    assert.match(failure.message, /POST http.*\/token: no complete answer within 1000 ms/);
  });

  await t.test("it answers too much", async () => {
    answer(200, JSON.stringify({ padding: "x".repeat(300_000) }));
    const failure = await failedSignIn();
    assert.equal(failure.code, "server_error");
    assert.match(failure.message, /more than 262144 bytes/);
  });

  await t.test("its certificate is nobody's", async (t) => {
    let served = 0;
    const server = createTlsServer(selfSigned, () => served++);
    t.after(() => closeServer(server));
    const url = (await listen(server)).replace("http:", "https:");
    upstream.metadata = { token_endpoint: `${url}/token` };
    const failure = await failedSignIn();
    assert.equal(failure.code, "temporarily_unavailable");
    assert.match(failure.message, /SELF_SIGNED_CERT/);
    assert.equal(served, 0);
  });
});

test("C-n8 a redirect of the token endpoint is not followed, neither into the cloud's metadata nor anywhere", async (t) => {
  let lured = 0;
  const trap = createServer((_, response) => {
    lured++;
    response.end("{}");
  });
  t.after(() => closeServer(trap));
  for (const location of ["http://169.254.169.254/", `${await listen(trap)}/token`, "/elsewhere"]) {
    for (const status of [302, 307]) {
      answer(status, "", { location });
      const failure = await failedSignIn();
      assert.equal(failure.code, "server_error");
      assert.match(failure.message, new RegExp(`answered ${status}, a redirect: not followed`));
    }
  }
  assert.equal(lured, 0);
  assert.equal(upstream.count("POST /elsewhere") + upstream.count("GET /elsewhere"), 0);
});

test("a provider that repeats the code or our secret does not bring them into the log", async () => {
  upstream.answers.set("/token", (_, response) => {
    const { clientSecret } = upstream;
    const answered = {
      error: "invalid_grant",
      error_description: `the-code-itself is old, ${clientSecret} is fine`,
    };
    response.writeHead(400).end(JSON.stringify(answered));
  });
  const { message } = await failedSignIn();
  assert.match(message, /invalid_grant.*… is old, … is fine/);
  assert.doesNotMatch(message, /the-code-itself|upstream-secret/);
});
