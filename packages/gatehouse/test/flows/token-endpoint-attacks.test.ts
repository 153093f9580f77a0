import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aCode,
  aPublicClient,
  codeForm,
  post,
  postBody,
  redeem,
  resource,
  type TestClient,
  withoutReference,
} from "../support/oauth-client.ts";

let server: TestGatehouse;
let client: TestClient;

before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
  client = await aPublicClient(server);
  await server.addClient({ id: "web", secret: "web-secret", redirectUris: ["https://app.example.com/*"] });
});
after(() => server?.stop());

test("E-n3 doubled and bracketed parameters are 400", async () => {
  const code = await aCode(server, client);
  assert.equal(
    (await redeem(server, client, code, { grant_type: ["authorization_code", "refresh_token"] })).status,
    400,
  );
  assert.equal((await redeem(server, client, code, { code: ["a", "b"] })).status, 400);
  for (const name of ["code[]", "code[x]"]) {
    assert.equal((await redeem(server, client, code, { code: undefined, [name]: "a" })).status, 400);
  }
});

test("E-n4 a JSON body that pollutes prototypes is a wrong body", async () => {
  const answer = await postBody(
    server,
    "/token",
    '{"__proto__":{"grant_type":"authorization_code","admin":true}}',
    "application/json",
  );
  assert.equal(answer.status, 400);
  assert.equal(({} as { admin?: boolean }).admin, undefined);
});

test("E-n5 odd Authorization headers are refused, never a fault of ours", async () => {
  const long = Buffer.alloc(16_000, "a").toString("base64");
  for (const authorization of [
    "Bearer x",
    `Basic ${long}`,
    `Basic ${Buffer.from("a\0b:c\0d").toString("base64")}`,
    `Basic ${Buffer.from([0xc3, 0x28, 0x3a, 0x61]).toString("base64")}`,
  ]) {
    const answer = await post(server, "/token", codeForm(client, "x"), { authorization });
    assert.ok([400, 401].includes(answer.status), `${authorization.slice(0, 20)} ${answer.status}`);
  }
  const huge = await post(server, "/token", codeForm(client, "x"), {
    authorization: `Basic ${"a".repeat(64 * 1024)}`,
  });
  assert.equal(huge.status, 431);
});

test("E-n6 an unknown client and a wrong secret look the same", async () => {
  const [unknown, wrong] = [{ client_id: "nobody" }, { client_id: "web" }];
  const answers = await Promise.all(
    [unknown, wrong].map((who) =>
      post(server, "/token", { ...who, grant_type: "authorization_code", client_secret: "x", code: "x" }),
    ),
  );
  const [first, second] = answers.map((answer) => [
    answer.status,
    withoutReference(answer),
    answer.headers.get("www-authenticate"),
  ]);
  assert.deepEqual(first, second);
});

test("E-n7 a client id that is the URL of an internal host makes us ask nobody", async (t) => {
  let connections = 0;
  const internal = createServer(() => connections++).on("connection", () => connections++);
  await new Promise<void>((resolve) => internal.listen(0, "127.0.0.1", resolve));
  t.after(() => internal.close());
  const { port } = internal.address() as AddressInfo;
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    "169.254.169.254",
  ]) {
    for (const scheme of ["https", "http"]) {
      const answer = await redeem(server, { ...client, id: `${scheme}://${host}/client.json` }, "x");
      assert.equal(answer.body.error, "invalid_client", host);
    }
  }
  assert.equal(connections, 0);
});
