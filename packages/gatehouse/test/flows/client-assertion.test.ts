import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type JWK, UnsecuredJWT } from "jose";
import { aSigningKey, asForm, claimsFor, type SigningKey } from "../support/assertions.ts";
import { type DocumentServer, startDocumentServer } from "../support/document-server.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { type Answer, aCode, pkce, post, resource, type TestClient } from "../support/oauth-client.ts";

let server: TestGatehouse;
let web: DocumentServer;
let count = 0;
before(async () => {
  web = await startDocumentServer();
  server = await startTestGatehouse({}, "dev");
  await server.addResource(resource);
});
after(async () => {
  await server?.stop();
  await web?.close();
});

const redirectUri = "https://app.example.com/cb";

/** A client that signs, as its document describes it. */
async function aSigningClient(over: Record<string, unknown> = {}, key?: SigningKey) {
  const path = `/signing-${++count}.json`;
  const own = key ?? (await aSigningKey());
  const publish = (changes: Record<string, unknown> = {}) =>
    web.publish(path, {
      client_id: web.url + path,
      client_name: "Signer",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "private_key_jwt",
      jwks: own.jwks,
      ...over,
      ...changes,
    });
  publish();
  const client: TestClient = { id: web.url + path, redirectUri, ...pkce() };
  return { client, key: own, publish };
}

const redeemWith = (
  client: TestClient,
  code: string,
  form: Record<string, string | undefined>,
): Promise<Answer> =>
  post(server, "/token", {
    grant_type: "authorization_code",
    code,
    code_verifier: client.verifier,
    client_id: client.id,
    ...form,
  });

async function isRefused(answer: Promise<Answer>, about: string) {
  const { status, body } = await answer;
  assert.deepEqual([status, body.error], [401, "invalid_client"], about);
}

