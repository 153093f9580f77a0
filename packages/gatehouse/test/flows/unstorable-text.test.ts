import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { aSigningKey, asForm } from "../support/assertions.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  type Answer,
  aPublicClient,
  authorize,
  post,
  postBody,
  read,
  resource,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/*
 * Text that a database cannot keep, and values that are no text where one is expected: each is the sender's
 * error, on either database, and never an alarm.
 */

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
});
after(() => server?.stop());

const redirectUris = ["https://app.example.com/cb"];

async function register(metadata: Record<string, unknown> | string): Promise<Answer> {
  const body =
    typeof metadata === "string" ? metadata : JSON.stringify({ redirect_uris: redirectUris, ...metadata });
  return postBody(server, "/register", body, "application/json");
}

const errorLines = () => server.log.filter((line) => /"level":"(?:error|fatal)"/.test(line));

test("a client assertion whose sub or iss is no text, or none a store can keep, is a failed authentication", async () => {
  const key = await aSigningKey();
  for (const value of [
    0,
    1e300,
    true,
    null,
    {},
    { a: 1 },
    [],
    ["x"],
    "",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "x\udc00",
  ]) {
    for (const claims of [
      { iss: "x", sub: value },
      { iss: value, sub: "x" },
      { iss: value, sub: value },
    ]) {
      const assertion = await key.sign(claims as Record<string, string>);
      for (const path of ["/token", "/revoke"]) {
        const form = { grant_type: "refresh_token", refresh_token: "x", token: "x", ...asForm(assertion) };
        const { status, body, headers } = await post(server, path, form);
        assert.deepEqual([status, body.error], [401, "invalid_client"], JSON.stringify(claims));
        assert.ok(headers.get("www-authenticate"));
      }
    }
  }
  assert.deepEqual(errorLines(), []);
});

test("a registration with NUL or half a character in any text is refused, and so is one nested without end", async () => {
  for (const bad of ["\u0000", "a\u0000b", "\ud800", "\udc00x", "👍\ud83d"]) {
    for (const metadata of [
      { client_name: bad },
      { software_id: bad },
      { scope: bad },
      { contacts: ["a@example.com", bad] },
      { grant_types: ["authorization_code", bad] },
      {
        jwks: { keys: [{ kty: "EC", crv: "P-256", x: bad }] },
        token_endpoint_auth_method: "private_key_jwt",
      },
      { "client_name#fr": bad },
      { [bad]: "a member that nobody knows" },
    ]) {
      const { status, body } = await register(metadata);
      assert.deepEqual([status, body.error], [400, "invalid_client_metadata"], JSON.stringify(metadata));
    }
  }
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    const depth = Math.floor(60_000 / (open.length + close.length));
    const deep = `${open.repeat(depth)}1${close.repeat(depth)}`;
    for (const jwks of [
      deep,
      `{"keys":[{"kty":"RSA","x":${deep.slice(5 * open.length, -5 * close.length)}}]}`,
    ]) {
      const text = `{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt","jwks":${jwks}}`;
      const { status, body } = await register(text);
      assert.deepEqual([status, body.error], [400, "invalid_client_metadata"]);
    }
  }
  assert.deepEqual(errorLines(), []);
});

test("an honest name is cut between characters, whatever straddles its two hundredth place, and kept the same on every database", async () => {
  const lead = "n".repeat(199);
  for (const [name, cut] of [
    [`${lead}👍 and more`, lead],
    [`${lead}e\u0301 and more`, lead],
    [`${lead.slice(3)}👩‍💻 and more`, lead.slice(3)],
    [`${lead}👍`, lead],
    [`${lead.slice(1)}👍`, `${lead.slice(1)}👍`],
    [`${lead}é and more`, `${lead}é`],
  ] as const) {
    const { status, body } = await register({ client_name: name, token_endpoint_auth_method: "none" });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(body.client_name, cut);
    const stored = await server.store.findClient(String(body.client_id));
    assert.equal(stored?.metadata.name, cut);
  }
  assert.deepEqual(errorLines(), []);
});

test("JSON that cannot be read ends no token, and the old contract's answer says so", async () => {
  await aPublicClient(server);
  for (const body of [
    "[".repeat(30_000),
    '{"token":"\\u0000"}',
    '{"token":"\\ud800"}',
    '{"token":{}}',
    "null",
    "1",
  ]) {
    const headers = { "content-type": "application/json" };
    const answer = await read(await fetch(`${server.url}/revoke`, { method: "POST", body, headers }));
    assert.equal(answer.status, 400, body.slice(0, 30));
    assert.equal(answer.body.ok, false);
  }
  assert.deepEqual(errorLines(), []);
});

test("approving the longest redirect URI and resource there can be works, though such an approval is not remembered", async (t) => {
  const open = await startTestGatehouse();
  t.after(() => open.stop());
  const random = (length: number) => randomBytes(length).toString("base64url").slice(0, length);
  const redirectUri = `https://app.example.com/${random(2024)}`;
  const client = await aPublicClient(open, { redirect_uris: [redirectUri] });
  const parameters = { resource: `https://notes.example.com/${random(2022)}` };
  const agent = new UserAgent();
  for (const round of ["first", "second"]) {
    const answer = await authorize(open, client, { agent, parameters });
    assert.ok(answer.searchParams.has("code"), `${round}: ${answer.search}`);
  }
  assert.ok(!open.log.some((line) => line.includes('"level":"error"')), open.log.join(""));
});
