import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  authorizationUrl,
  pkce,
  post,
  redeem,
  resource,
} from "../support/oauth-client.ts";
import { rawGet } from "../support/raw-get.ts";
import { UserAgent } from "../support/user-agent.ts";

const wellKnown = "/.well-known/oauth-authorization-server";
let server: TestGatehouse;
/** Issuer with a path, behind a TLS-terminating proxy. */
let tenant: TestGatehouse;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  tenant = await startTestGatehouse({ BASE_URL: "https://login.example.com/t1/" });
});
after(async () => {
  await server?.stop();
  await tenant?.stop();
});

test("A-n1 what the request claims about host and scheme changes no URL", async () => {
  const forwarded = {
    host: "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http",
    forwarded: "host=evil.example",
  };
  const { text } = await rawGet(tenant.url, `${wellKnown}/t1`, forwarded);
  assert.equal(text, await (await fetch(`${tenant.url}${wellKnown}/t1`)).text());
  assert.doesNotMatch(text, /evil/);
});

test("A-n3 two installations name none of each other's endpoints and take none of each other's codes", async (t) => {
  const second = await startTestGatehouse();
  t.after(() => second.stop());
  const client = { id: "both", redirectUri: "https://both.example/cb", ...pkce() };
  for (const one of [server, second]) {
    await one.addClient({ id: client.id, authMethod: "none", redirectUris: [client.redirectUri] });
  }
  for (const [own, other] of [
    [server, second],
    [second, server],
  ] as const) {
    const document = await (await fetch(own.url + wellKnown)).text();
    assert.ok(document.includes(own.issuer) && !document.includes(other.issuer));
  }
  await second.addResource(resource);
  const code = await aCode(server, client);
  assert.equal((await redeem(second, client, code)).body.error, "invalid_grant");
  assert.equal((await redeem(server, client, code)).status, 200);
});

test("A-n4 no endpoint allows credentials across origins", async () => {
  for (const path of [
    wellKnown,
    "/token",
    "/register",
    "/introspect",
    "/revoke",
    "/authorize",
    "/consent",
    "/",
  ]) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await fetch(server.url + path, {
        method,
        headers: { origin: "https://evil.example", cookie: "a=b" },
        redirect: "manual",
      });
      assert.equal(response.headers.get("access-control-allow-credentials"), null, `${method} ${path}`);
    }
  }
});

test("A-n5 what is not advertised is refused", async () => {
  const client = await aPublicClient(server);
  const assertion = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "a.b.c",
  };
  const withAssertion = await post(server, "/token", {
    grant_type: "authorization_code",
    client_id: client.id,
    code: "x",
    ...assertion,
  });
  assert.equal(withAssertion.body.error, "invalid_client");
  const password = await post(server, "/token", {
    grant_type: "password",
    client_id: client.id,
    username: "a",
    password: "b",
  });
  assert.equal(password.body.error, "unsupported_grant_type");
  const implicit = await new UserAgent().request(
    authorizationUrl(server, client, { response_type: "token" }),
  );
  assert.match(implicit.headers.get("location") ?? "", /\?error=unsupported_response_type&/);
});
