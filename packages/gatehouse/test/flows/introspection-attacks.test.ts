import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  isActive,
  post,
  read,
  resource,
  type TestClient,
  type Tokens,
  tokensFor,
} from "../support/oauth-client.ts";

let server: TestGatehouse;
let client: TestClient;
let tokens: Tokens;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource, { "notes:read": "Read your notes" });
  await server.addResource("https://other.example.com/mcp");
  client = await aPublicClient(server);
  tokens = await tokensFor(server, client);
});
after(() => server?.stop());

const asOperator = () => ({ authorization: `Bearer ${server.introspectionToken}` });
const inactive = '{"active":false}';

test("J-n1 a client's id, its tokens and a person's tokens are no introspection credentials", async () => {
  for (const authorization of [
    `Bearer ${tokens.access_token}`,
    `Bearer ${tokens.refresh_token}`,
    `Bearer ${client.id}`,
    `Basic ${Buffer.from(`${client.id}:`).toString("base64")}`,
  ]) {
    const answer = await post(server, "/introspect", { token: tokens.access_token }, { authorization });
    assert.equal(answer.status, 401, authorization);
    assert.equal(answer.body.active, undefined);
  }
});

test("J-n4 a token with anything added or changed is inactive", async () => {
  const { access_token: token } = tokens;
  const lookalikes = [`${token}\n`, ` ${token}`, token.toUpperCase(), `${token}.`, token.slice(0, -1)];
  for (const lookalike of lookalikes)
    assert.equal(await isActive(server, lookalike), false, JSON.stringify(lookalike));
  const withNul = await post(server, "/introspect", { token: `${token}\0` }, asOperator());
  assert.ok(withNul.status === 400 || withNul.text === inactive);
});

test("J-n6 a token in the query string is not looked at", async () => {
  const response = await fetch(`${server.url}/introspect?token=${tokens.access_token}`, {
    method: "POST",
    headers: { ...asOperator(), "content-type": "application/x-www-form-urlencoded" },
    body: "",
  });
  assert.equal((await read(response)).text, inactive);
});

test("J-n3 an empty or missing INTROSPECTION_TOKEN opens nothing: 401 for that kind of caller", async (t) => {
  const unconfigured = await startTestGatehouse({ INTROSPECTION_TOKEN: "" });
  t.after(() => unconfigured.stop());
  const withSomething = await post(
    unconfigured,
    "/introspect",
    { token: "x" },
    { authorization: "Bearer x" },
  );
  assert.equal(withSomething.status, 401);
  const withEmpty = await post(unconfigured, "/introspect", { token: "x" }, { authorization: "Bearer " });
  assert.equal(withEmpty.status, 401);
});
