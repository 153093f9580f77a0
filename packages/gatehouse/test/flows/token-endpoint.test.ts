import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  codeForm,
  isActive,
  pkce,
  post,
  postBody,
  read,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { aCodeUnasked, aConfidentialClient } from "../support/provisioned-clients.ts";

let server: TestGatehouse;
let client: TestClient;
/** The operator's own confidential client, of the modern kind: PKCE, no consent page. */
let own: TestClient;
/** The LEGACY web client. */
let web: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
  own = await aConfidentialClient(server, { id: "own:é+%", secret: "s:e c+r%é t" });
  web = { id: "web", redirectUri: "https://app.example.com/cb", secret: "web-secret", ...pkce() };
  await server.addClient({ id: "web", secret: "web-secret", redirectUris: ["https://app.example.com/*"] });
});
after(() => server?.stop());

const legacyCode = () =>
  aCodeUnasked(server, web, {
    code_challenge: undefined,
    code_challenge_method: undefined,
    resource: undefined,
  });

const formEncode = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${formEncode(id)}:${formEncode(secret)}`).toString("base64")}`,
});

const send = (body: string, type: string | null, headers: Record<string, string> = {}) =>
  postBody(server, "/token", body, type, headers);

test("E01 only POST gets a token", async () => {
  const code = await aCode(server, client);
  const query = new URLSearchParams({ ...codeForm(client, code), client_id: client.id });
  for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
    const answer = await fetch(`${server.url}/token?${query}`, { method });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get("allow"), "POST");
  }
  assert.equal((await redeem(server, client, code)).status, 200);
});

test("E02 the body is a form and nothing else", async () => {
  const code = await aCode(server, client);
  const form = new URLSearchParams({ ...codeForm(client, code), client_id: client.id });
  const json = JSON.stringify(Object.fromEntries(form));
  for (const [body, type] of [
    [json, "application/json"],
    [String(form), "multipart/form-data; boundary=x"],
    [String(form), "text/x-application/x-www-form-urlencoded"],
    [String(form), "text/plain"],
    [String(form), null],
  ] as const) {
    const answer = await send(body, type);
    assert.equal(answer.status, 400, `type ${type}`);
    assert.equal(answer.body.error, "invalid_request");
  }
  assert.equal((await send(String(form), "application/x-www-form-urlencoded; charset=utf-8")).status, 200);
});

test("a client in a browser may say two types and send a bearer token along: the form and its client_id count", async () => {
  const form = { ...codeForm(client, await aCode(server, client)), client_id: client.id };
  const type = "application/json, application/x-www-form-urlencoded";
  const headers = { "content-type": type, authorization: "Bearer gatehouse_at_expired" };
  const body = String(new URLSearchParams(form));
  assert.equal((await fetch(`${server.url}/token`, { method: "POST", body, headers })).status, 200);
  const nobody = await post(server, "/token", { grant_type: "authorization_code", code: "x" }, headers);
  assert.equal(nobody.body.error, "invalid_client", "a bearer token names no client");
});

test("E03 repeated parameters are refused even when equal, unknown ones ignored, empty ones absent", async () => {
  const code = await aCode(server, client);
  for (const name of ["grant_type", "code", "client_id", "code_verifier", "redirect_uri", "unknown"]) {
    const value = { ...codeForm(client, code), client_id: client.id, unknown: "x" }[name] ?? "";
    const answer = await redeem(server, client, code, { [name]: [value, value] });
    assert.equal(answer.body.error, "invalid_request", name);
  }
  assert.equal((await redeem(server, client, code, { code_verifier: "" })).body.error, "invalid_request");
  assert.equal((await redeem(server, client, code, { unknown: "x", client_secret: "" })).status, 200);
});

test("E04 parameters in the URL are not used", async () => {
  const code = await aCodeUnasked(server, own);
  const query = new URLSearchParams({ client_id: own.id, client_secret: own.secret ?? "" });
  const answer = await post(server, `/token?${query}`, codeForm(own, code));
  assert.equal(answer.status, 400);
  assert.equal(
    (await post(server, `/token?${query}`, { ...codeForm(own, code), client_id: own.id })).body.error,
    "invalid_client",
  );
  assert.equal(
    (await post(server, "/token", codeForm(own, code), basic(own.id, own.secret ?? ""))).status,
    200,
  );
});

