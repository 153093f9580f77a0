import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  openConsentPage,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { hiddenFields, UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
let client: TestClient;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(() => server?.stop());

const form = "application/x-www-form-urlencoded";
const nasty = [
  "' or 1=1 --",
  '"; drop table oauth2_clients; --',
  "%00",
  "\u0000",
  "\ud800",
  "\u202e\u2028\r\nX: y",
  "{$ne:null}",
  "../../etc/passwd",
  "__proto__",
  "x".repeat(3000),
  "🗝️",
  "-1",
  "NaN",
];

/** Every endpoint with the parameters it reads. */
const endpoints = [
  [
    "GET",
    "/authorize",
    [
      "client_id",
      "redirect_uri",
      "state",
      "scope",
      "resource",
      "response_type",
      "code_challenge",
      "code_challenge_method",
      "prompt",
      "max_age",
    ],
  ],
  ["GET", "/", ["client_id", "redirect_uri", "state"]],
  ["GET", "/callback", ["state", "code", "error", "error_description", "iss"]],
  ["GET", "/consent", ["transaction"]],
  ["POST", "/consent", ["transaction", "csrf", "decision"]],
  ["POST", "/sign-out", ["csrf"]],
  [
    "POST",
    "/token",
    [
      "grant_type",
      "client_id",
      "client_secret",
      "code",
      "code_verifier",
      "redirect_uri",
      "refresh_token",
      "scope",
      "resource",
    ],
  ],
  ["POST", "/introspect", ["token", "token_type_hint"]],
  ["POST", "/revoke", ["token", "client_id", "client_secret"]],
  ["GET", "/revoke", ["token", "callback"]],
] as const;

async function send(
  method: string,
  path: string,
  encoded: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const agent = { authorization: `Bearer ${server.introspectionToken}` };
  const response =
    method === "GET"
      ? await fetch(`${server.url}${path}?${encoded}`, { redirect: "manual", headers })
      : await fetch(server.url + path, {
          method,
          body: encoded,
          redirect: "manual",
          headers: { "content-type": form, ...(path === "/introspect" ? agent : {}), ...headers },
        });
  await response.clone().text();
  return response;
}

function isOrderly(response: Response, about: string) {
  assert.ok(response.status < 500, `${about} → ${response.status}`);
  assert.equal(response.headers.get("x"), null, about);
  if (response.status >= 400) {
    assert.match(
      response.headers.get("content-type") ?? "",
      /^(application\/json|text\/html; charset=utf-8)$/,
      about,
    );
  }
}

test("T-n4 metacharacters, NUL and broken text in any parameter are stored literally or refused", async () => {
  const valid = new URL(authorizationUrl(server, client)).searchParams;
  for (const [method, path, names] of endpoints) {
    for (const name of names) {
      for (const value of nasty) {
        const parameters = new URLSearchParams(path === "/authorize" ? valid : {});
        parameters.set(name, value);
        isOrderly(
          await send(method, path, parameters.toString()),
          `${method} ${path} ${name}=${value.slice(0, 30)}`,
        );
      }
    }
  }
  const state = "' \"; -- 🗝️ %00";
  const { agent, page } = await openConsentPage(server, client, new UserAgent(), { state });
  const end = await agent.submit(page, { decision: "approve" }, (url) => url.port === "33418");
  assert.equal(end.url.searchParams.get("state"), state);
  assert.ok(await server.store.findClient(client.id), "the clients are still there");
});

test("every endpoint answers malformed, repeated, oversized and mistyped input with the right 4xx", async () => {
  for (const [method, path, names] of endpoints) {
    const about = `${method} ${path}`;
    for (const malformed of ["%", "a=%zz", "%E0%A4%A=1", "=&=&&&", `a=${"%41".repeat(2000)}`]) {
      isOrderly(await send(method, path, malformed), `${about} ${malformed.slice(0, 20)}`);
    }
    assert.equal((await send(method, path, "a=%zz")).status, 400, about);
    for (const name of names) {
      if (name === "resource") continue;
      const response = await send(method, path, `${name}=a&${name}=b`);
      isOrderly(response, `${about} ${name} twice`);
      assert.ok(response.status >= 400, `${about} ${name} twice → ${response.status}`);
    }
    const oversized = await send(method, path, `a=${"x".repeat(100_000)}`);
    assert.ok([413, 414, 431].includes(oversized.status), `${about} oversized → ${oversized.status}`);
    if (method === "POST") {
      for (const type of [
        "application/xml",
        "multipart/form-data; boundary=x",
        "text/plain",
        ";;;",
        "application/json",
      ]) {
        const response = await send(method, path, "a=1", { "content-type": type });
        assert.ok([400, 403].includes(response.status), `${about} as ${type} → ${response.status}`);
      }
    }
    for (const wrong of ["PUT", "DELETE", "PATCH"]) {
      const response = await fetch(server.url + path, { method: wrong });
      assert.equal(response.status, 405, `${wrong} ${path}`);
      assert.ok(response.headers.get("allow"));
    }
  }
});

test("registration answers every kind of wrong value with 400 and stores nothing", async () => {
  const before = (await server.store.listClients()).length;
  const members = [
    "redirect_uris",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "client_name",
    "client_uri",
    "logo_uri",
    "scope",
    "contacts",
    "jwks",
    "jwks_uri",
    "software_id",
    "application_type",
  ];
  for (const name of members) {
    for (const value of [1, true, { a: 1 }, [1], [[]], [{}], ["\u0000"], "\u0000", -1e308]) {
      const body = JSON.stringify({ redirect_uris: ["https://h.example/cb", "bad"], [name]: value });
      const response = await fetch(`${server.url}/register`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      assert.equal(response.status, 400, `${name}: ${JSON.stringify(value)}`);
      assert.match(
        String(((await response.json()) as { error: string }).error),
        /^invalid_(client_metadata|redirect_uri)$/,
      );
    }
  }
  const deep = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
  assert.equal(
    (
      await fetch(`${server.url}/register`, {
        method: "POST",
        body: deep,
        headers: { "content-type": "application/json" },
      })
    ).status,
    400,
  );
  assert.equal((await server.store.listClients()).length, before);
});

test("broken cookies and headers do no harm", async () => {
  for (const cookie of [
    "=",
    ";;;",
    "gatehouse-session",
    "gatehouse-session=%00",
    `gatehouse-session=${"x".repeat(8000)}`,
    Array(500).fill("a=b").join("; "),
  ]) {
    for (const path of [
      "/",
      "/consent?transaction=x",
      authorizationUrl(server, client).slice(server.url.length),
    ]) {
      isOrderly(
        await fetch(server.url + path, { headers: { cookie }, redirect: "manual" }),
        `${path.slice(0, 20)} ${cookie.slice(0, 20)}`,
      );
    }
  }
  for (const origin of ["null", "garbage", "https://", "\u00ff"]) {
    isOrderly(await send("POST", "/consent", "a=1", { origin }), origin);
  }
});

test("after all of it nothing was lost or half written", async () => {
  const { agent, page } = await openConsentPage(server, client);
  assert.ok(hiddenFields(page.html).csrf);
  assert.ok(agent.cookiesOf(server.url).size > 0);
  assert.ok((await tokensFor(server, client)).refresh_token);
  assert.ok(
    !server.log.some((line) => line.includes('"level":"error"')),
    server.log.filter((line) => line.includes('"level":"error"')).join(""),
  );
});