test("A10 the metadata names the methods and asymmetric algorithms that work", async () => {
  const response = await fetch(`${server.url}/.well-known/oauth-authorization-server`);
  const metadata = (await response.json()) as Record<string, string[]>;
  for (const endpoint of ["token", "revocation"]) {
    assert.ok(metadata[`${endpoint}_endpoint_auth_methods_supported`]?.includes("private_key_jwt"));
    const algorithms = metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`] ?? [];
    assert.ok(algorithms.length > 0 && algorithms.every((alg) => !/^(?:none|HS)/.test(alg)));
    for (const alg of algorithms) {
      const { client, key } = await aSigningClient({}, await aSigningKey("k", alg));
      const assertion = await key.sign(claimsFor(server, client.id));
      const answer = await redeemWith(client, await aCode(server, client), asForm(assertion));
      assert.equal(answer.status, 200, alg);
    }
  }
});

test("I14 a client that signs does so for code, refresh and revocation, and is nobody without", async () => {
  const { client, key } = await aSigningClient();
  const sign = async () => asForm(await key.sign(claimsFor(server, client.id)));
  const code = await aCode(server, client);
  await isRefused(redeemWith(client, code, {}), "no assertion");
  await isRefused(redeemWith(client, code, { client_secret: "s" }), "a secret");
  const tokens = (await redeemWith(client, code, await sign())).body;
  const refreshing = { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) };
  await isRefused(post(server, "/token", { ...refreshing, client_id: client.id }), "refresh");
  const refreshed = await post(server, "/token", { ...refreshing, ...(await sign()) });
  assert.equal(refreshed.status, 200, "the assertion names the client");
  const revoking = { token: String(refreshed.body.refresh_token) };
  await isRefused(post(server, "/revoke", { ...revoking, client_id: client.id }), "revocation");
  assert.equal((await post(server, "/revoke", { ...revoking, ...(await sign()) })).status, 200);
  const again = { ...refreshing, refresh_token: String(refreshed.body.refresh_token), ...(await sign()) };
  assert.equal((await post(server, "/token", again)).body.error, "invalid_grant");
});

test("I15 a document that shows a private or shared key is refused", async () => {
  const { client, key, publish } = await aSigningClient();
  for (const leaked of [
    { ...key.jwks.keys[0], d: "secret" },
    { kty: "oct", k: "secret" },
  ]) {
    publish({ jwks: { keys: [leaked] } });
    await assert.rejects(aCode(server, client), /describes itself in a way/);
  }
});

test("Q05 an assertion comes whole, once, and in its own shape", async () => {
  const { client, key } = await aSigningClient();
  const code = await aCode(server, client);
  const good = async () => asForm(await key.sign(claimsFor(server, client.id)));
  for (const form of [
    { ...(await good()), client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer" },
    { ...(await good()), client_assertion_type: undefined },
    { ...(await good()), client_assertion: undefined },
    asForm("not.a.jwt"),
    asForm("x"),
    asForm(`${"a".repeat(9000)}.b.c`),
  ]) {
    await isRefused(redeemWith(client, code, form), JSON.stringify(form).slice(0, 100));
  }
  const both = redeemWith(client, code, { ...(await good()), client_secret: "s" });
  assert.equal((await both).body.error, "invalid_request");
  assert.equal((await redeemWith(client, code, await good())).status, 200, "nothing was used up");
});

test("Q06 Q-n3 an assertion speaks for the client that signed it and for no other", async () => {
  const [one, other] = [await aSigningClient(), await aSigningClient()];
  const code = await aCode(server, one.client);
  for (const over of [{ iss: other.client.id }, { iss: undefined }, { iss: "https://evil.example" }]) {
    const form = asForm(await one.key.sign(claimsFor(server, one.client.id, over)));
    await isRefused(redeemWith(one.client, code, form), JSON.stringify(over));
  }
  const foreign = asForm(await other.key.sign(claimsFor(server, one.client.id)));
  await isRefused(redeemWith(one.client, code, foreign), "signed by another client's key");
  const others = asForm(await other.key.sign(claimsFor(server, other.client.id)));
  await isRefused(redeemWith(one.client, code, others), "another client's, with our client_id");
});

test("Q07 Q-n1 Q-n4 an assertion is made for this issuer alone", async () => {
  const { client, key } = await aSigningClient();
  const code = await aCode(server, client);
  for (const aud of [
    undefined,
    "https://evil.example",
    `${server.issuer}/`,
    `${server.issuer}/token`,
    [server.issuer, "https://evil.example"],
    [],
    [[server.issuer]],
  ]) {
    const form = asForm(await key.sign(claimsFor(server, client.id, { aud })));
    await isRefused(redeemWith(client, code, form), JSON.stringify(aud));
  }
  const listed = asForm(await key.sign(claimsFor(server, client.id, { aud: [server.issuer] })));
  assert.equal((await redeemWith(client, code, listed)).status, 200);
});

test("in compatibility mode the token endpoint and a trailing slash do as audience", async (t) => {
  const lenient = await startTestGatehouse({ ASSERTION_AUDIENCE: "compatible" }, "dev");
  t.after(() => lenient.stop());
  await lenient.addResource(resource);
  const { client, key } = await aSigningClient();
  for (const aud of [lenient.issuer, `${lenient.issuer}/`, `${lenient.issuer}/token`]) {
    const code = await aCode(lenient, client);
    const form = asForm(await key.sign(claimsFor(lenient, client.id, { aud })));
    const body = { grant_type: "authorization_code", code, code_verifier: client.verifier, ...form };
    assert.equal((await post(lenient, "/token", body)).status, 200, aud);
  }
});

test("Q08 an assertion is of now: neither expired, nor from the future, nor good for ever", async () => {
  const { client, key } = await aSigningClient();
  const code = await aCode(server, client);
  const now = server.clock.now();
  for (const over of [
    { exp: undefined },
    { exp: now - 61 },
    { exp: now + 3601 },
    { exp: Date.UTC(2100, 0) / 1000 },
    { exp: String(now + 300) },
    { nbf: now + 61 },
    { iat: now + 61 },
  ]) {
    const claims = claimsFor(server, client.id, over);
    await isRefused(redeemWith(client, code, asForm(await key.sign(claims))), JSON.stringify(over));
  }
  const skewed = asForm(await key.sign(claimsFor(server, client.id, { iat: now + 30, nbf: now + 30 })));
  assert.equal((await redeemWith(client, code, skewed)).status, 200, "clocks differ a little");
});

test("Q09 Q-n2 an assertion works once, wherever it is sent, and however many try", async () => {
  const { client, key } = await aSigningClient();
  const form = asForm(await key.sign(claimsFor(server, client.id)));
  const ask = () => post(server, "/token", { grant_type: "refresh_token", refresh_token: "x", ...form });
  const answers = await Promise.all(Array.from({ length: 20 }, ask));
  const errors = answers.map(({ body }) => body.error);
  assert.equal(
    errors.filter((error) => error === "invalid_client").length,
    20,
    "unknown before anybody authorized",
  );
  const code = await aCode(server, client);
  const raced = await Promise.all(Array.from({ length: 20 }, ask));
  assert.equal(raced.filter(({ body }) => body.error === "invalid_grant").length, 1, "one was let in");
  assert.equal(raced.filter(({ body }) => body.error === "invalid_client").length, 19);
  await isRefused(post(server, "/revoke", { token: "x", ...form }), "at another endpoint");
  await isRefused(redeemWith(client, code, form), "again");
  const other = await aSigningClient({}, key);
  await aCode(server, other.client);
  for (const jti of [undefined, "", 7]) {
    const claims = claimsFor(server, client.id, { jti });
    await isRefused(redeemWith(client, code, asForm(await key.sign(claims))), `jti ${jti}`);
  }
});

test("Q10 only a key and an algorithm of the client's count, whatever the header says", async () => {
  const { client, key } = await aSigningClient({ token_endpoint_auth_signing_alg: "ES256" });
  const code = await aCode(server, client);
  const claims = () => claimsFor(server, client.id);
  const stranger = await aSigningKey();
  const rsa = await aSigningKey("k", "RS256");
  const header = { jku: "https://evil.example/jwks", jwk: stranger.jwks.keys[0] };
  for (const assertion of [
    new UnsecuredJWT(claims()).encode(),
    await stranger.sign(claims(), header),
    await stranger.sign(claims(), { kid: String(key.jwks.keys[0]?.kid) }),
    await rsa.sign(claims()),
  ]) {
    await isRefused(redeemWith(client, code, asForm(assertion)), assertion.slice(0, 60));
  }
  assert.equal((await redeemWith(client, code, asForm(await key.sign(claims())))).status, 200);
});

test("Q11 Q-n5 a JWT of another type is no assertion", async () => {
  const { client, key } = await aSigningClient();
  const code = await aCode(server, client);
  for (const typ of ["at+jwt", "dpop+jwt", "oauth-id-jag+jwt", "secevent+jwt", ""]) {
    const assertion = await key.sign(claimsFor(server, client.id), { typ });
    await isRefused(redeemWith(client, code, asForm(assertion)), typ);
  }
  const idToken = claimsFor(server, client.id, { iss: server.upstream.issuer, aud: client.id });
  await isRefused(redeemWith(client, code, asForm(await key.sign(idToken))), "an ID Token");
  const typed = await key.sign(claimsFor(server, client.id), { typ: "client-authentication+jwt" });
  assert.equal((await redeemWith(client, code, asForm(typed))).status, 200);
});

test("Q12 keys at a jwks_uri are kept, and fetched anew once when a new key appears", async () => {
  const keysPath = `/keys-${++count}.json`;
  const [old, fresh, unknown] = [await aSigningKey(), await aSigningKey(), await aSigningKey()];
  web.publish(keysPath, old.jwks);
  // A jwks_uri is https; what this proves is the caching, so the store is told of a loopback one.
  const client: TestClient = { id: `signing-${count}`, redirectUri, ...pkce() };
  await server.addClient({
    id: client.id,
    authMethod: "private_key_jwt",
    keys: { uri: web.url + keysPath },
    redirectUris: [redirectUri],
  });
  const redeemSigned = async (key: SigningKey) =>
    redeemWith(client, "gatehouse_ac_x", asForm(await key.sign(claimsFor(server, client.id))));
  assert.equal((await redeemSigned(old)).body.error, "invalid_grant");
  assert.equal((await redeemSigned(old)).body.error, "invalid_grant");
  assert.equal(web.fetches(keysPath), 1);
  server.clock.advance(61);
  web.publish(keysPath, { keys: [...old.jwks.keys, ...fresh.jwks.keys] });
  assert.equal((await redeemSigned(fresh)).body.error, "invalid_grant");
  assert.equal(web.fetches(keysPath), 2);
  for (let at = 0; at < 3; at++) await isRefused(redeemSigned(unknown), "unknown key");
  assert.equal(web.fetches(keysPath), 2, "not more than once a minute");
});

test("a client that rotates the keys in its document goes on", async () => {
  const { client, publish } = await aSigningClient();
  const code = await aCode(server, client);
  const fresh = await aSigningKey();
  publish({ jwks: fresh.jwks });
  server.clock.advance(61 - 60);
  const signed = async () => asForm(await fresh.sign(claimsFor(server, client.id)));
  await isRefused(redeemWith(client, code, await signed()), "fetched a moment ago");
  server.clock.advance(59);
  const again = await aCode(server, client);
  assert.equal((await redeemWith(client, again, await signed())).status, 200);
});

test("a client that lists none beside private_key_jwt may come without an assertion, not with a wrong one", async () => {
  const lists = { token_endpoint_auth_methods_supported: ["none", "private_key_jwt"] };
  const { client, key } = await aSigningClient(lists);
  assert.equal((await redeemWith(client, await aCode(server, client), {})).status, 200);
  const signed = asForm(await key.sign(claimsFor(server, client.id)));
  assert.equal((await redeemWith(client, await aCode(server, client), signed)).status, 200);
  const forged = asForm(await (await aSigningKey()).sign(claimsFor(server, client.id)));
  await isRefused(redeemWith(client, await aCode(server, client), forged), "forged");
});

test("I-n7 a document that changes between the steps weakens nothing", async () => {
  const { client, publish, key } = await aSigningClient();
  const code = await aCode(server, client);
  publish({ token_endpoint_auth_method: "none", jwks: undefined });
  await isRefused(redeemWith(client, code, {}), "as it was when the person approved");
  server.clock.advance(3600);
  const weak = await aCode(server, client);
  await isRefused(
    redeemWith(client, code, asForm(await key.sign(claimsFor(server, client.id)))),
    "it has no keys any more",
  );
  assert.equal((await redeemWith(client, code, {})).body.error, "invalid_grant", "the old code ended");
  assert.equal((await redeemWith(client, weak, {})).status, 200);
  publish();
  server.clock.advance(3600);
  const strong = await aCode(server, client);
  await isRefused(redeemWith(client, strong, {}), "from now on it signs again");
});

test("a large key that an earlier version accepted verifies nothing, and neither do more keys than may be in a set", async () => {
  const large = await aSigningKey("large", "RS256", 4104);
  const small = await aSigningKey("small");
  const others = await Promise.all(Array.from({ length: 10 }, () => aSigningKey()));
  const registered = async (keys: readonly JWK[]) => {
    const id = `signer-${++count}`;
    await server.addClient({
      id,
      authMethod: "private_key_jwt",
      keys: { jwks: { keys: [...keys] } },
      redirectUris: [redirectUri],
      metadata: { name: "Signer" },
      dynamicallyRegistered: true,
    });
    return { id, redirectUri, ...pkce() };
  };
  for (const [key, keys, status] of [
    [small, [...large.jwks.keys, ...small.jwks.keys], 400],
    [large, [...large.jwks.keys, ...small.jwks.keys], 401],
    [small, [...others.flatMap(({ jwks }) => jwks.keys), ...small.jwks.keys], 401],
  ] as const) {
    const client = await registered(keys);
    const assertion = await key.sign(claimsFor(server, client.id));
    assert.equal((await redeemWith(client, "no-code", asForm(assertion))).status, status);
  }
});