test("E05 E-n8 a grant must be named, known and registered", async () => {
  const code = await aCode(server, client);
  assert.equal((await redeem(server, client, code, { grant_type: undefined })).body.error, "invalid_request");
  for (const grant_type of [
    "password",
    "client_credentials",
    "implicit",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:device_code",
    "AUTHORIZATION_CODE",
    "__proto__",
  ]) {
    const { status, body } = await redeem(server, client, code, { grant_type });
    assert.equal(status, 400, grant_type);
    assert.equal(body.error, "unsupported_grant_type", grant_type);
    assert.match(String(body.error_description), /authorization_code/);
  }
  const once = await aPublicClient(server, { grant_types: ["authorization_code"] });
  const answer = await post(server, "/token", {
    grant_type: "refresh_token",
    client_id: once.id,
    refresh_token: "x",
  });
  assert.equal(answer.body.error, "unauthorized_client");
});

test("E06 Basic credentials are form-encoded on both sides of the first colon", async () => {
  const answer = await post(
    server,
    "/token",
    codeForm(own, await aCodeUnasked(server, own)),
    basic(own.id, own.secret ?? ""),
  );
  assert.equal(answer.status, 200, answer.text);
});

test("E07 a secret in the body does as well", async () => {
  assert.equal((await redeem(server, own, await aCodeUnasked(server, own))).status, 200);
});

test("E08 two ways of authentication in one request are refused", async () => {
  const code = await aCodeUnasked(server, own);
  const headers = basic(own.id, own.secret ?? "");
  const assertion = {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "x",
  };
  for (const extra of [{ client_secret: own.secret }, assertion]) {
    const answer = await post(server, "/token", { ...codeForm(own, code), ...extra }, headers);
    assert.equal(answer.body.error, "invalid_request");
  }
  assert.equal((await post(server, "/token", codeForm(own, code), headers)).status, 200);
});

test("E09 a failed Authorization header is 401 with the scheme to use, whatever is wrong with it", async () => {
  const code = await aCodeUnasked(server, own);
  const { authorization } = basic(own.id, "wrong");
  const encode = (text: string) => `Basic ${Buffer.from(text, "latin1").toString("base64")}`;
  for (const header of [
    authorization,
    authorization.replace("Basic", "bAsIc"),
    "Basic !!!",
    "Basic",
    encode("nocolon"),
    encode("a%zz:b"),
    encode("\xff\xfe:x"),
    "Bearer x",
    "Digest x",
  ]) {
    const answer = await post(server, "/token", codeForm(own, code), { authorization: header });
    assert.equal(answer.status, 401, header);
    assert.equal(answer.body.error, "invalid_client");
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic realm="/);
  }
  const genuine = basic(own.id, own.secret ?? "").authorization.replace("Basic", "bASIC");
  assert.equal((await post(server, "/token", codeForm(own, code), { authorization: genuine })).status, 200);
});

test("E10 failed credentials in the body are invalid_client", async () => {
  const answer = await redeem(server, own, "x", { client_secret: "wrong" });
  assert.equal(answer.status, 401);
  assert.equal(answer.body.error, "invalid_client");
  assert.match(answer.headers.get("www-authenticate") ?? "", /^Basic/);
});

test("E11 E-n1 E-n2 a client authenticates as it is registered: no fallback to nothing, no secret for a public one", async () => {
  const code = await aCodeUnasked(server, own);
  for (const form of [{ client_secret: undefined }, { client_secret: "" }]) {
    assert.equal((await redeem(server, own, code, form)).body.error, "invalid_client");
  }
  assert.equal(
    (await post(server, "/token", codeForm(own, code), basic(own.id, ""))).body.error,
    "invalid_client",
  );
  assert.equal((await redeem(server, own, code)).status, 200, "the code survived");
  const publicCode = await aCode(server, client);
  assert.equal(
    (await redeem(server, client, publicCode, { client_secret: "made-up" })).body.error,
    "invalid_client",
  );
  assert.equal(
    (await post(server, "/token", codeForm(client, publicCode), basic(client.id, "made-up"))).body.error,
    "invalid_client",
  );
  assert.equal((await redeem(server, client, publicCode)).status, 200);
});

