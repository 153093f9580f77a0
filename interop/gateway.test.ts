import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectedClient, modes } from "../packages/gatehouse/test/gateway/support/connected-client.ts";
import { aDoor, type TestDoor } from "../packages/gatehouse/test/gateway/support/door.ts";
import { SdkV2Client } from "../packages/gatehouse/test/real-clients/support/sdk-v2-client.ts";
import { freePort } from "../packages/gatehouse/test/support/free-port.ts";
import { readRecipe } from "./page.ts";
import { approve, redirectUri } from "./person.ts";
import { install, start } from "./running-page.ts";

const recipes = (process.env.INTEROP_RECIPES ?? "").split(",").filter((name) => name !== "");
/** At which of its addresses the door asks a server: of Starlette's two the one that redirects. */
const paths: Readonly<Record<string, string>> = { python: "/mcp/", go: "/mcp" };
/** Longer than either server keeps an idle connection: uvicorn by itself, Go as the recipe says. */
const pauseMs = 6000;

const rules = `    scopes:
      - { name: "notes:read", default: true }
      - { name: "notes:write" }
    tools: { whoami: "notes:read", export: "notes:write" }
`;

for (const name of recipes) {
  test(`the server of docs/gateway.md in ${name} stands behind the door as it is`, async (t) => {
    const recipe = readRecipe(name);
    const folder = await install(recipe);
    const port = await freePort();
    const upstream = `http://127.0.0.1:${port}${paths[name]}`;
    const server = await start(recipe, folder, { PORT: String(port) }, upstream);
    t.after(() => server.stop());
    const door = await aDoor(t, upstream, rules);

    await t.test("without a token it says where to get one", async () => {
      const answer = await fetch(door.address, { method: "POST", body: "{}" });
      assert.equal(answer.status, 401);
      const challenge = challengeOf(answer);
      assert.equal(challenge.scope, "notes:read");
      const metadata = await fetch(challenge.resource_metadata ?? "");
      const { resource, authorization_servers: issuers } = (await metadata.json()) as Record<string, unknown>;
      assert.deepEqual([resource, issuers], [door.address, [door.server.issuer]]);
    });

    await t.test(
      "the official client signs in, is told who it is, and steps up for another tool",
      async () => {
        const sdk = new SdkV2Client(door.address, redirectUri, { token_endpoint_auth_method: "none" });
        t.after(() => sdk.close());
        await sdk.connect(approve);
        assert.match(await sdk.call("whoami"), /You are alice@example\.com \(user_[\w-]{43}\)/);
        await assert.rejects(sdk.call("export"), { name: "UnauthorizedError" });
        await sdk.stepUp(approve);
        assert.match(await sdk.call("export"), /all notes/);
        assert.match(await sdk.call("whoami"), /You are alice@example\.com/);
      },
    );

    await t.test("a token without the scope is refused with what the client has and needs", async () => {
      const { access_token: token } = await door.token({ scope: "notes:read" });
      const answer = await door.call({ token, body: callOf("export") });
      assert.equal(answer.status, 403);
      const { error, scope } = challengeOf(answer);
      assert.deepEqual([error, scope], ["insufficient_scope", "notes:read notes:write"]);
    });

    for (const mode of modes) {
      await t.test(`it is listed, and its progress comes as it is told (${mode})`, async () => {
        const client = await connected(t, door, mode);
        t.diagnostic(`${name}: ${client.getNegotiatedProtocolVersion()}`);
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map((tool) => tool.name).toSorted(), ["export", "whoami"]);
        const { content } = await client.callTool({ name: "whoami" });
        assert.match(JSON.stringify(content), /You are alice@example\.com \(user_[\w-]{43}\)/);
        const told: number[] = [];
        await client.callTool({ name: "export" }, { onprogress: ({ progress }) => told.push(progress) });
        assert.deepEqual(told, [1, 2, 3]);
      });
    }

    await t.test("no call is lost to connections that it closed meanwhile", async () => {
      const client = await connected(t, door, "legacy");
      const several = () => Promise.all(Array.from({ length: 5 }, () => client.callTool({ name: "whoami" })));
      await several();
      await delay(pauseMs);
      for (const { isError } of await several()) assert.notEqual(isError, true);
      assert.doesNotMatch(door.server.log.join(""), /"stage"/);
    });
  });
}

/** The official client with a token that allows all, which says itself to be somebody else. */
async function connected(t: TestContext, door: TestDoor, mode: (typeof modes)[number]) {
  const { access_token: token } = await door.token({ scope: "notes:read notes:write" });
  const forged = { "X-Gatehouse-Subject": "mallory", X_Gatehouse_Subject: "mallory" };
  return connectedClient(t, door.address, mode, token, forged);
}

const callOf = (name: string) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } });

function challengeOf({ headers }: Response): Readonly<Record<string, string | undefined>> {
  const challenge = headers.get("www-authenticate") ?? "";
  assert.match(challenge, /^Bearer /);
  return Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
}
