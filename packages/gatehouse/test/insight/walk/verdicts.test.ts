import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startDemoServer } from "../../../src/demo/mcp-server.ts";
import { everyClient } from "../../../src/insight/doctor/walk/every-client.ts";
import { type ClientWalk, walk } from "../../../src/insight/doctor/walk/walk.ts";
import { fixtureOf } from "../../clients/fixture.ts";
import { addOperatorsClient, publishDocument } from "../../clients/known-before.ts";
import type { AuthorizationServer } from "../../clients/simulate.ts";
import { aFolder } from "../../config/config-file.ts";
import { aServerBehind } from "../../gateway/support/door.ts";
import type { SigningKey } from "../../support/assertions.ts";
import { freePort } from "../../support/free-port.ts";
import { StandingClock, startTestGatehouse } from "../../support/gatehouse.ts";
import { playFixture } from "./support/fixtures.ts";
import { startMcpServer } from "./support/mcp-server.ts";
import { startOidcProvider } from "./support/oidc-provider.ts";
import { signInAndReturn } from "./support/person.ts";
import type { Outcome } from "./support/real-clients.ts";
import { startSdkExample } from "./support/sdk-example.ts";
import { type Faults, startSmallServer } from "./support/small-server.ts";

/*
 * What the walk says of each known client, beside what becomes of that client when it is played to the end:
 * somebody signs in and approves, and the code is redeemed.
 */

interface Place {
  readonly server: AuthorizationServer;
  readonly mcpServer: string;
  /** The scopes that the authorization server lists. */
  readonly listed: readonly string[];
  readonly isOurs?: true;
  readonly keyOf?: (client: string) => SigningKey | undefined;
  /** Clients of which the walk says only that they come to the sign-in page, or nothing. */
  readonly notTold: RegExp;
}

const byDocument = "document|ChatGPT|from the operator";
/** Nobody signs in for what is superseded, of which these name no scope, or their resource twice. */
const doubtful = "without scope|two resources";

const places: Readonly<Record<string, (t: TestContext) => Promise<Place>>> = {
  "this server": ourselves,
  "this server's door": ourDoor,
  "oidc-provider": async (t) => {
    const { issuer } = await startOidcProvider(t);
    const person = { login: "alice", password: "anything" };
    return placeOf(t, { issuer, url: issuer, person }, ["openid", "offline_access", "mcp"]);
  },
  "the SDK's example": async (t) => {
    const { issuer } = await startSdkExample(t);
    return placeOf(t, { issuer, url: new URL(issuer).origin, namesIssuer: false }, ["mcp"]);
  },
  "a small server": (t) => aSmallServer(t, {}),
  "one that registers no loopback redirect URI": (t) =>
    aSmallServer(t, { refusesRedirect: /^http:\/\/(?:localhost|127\.0\.0\.1)/ }),
  "one that registers no loopback redirect URI without port": (t) =>
    aSmallServer(t, { refusesRedirect: /^http:\/\/[^/:]+\// }),
  "one that registers no scheme of an app's own": (t) => aSmallServer(t, { refusesRedirect: /^(?!https?:)/ }),
  "one that knows no scope": (t) => aSmallServer(t, { refusesScope: /mcp/ }),
  "one that asks nobody": (t) => aSmallServer(t, { asksNobody: true }),
  "one without registration": (t) =>
    aSmallServer(t, { metadata: () => ({ registration_endpoint: undefined }) }),
};

test("Z13 the walk says of every known client what becomes of it, at this server, at others, and at broken ones", {
  timeout: 120_000,
}, async (t) => {
  for (const [name, start] of Object.entries(places)) {
    await t.test(`at ${name}`, async (inner) => {
      const place = await start(inner);
      const { clients } = await walk(place.mcpServer, {
        signal: AbortSignal.timeout(30_000),
        isOurs: () => place.isOurs === true,
        ...(!place.isOurs && { login: { show: signInFor(place), timeout: 10_000 } }),
      });
      assert.equal(clients.length, everyClient.length);
      for (const record of everyClient) {
        const walked = clients.find(({ client }) => client === record.name);
        assert.ok(walked);
        const said = outcomeOf(walked);
        if (place.notTold.test(record.name) && said === "not told") continue;
        const done = await playFixture(place.server, record, place, place.keyOf?.(record.name));
        assert.equal(said, done, `${record.name}: ${walked.findings.at(-1)?.finding}`);
      }
    });
  }
});

const signInFor =
  ({ server: { person } }: Place) =>
  (link: string) =>
    void signInAndReturn(link, person);

const outcomeOf = ({ connects, findings }: ClientWalk): Outcome | "not told" => {
  if (connects === undefined) return "not told";
  return connects ? "connects" : (findings.find(({ result }) => result === "fail")?.id as Outcome);
};

/** This server, with the demo MCP server. */
async function ourselves(t: TestContext): Promise<Place> {
  const port = await freePort();
  const mcpServer = `http://localhost:${port}/mcp`;
  const place = await ours(t, mcpServer);
  const { issuer, addResource } = place.server;
  const credential = await addResource(mcpServer, { mcp: "Use your notes" });
  const demo = await startDemoServer({ issuer, resource: mcpServer, credential, port, host: "127.0.0.1" });
  t.after(() => demo.close());
  return place;
}

/** This server, as the door in front of one that knows nothing of OAuth. */
async function ourDoor(t: TestContext): Promise<Place> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const behind = await aServerBehind(t);
  const scopes = '[{ name: "mcp", sentence: Use your notes }]';
  const yaml = `servers:\n  - { name: notes, upstream: "${behind.url}", base_scope: mcp, scopes: ${scopes} }\n`;
  const folder = aFolder(t, { "gatehouse.yaml": yaml });
  const place = await ours(t, `${issuer}/mcp`, {
    BASE_URL: issuer,
    PORT: String(port),
    GATEHOUSE_CONFIG: join(folder, "gatehouse.yaml"),
  });
  return { ...place, server: { ...place.server, url: issuer } };
}

/** Gatehouse, with every client's document, and the client that an operator adds. */
async function ours(t: TestContext, mcpServer: string, environment: Record<string, string> = {}) {
  const folder = aFolder(t, {});
  const keys = new Map<string, SigningKey | undefined>();
  const fixtures = everyClient.map((record) => fixtureOf(record, { mcpServer }));
  for (const [index, fixture] of fixtures.entries()) {
    keys.set(fixture.name, await publishDocument(fixture, join(folder, `${index}.json`)));
  }
  const server = await startTestGatehouse({ ...environment, CIMD_DOCUMENTS: folder });
  t.after(() => server.stop());
  for (const fixture of fixtures) await addOperatorsClient(server, fixture);
  const keyOf = (client: string) => keys.get(client);
  const listed = ["offline_access"];
  return { server, mcpServer, listed, isOurs: true, keyOf, notTold: /from the operator/ } as const;
}

async function aSmallServer(t: TestContext, faults: Faults): Promise<Place> {
  const { issuer } = await startSmallServer(t, faults);
  return placeOf(t, { issuer, url: issuer, namesIssuer: false }, ["mcp"]);
}

async function placeOf(
  t: TestContext,
  server: Omit<AuthorizationServer, "clock">,
  listed: readonly string[],
): Promise<Place> {
  const mcpServer = await startMcpServer(t, () => ({ servers: [server.issuer] }));
  const notTold = new RegExp(`${byDocument}|${doubtful}`);
  return { server: { ...server, clock: new StandingClock() }, mcpServer, listed, notTold };
}
