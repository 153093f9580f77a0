import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { SdkV2Client } from "../packages/gatehouse/test/real-clients/support/sdk-v2-client.ts";
import { freePort } from "../packages/gatehouse/test/support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../packages/gatehouse/test/support/gatehouse.ts";
import {
  aPublicClient,
  post,
  type TestClient,
  tokensFor,
} from "../packages/gatehouse/test/support/oauth-client.ts";
import { readPage } from "./page.ts";
import { approve, redirectUri } from "./person.ts";
import { install, runShell, start } from "./running-page.ts";

const pages = (process.env.INTEROP_PAGES ?? "").split(",").filter((name) => name !== "" && name !== "curl");
const scopes = { "notes:read": "Read your notes", "notes:list": "List your notes" };

let gatehouse: TestGatehouse;
let client: TestClient;
let elsewhere: string;

before(async () => {
  gatehouse = await startTestGatehouse();
  client = await aPublicClient(gatehouse);
  elsewhere = "https://elsewhere.example.com/mcp";
  await gatehouse.addResource(elsewhere, scopes);
});
after(() => gatehouse?.stop());

/**
 * A resource on a free port of this computer, and a token for it, made by a person's sign-in and approval.
 */
async function aResource() {
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  const credential = await gatehouse.addResource(url, scopes);
  const token = async (parameters: Record<string, string> = {}) =>
    (await tokensFor(gatehouse, client, { resource: url, scope: "notes:read", ...parameters })).access_token;
  const environment = { ISSUER: gatehouse.issuer, RESOURCE: url, CREDENTIAL: credential, PORT: String(port) };
  return { url, token, environment };
}

async function revoke(token: string): Promise<void> {
  const answer = await post(gatehouse, "/revoke", { client_id: client.id, token });
  assert.equal(answer.status, 200);
}

for (const name of pages) {
  test(`Y24 the server of docs/servers/${name}.md lets good tokens in, and no others`, async (t) => {
    const page = readPage(name);
    const folder = await install(page);
    const { url, token, environment } = await aResource();
    const server = await start(page, folder, environment, url);
    t.after(() => server.stop());

    await t.test("without a token it says where to get one", async () => {
      const answer = await call(url);
      assert.equal(answer.status, 401);
      const metadataUrl = challengeOf(answer).resource_metadata ?? "";
      const metadata = await fetch(metadataUrl);
      assert.equal(metadata.status, 200, metadataUrl);
      const said = (await metadata.json()) as Record<string, unknown>;
      assert.equal(said.resource, url);
      assert.deepEqual(said.authorization_servers, [gatehouse.issuer]);
      assert.deepEqual(said.scopes_supported, ["notes:read"]);
    });

    await t.test("the official client finds the sign-in, and a tool knows who calls", async () => {
      const sdk = new SdkV2Client(url, redirectUri, {
        token_endpoint_auth_method: "none",
      });
      t.after(() => sdk.close());
      await sdk.connect(approve);
      assert.match(
        await sdk.call("whoami"),
        /You are alice@example\.com \(user_[\w-]{43}\), through client /,
      );
    });

    await t.test("a token is accepted, also behind a proxy that keeps the Host", async () => {
      const good = await token();
      assert.equal((await call(url, good)).status, 200);
      assert.equal((await call(url, good, "notes.example.com")).status, 200);
    });

    await t.test("a revoked, an invented and another server's token are refused", async () => {
      const revoked = await token();
      assert.equal((await call(url, revoked)).status, 200);
      await revoke(revoked);
      const foreign = await token({ resource: elsewhere });
      for (const bad of [
        revoked,
        foreign,
        `${revoked.slice(0, -1)}x`,
        "gatehouse_at_",
        gatehouse.introspectionToken,
      ]) {
        const answer = await call(url, bad);
        assert.equal(answer.status, 401, bad);
        assert.ok(challengeOf(answer).resource_metadata);
      }
    });

    await t.test(
      "a token without the scope is refused with what a client needs to ask for more",
      async () => {
        const answer = await call(url, await token({ scope: "notes:list" }));
        assert.equal(answer.status, 403);
        assert.equal(challengeOf(answer).error, "insufficient_scope");
      },
    );

    await t.test("an expired token is refused", async () => {
      const expired = await token();
      assert.equal((await call(url, expired)).status, 200);
      gatehouse.clock.advance(3601);
      assert.equal((await call(url, expired)).status, 401);
    });
  });
}

test("the script of docs/servers/curl.md decides as a server must", {
  skip: !process.env.INTEROP_PAGES?.split(",").includes("curl"),
}, async () => {
  const page = readPage("curl");
  const folder = await install(page);
  const { token, environment } = await aResource();
  const decide = (about: string) => runShell(page.run, folder, { ...environment, TOKEN: about });
  const [good, expired] = [await token(), await token()];
  assert.match(await decide(good), /^200: alice@example\.com \(user_[\w-]{43}\), through client /);
  await revoke(good);
  assert.match(await decide(good), /^401/);
  assert.match(await decide(await token({ resource: elsewhere })), /^401/);
  assert.match(await decide(await token({ scope: "notes:list" })), /^403: needs notes:read/);
  gatehouse.clock.advance(3601);
  assert.match(await decide(expired), /^401/);
  const wrong = { ...environment, CREDENTIAL: "gatehouse_rs_wrong", TOKEN: good };
  await assert.rejects(runShell(page.run, folder, wrong), /503: introspection answered 401/);
});

interface Answer {
  readonly status: number;
  readonly challenge: string;
}

/** The first request of an MCP client. `fetch` would not send another `Host`. */
function call(url: string, token?: string, host?: string): Promise<Answer> {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "interop", version: "1" },
    },
  });
  return new Promise((resolve, reject) => {
    const headers = {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(host !== undefined && { Host: host }),
    };
    const sent = request(url, { method: "POST", headers }, (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, challenge: response.headers["www-authenticate"] ?? "" });
    });
    sent.on("error", reject).end(body);
  });
}

function challengeOf({ challenge }: Answer): Readonly<Record<string, string | undefined>> {
  assert.match(challenge, /^Bearer /);
  return Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
}