test("LEGACY who registered without naming a method may come with PKCE alone, or with the secret it was given", async () => {
  const silent = { token_endpoint_auth_method: undefined, client_name: "Chose nothing" };
  const body = JSON.stringify({
    redirect_uris: [client.redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    ...silent,
  });
  const headers = { "content-type": "application/json" };
  const registered = await read(await fetch(`${server.url}/register`, { method: "POST", headers, body }));
  const { client_id, client_secret, token_endpoint_auth_method } = registered.body;
  assert.equal(token_endpoint_auth_method, "client_secret_basic", "the RFC's default");
  const bare: TestClient = { id: String(client_id), redirectUri: client.redirectUri, ...pkce() };
  const tokens = await redeem(server, bare, await aCode(server, bare));
  assert.equal(tokens.status, 200, tokens.text);
  const token = String(tokens.body.refresh_token);
  const next = await refresh(server, bare, token);
  assert.equal(next.status, 200, "and stays connected as it began");
  const wrong = { client_secret: "wrong" };
  const code = await aCode(server, bare);
  assert.equal((await redeem(server, bare, code, wrong)).body.error, "invalid_client");
  assert.equal(
    (await redeem(server, bare, code, { code_verifier: pkce().verifier })).body.error,
    "invalid_grant",
  );
  const withSecret = { ...bare, secret: String(client_secret) };
  assert.equal((await redeem(server, withSecret, await aCode(server, bare))).status, 200);
});

test("LEGACY who named a method, or was provisioned by the operator, never comes without its secret", async () => {
  const named = await aPublicClient(server, { token_endpoint_auth_method: "client_secret_basic" });
  assert.equal((await redeem(server, named, await aCode(server, named))).body.error, "invalid_client");
  assert.equal(
    (await redeem(server, own, await aCodeUnasked(server, own), { client_secret: undefined })).body.error,
    "invalid_client",
  );
});

test("E12 header and body name the same client, and a public one names itself", async () => {
  const code = await aCodeUnasked(server, own);
  const answer = await post(
    server,
    "/token",
    { ...codeForm(own, code), client_id: client.id },
    basic(own.id, own.secret ?? ""),
  );
  assert.equal(answer.body.error, "invalid_request");
  const anonymous = await redeem(server, client, await aCode(server, client), { client_id: undefined });
  assert.equal(anonymous.status, 400);
});

test("E13 a failed authentication uses nothing up", async () => {
  const code = await aCodeUnasked(server, own);
  await redeem(server, own, code, { client_secret: "wrong" });
  const tokens = await redeem(server, own, code);
  assert.equal(tokens.status, 200);
  const refresh_token = String(tokens.body.refresh_token);
  const form = { grant_type: "refresh_token", client_id: own.id, refresh_token };
  assert.equal((await post(server, "/token", { ...form, client_secret: "wrong" })).status, 401);
  assert.equal((await post(server, "/token", { ...form, client_secret: own.secret })).status, 200);
});

test("E14 E17 success is JSON, not to be cached, with a short life in seconds and the granted scope", async () => {
  const answer = await redeem(server, client, await aCode(server, client, { scope: "anything" }));
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.deepEqual(Object.keys(answer.body), [
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "scope",
  ]);
  assert.equal(answer.body.token_type, "Bearer");
  assert.equal(answer.body.expires_in, 3600);
  assert.equal(answer.body.scope, "anything");
});

test("E15 errors are registered codes with a plain description, and nothing of our insides", async (t) => {
  const answers = [
    await redeem(server, client, "x"),
    await redeem(server, client, "x", { grant_type: "password" }),
    await redeem(server, client, "x", { client_id: 'n"o\\body\u202E' }),
  ];
  for (const { body, headers } of answers) {
    assert.match(
      String(body.error),
      /^(invalid_request|invalid_client|invalid_grant|unsupported_grant_type)$/,
    );
    assert.match(String(body.error_description ?? ""), /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
    assert.equal(headers.get("cache-control"), "no-store");
  }
  const broken = t.mock.method(server.store, "findCode", () =>
    Promise.reject(new Error("select * from secrets")),
  );
  const internal = await redeem(server, client, "x");
  broken.mock.restore();
  assert.equal(internal.status, 500);
  const reference = internal.headers.get("x-request-id");
  const description = `something went wrong on our side (reference ${reference})`;
  assert.deepEqual(internal.body, { error: "server_error", error_description: description });
});

test("E16 guessing a secret is slowed, per client and per address, and consumes nothing", async (t) => {
  const victim = await startTestGatehouse({ RATE_LIMITS: "on" });
  t.after(() => victim.stop());
  const redirectUris = ["https://v.example/*"];
  for (const [id, secret] of [
    ["v", "right"],
    ["w", "short"],
  ] as const) {
    await victim.addClient({ id, secret, redirectUris });
  }
  const guess = (id: string, client_secret: string) =>
    post(victim, "/token", { grant_type: "authorization_code", client_id: id, client_secret, code: "x" });
  const statuses: number[] = [];
  for (let attempt = 0; attempt < 30; attempt++) statuses.push((await guess("v", `guess-${attempt}`)).status);
  assert.deepEqual(statuses, [...Array(20).fill(401), ...Array(10).fill(429)]);
  const blocked = await guess("v", "right");
  assert.equal(blocked.status, 429);
  assert.match(blocked.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  assert.equal(
    (await guess("w", "short")).body.error,
    "invalid_grant",
    "another client at that address goes on",
  );
  await Promise.all(Array.from({ length: 200 }, (_, at) => guess(`unknown-${at}`, "guess")));
  assert.equal(
    (await guess("another", "guess")).status,
    429,
    "a wrong one, after all these from the address",
  );
  assert.equal((await guess("w", "short")).body.error, "invalid_grant", "a right one still");
  const publicClient = await aPublicClient(victim);
  assert.equal((await redeem(victim, publicClient, "x")).status, 400, "a client without secret goes on");
});

test("nobody is shut out by a stranger's guesses at a secret that this server made", async (t) => {
  const victim = await startTestGatehouse({ RATE_LIMITS: "on" });
  t.after(() => victim.stop());
  const registration = await fetch(`${victim.url}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "C", redirect_uris: ["https://c.example/cb"] }),
  });
  const { client_id, client_secret } = (await registration.json()) as Record<string, string>;
  const ask = (secret = "") =>
    post(victim, "/token", { grant_type: "authorization_code", client_id, client_secret: secret, code: "x" });
  for (let attempt = 0; attempt < 21; attempt++) await ask(`guess-${attempt}`);
  assert.equal((await ask("guess")).status, 429);
  const another = client_secret?.replace(/.{4}$/, "AAAA");
  assert.equal((await ask(another)).status, 429, "as is a wrong one of that shape");
  assert.equal((await ask(client_secret)).status, 400, "the client got in; its code is none");
});

test("E18 any origin may call, without credentials", async () => {
  const headers = { origin: "https://inspector.example" };
  for (const form of [{}, codeForm(client, "x")]) {
    const answer = await post(server, "/token", form, headers);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    assert.equal(answer.headers.get("access-control-allow-credentials"), null);
  }
  const preflight = await fetch(`${server.url}/token`, { method: "OPTIONS", headers });
  assert.equal(preflight.status, 204);
  assert.match(
    preflight.headers.get("access-control-allow-headers") ?? "",
    /authorization, content-type, dpop/,
  );
});

test("E19 LEGACY what the old web client sends, and the answers it knows", async () => {
  const code = await legacyCode();
  const form = { client_id: "web", client_secret: "web-secret", code };
  for (const missing of ["client_id", "client_secret", "code"]) {
    const answer = await post(server, "/token", { ...form, [missing]: undefined });
    assert.equal(answer.status, 400, missing);
    assert.equal(answer.body.error, "invalid_request", missing);
  }
  for (const wrong of [{ client_id: "nobody" }, { client_secret: "wrong" }]) {
    const answer = await post(server, "/token", { ...form, ...wrong });
    assert.equal(answer.status, 401);
    assert.equal(answer.body.error, "invalid_client");
  }
  assert.equal(
    (await post(server, "/token", { ...form, grant_type: "password" })).body.error,
    "unsupported_grant_type",
  );
  assert.equal((await post(server, "/token", form)).status, 200, "without grant_type, and after all of that");
});

test("F16 LEGACY one opaque seven-day token stands in both members, byte for byte", async (t) => {
  const answer = await post(server, "/token", {
    client_id: "web",
    client_secret: "web-secret",
    code: await legacyCode(),
  });
  const token = String(answer.body.access_token);
  assert.equal(
    answer.text,
    `{"access_token":"${token}","token_type":"Bearer","expires_in":604800,"refresh_token":"${token}"}`,
  );
  assert.match(token, /^gatehouse_at_[A-Za-z0-9_-]{49}$/);
  assert.ok(await isActive(server, token));
  const another = await startTestGatehouse({ TOKEN_PREFIX: "deploys-api." });
  t.after(() => another.stop());
  const mine = await aPublicClient(another);
  assert.match((await tokensFor(another, mine)).access_token, /^deploys-api\./);
});

test("F17 LEGACY that refresh_token mints nothing", async () => {
  const { body } = await post(server, "/token", {
    client_id: "web",
    client_secret: "web-secret",
    code: await legacyCode(),
  });
  const form = {
    grant_type: "refresh_token",
    client_id: "web",
    client_secret: "web-secret",
    refresh_token: String(body.refresh_token),
  };
  const answer = await post(server, "/token", form);
  assert.equal(answer.status, 400);
  assert.equal(answer.body.access_token, undefined);
  await post(server, "/revoke", {
    client_id: "web",
    client_secret: "web-secret",
    token: String(body.refresh_token),
  });
  assert.ok(!(await isActive(server, String(body.access_token))), "revoking it ends the session");
});
