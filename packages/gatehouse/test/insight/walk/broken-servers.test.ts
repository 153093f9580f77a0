import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { walk } from "../../../src/insight/doctor/walk/walk.ts";
import { startCallback } from "../../real-clients/support/callback.ts";
import { SdkV1Client } from "../../real-clients/support/sdk-v1-client.ts";
import { SdkV2Client } from "../../real-clients/support/sdk-v2-client.ts";
import { type Guard, startMcpServer } from "./support/mcp-server.ts";
import { signInAndReturn, signInAt } from "./support/person.ts";
import {
  type Outcome,
  type Playground,
  playMcpRemote,
  playSdkV1,
  playSdkV2,
} from "./support/real-clients.ts";
import { type Faults, startSmallServer } from "./support/small-server.ts";

/*
 * Servers that are broken in one place each, and one that is not: what the walk says of a client is what the
 * program itself does there, step by step.
 */

interface Broken {
  readonly what: string;
  readonly faults?: Faults;
  readonly guard?: (url: string, issuer: string) => Partial<Guard>;
}

const servers: readonly Broken[] = [
  { what: "a server with nothing wrong" },
  {
    what: "another issuer than was asked",
    faults: { metadata: (issuer) => ({ issuer: `${issuer}/tenant` }) },
  },
  {
    what: "a 401 without resource_metadata, and no metadata",
    guard: () => ({ names: false, publishes: false }),
  },
  { what: "a 401 without resource_metadata, but metadata", guard: () => ({ names: false }) },
  { what: "no S256", faults: { metadata: () => ({ code_challenge_methods_supported: ["plain"] }) } },
  { what: "no loopback redirect URI", faults: { refusesRedirect: /^http:\/\/(?:localhost|127\.0\.0\.1)/ } },
  { what: "no loopback redirect URI without port", faults: { refusesRedirect: /^http:\/\/[^/:]+\// } },
  { what: "metadata about another resource", guard: () => ({ resource: "https://elsewhere.example/mcp" }) },
  { what: "no 401 at all", guard: () => ({ open: true }) },
  { what: "403 in place of 401", guard: () => ({ status: 403 }) },
  {
    what: "metadata that are a web page",
    faults: {
      discovery(_request, response) {
        response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><h1>Welcome</h1>");
        return true;
      },
    },
  },
  {
    what: "metadata that redirect to another origin",
    faults: {
      discovery(request, response, issuer) {
        if (request.headers.host?.startsWith("localhost")) return false;
        const elsewhere = issuer.replace("127.0.0.1", "localhost");
        response.writeHead(302, { location: `${elsewhere}/.well-known/oauth-authorization-server` }).end();
        return true;
      },
    },
  },
  { what: "scopes it does not know", faults: { refusesScope: /mcp/ } },
  { what: "no registration", faults: { metadata: () => ({ registration_endpoint: undefined }) } },
  { what: "no answer type code", faults: { metadata: () => ({ response_types_supported: ["token"] }) } },
];

/** mcp-remote is a process each time, so it is run where something is told by it. */
const withRemote = [
  "a server with nothing wrong",
  "another issuer than was asked",
  "a 401 without resource_metadata, and no metadata",
  "no loopback redirect URI",
  "metadata about another resource",
  "403 in place of 401",
];

const sdks = [
  ["TypeScript SDK v1", playSdkV1],
  ["TypeScript SDK v2", playSdkV2],
] as const;

async function start(t: TestContext, { faults, guard }: Broken): Promise<Playground> {
  const server = await startSmallServer(t, faults);
  const mcp = await startMcpServer(
    t,
    (url) => ({ servers: [server.issuer], ...guard?.(url, server.issuer) }),
    server.asked,
  );
  return { mcp, asked: server.asked };
}

async function verdict(mcp: string, client: string): Promise<Outcome> {
  const { clients } = await walk(mcp, { signal: AbortSignal.timeout(30_000), clients: [client] });
  const walked = clients.find(({ client: name }) => name === client);
  assert.ok(walked);
  return walked.connects ? "connects" : (walked.findings.at(-1)?.id as Outcome);
}

for (const server of servers) {
  test(`with ${server.what}, real clients do what the walk says of them`, {
    timeout: 60_000,
  }, async (t) => {
    const playground = await start(t, server);
    const remote = [["mcp-remote", playMcpRemote] as const];
    for (const [client, play] of [...sdks, ...(withRemote.includes(server.what) ? remote : [])]) {
      const said = await verdict(playground.mcp, client);
      assert.equal(said, await play(t, playground), client);
    }
  });
}

for (const [what, faults] of [
  ["a server that forgives a lost answer", {}],
  ["a server on which a refresh token is good once", { forgives: 0 }],
  ["a server that gives no refresh token", { givesNoRefreshToken: true }],
] as const) {
  test(`with ${what}, the SDKs stay signed in or do not, as the walk says`, {
    timeout: 60_000,
  }, async (t) => {
    const server = await startSmallServer(t, faults);
    const expired = new Set<string>();
    const mcp = await startMcpServer(t, () => ({ servers: [server.issuer], expired }));
    const login = { show: (link: string) => void signInAndReturn(link), timeout: 10_000 };
    const { clients } = await walk(mcp, { signal: AbortSignal.timeout(30_000), clients: ["SDK v"], login });
    const callback = await startCallback();
    t.after(callback.close);
    for (const [name, client] of [
      ["TypeScript SDK v1", new SdkV1Client(mcp)],
      ["TypeScript SDK v2", new SdkV2Client(mcp, callback.url, { token_endpoint_auth_method: "none" })],
    ] as const) {
      const walked = clients.find((each) => each.client === name);
      const said = walked?.findings.at(-1)?.result === "ok";
      assert.equal(said, await survivesALostAnswer(t, client, expired), name);
    }
  });
}

/** The access token ends, the answer of the refresh gets lost, and the client tries again. */
async function survivesALostAnswer(
  t: TestContext,
  client: SdkV1Client | SdkV2Client,
  expired: Set<string>,
): Promise<boolean> {
  t.after(() => client.close());
  await client.connect((url) => signInAt(url.href));
  expired.add(client.memory.tokens()?.access_token ?? "");
  client.losesTokens = true;
  await assert.rejects(client.call("whoami"));
  client.losesTokens = false;
  return client.call("whoami").then(
    (text) => text.includes("somebody"),
    () => false,
  );
}
